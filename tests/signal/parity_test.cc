// The vectors of ../shared/parity/online_filter (SciPy's values).
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/io/npy.h"
#include "nest/signal/design.h"
#include "nest/signal/filter.h"
#include "nest/signal/preprocess.h"
#include "signals.h"
#include "tests/support/paths.h"

namespace nest::signal {
namespace {

using test::mutable_view_of;
using test::view_of;

const std::filesystem::path kFolder = test::shared_dir() / "parity/online_filter";

class OnlineFilterParity : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) {
      GTEST_SKIP() << kFolder << " is not there: set NEST_SHARED_DIR to run this test";
    }
  }

  static Tensor load(const char* name) { return io::read_npy(kFolder / name).to(DType::kF64); }

  static OnlinePreprocessorOptions options(bool with_notch, const char* start) {
    OnlinePreprocessorOptions options;
    options.channels = 8;
    options.rate_hz = 500;
    options.bandpass_hz = {0.5, 40.0};
    if (with_notch) options.notch_hz = {50.0};
    options.start = from_name<Start>(start);
    return options;
  }

  static Tensor filtered(const OnlinePreprocessorOptions& options) {
    const Tensor input = load("input.npy");
    Tensor output(DType::kF64, input.shape());
    OnlinePreprocessor preprocessor(options);
    for (std::int64_t start = 0; start < input.dim(1); start += 100) {
      preprocessor.process(view_of<double>(input).slice(start, 100),
                           mutable_view_of<double>(output).slice(start, 100));
    }
    return output;
  }

  static void expect_near(const Tensor& value, const Tensor& expected, double tolerance) {
    ASSERT_EQ(value.shape(), expected.shape());
    for (std::size_t i = 0; i < value.data<double>().size(); ++i) {
      ASSERT_NEAR(value.data<double>()[i], expected.data<double>()[i], tolerance)
          << "element " << i;
    }
  }
};

TEST_F(OnlineFilterParity, coefficients_and_steady_state_agree) {
  const Sos sos = design_cascade(options(true, "rest"));
  const Tensor rows = load("sos_bandpass.npy");
  for (std::size_t s = 0; s < 4; ++s) {
    const double mine[] = {sos[s].b0, sos[s].b1, sos[s].b2, 1, sos[s].a1, sos[s].a2};
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(mine[i], rows.data<double>()[s * 6 + i], 1e-12);
  }
  const Tensor notch = load("notch_ba.npy");
  const double mine[] = {sos[4].b0, sos[4].b1, sos[4].b2, 1, sos[4].a1, sos[4].a2};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(mine[i], notch.data<double>()[i], 1e-12);
  const std::vector<SosState> steady = sos_steady_state({sos.begin(), sos.begin() + 4});
  const Tensor zi = load("sosfilt_zi_bandpass.npy");
  for (std::size_t s = 0; s < 4; ++s) {
    EXPECT_NEAR(steady[s][0], zi.data<double>()[2 * s], 1e-10);
    EXPECT_NEAR(steady[s][1], zi.data<double>()[2 * s + 1], 1e-10);
  }
}

TEST_F(OnlineFilterParity, magnitude_response_agrees) {
  const Json meta = load_json(kFolder / "meta.json");
  const Sos sos = design_cascade(options(true, "rest"));
  for (const Json& row : meta.at("frequency_response")) {
    const double hz = row.at("hz");
    const auto band = frequency_response({sos.begin(), sos.begin() + 4}, {hz}, 500)[0];
    const auto notch = frequency_response({sos[4]}, {hz}, 500)[0];
    EXPECT_NEAR(std::abs(band), row.at("bandpass").get<double>(), 1e-9) << hz;
    EXPECT_NEAR(std::abs(notch), row.at("notch").get<double>(), 1e-9) << hz;
  }
}

TEST_F(OnlineFilterParity, outputs_from_rest_and_from_the_steady_state_agree) {
  expect_near(filtered(options(false, "rest")), load("bandpass.npy"), 1e-9);
  expect_near(filtered(options(true, "rest")), load("bandpass_notch.npy"), 1e-9);
  expect_near(filtered(options(false, "steady")), load("bandpass_steady_start.npy"), 1e-9);
  expect_near(filtered(options(true, "steady")), load("bandpass_notch_steady_start.npy"), 1e-9);
}

TEST_F(OnlineFilterParity, final_states_agree) {
  const Tensor input = load("input.npy");
  SosFilter filter(design_cascade(options(true, "rest")), 8);
  Tensor output(DType::kF64, input.shape());
  filter.process(view_of<double>(input), mutable_view_of<double>(output));
  const Tensor state = filter.state();
  const Tensor band = load("bandpass_final_state.npy");
  const Tensor notch = load("notch_final_state.npy");
  ASSERT_EQ(band.numel() + notch.numel(), state.numel());
  const auto band_size = static_cast<std::size_t>(band.numel());
  for (std::size_t i = 0; i < state.data<double>().size(); ++i) {
    const double expected =
        i < band_size ? band.data<double>()[i] : notch.data<double>()[i - band_size];
    EXPECT_NEAR(state.data<double>()[i], expected, 1e-9) << i;
  }
}

}  // namespace
}  // namespace nest::signal
