#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/bytes.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "nest/io/npy_recording.h"
#include "nest/io/zip.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Tensor ramp(const Shape& shape) {
  Tensor tensor(DType::kI16, shape);
  std::int16_t next = 0;
  for (auto& value : tensor.mutable_data<std::int16_t>()) value = next++;
  return tensor;
}

Tensor rate_array() {
  Tensor rate(DType::kF64, {});
  rate.mutable_data<double>()[0] = 250;
  return rate;
}

std::string image_of(const Tensor& tensor) {
  std::ostringstream out;
  write_npy(out, tensor);
  return out.str();
}

// What numpy.savez stores for an array of texts.
std::string text_array() {
  std::string header = "{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }";
  header += '\n';
  const auto size = static_cast<char>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + size + '\0' + header + std::string(8, '\0');
}

class Npz : public testing::TestWithParam<bool> {
 protected:
  // Deflated, as numpy.savez_compressed writes it, or stored.
  void write(const std::vector<std::pair<std::string, std::string>>& members) {
    write_file_atomic(path_, [&](std::ostream& out) {
      ZipWriter zip(out);
      for (const auto& [name, content] : members) {
        if (GetParam()) {
          zip.add_deflated(name + ".npy", as_bytes(content));
        } else {
          zip.add_stored(name + ".npy", as_bytes(content));
        }
      }
      zip.finish();
    });
  }
  const test::TempDir dir_;
  const std::filesystem::path path_ = dir_ / "a.npz";
};

TEST_P(Npz, the_largest_array_is_the_recording_and_a_member_states_the_rate) {
  write({{"small", image_of(ramp({2, 3}))},
         {"eeg", image_of(ramp({3, 50}))},
         {"labels", text_array()},
         {"fs", image_of(rate_array())}});
  const auto recording = open_recording(path_);
  const RecordingInfo& info = recording->info();
  EXPECT_EQ(info.format, "NPZ");
  EXPECT_EQ(info.stream, "eeg");
  EXPECT_EQ(info.rate_hz, 250);
  EXPECT_EQ(info.num_samples, 50);
  ASSERT_EQ(info.other_streams.size(), 1u);
  EXPECT_EQ(info.other_streams[0].name, "small");
  const std::vector<int> pick = {2};
  EXPECT_EQ(recording->read(pick, 7, 1, DType::kF64).data<double>()[0], 107);
  EXPECT_EQ(open_recording(path_, {.rate_hz = 100})->info().rate_hz, 100);
}

TEST_P(Npz, an_array_is_chosen_by_name_and_trials_are_segments) {
  write({{"x", image_of(ramp({4, 50}))}, {"trials", image_of(ramp({2, 3, 5}))}});
  const auto recording = open_recording(path_, {.stream = "trials"});
  ASSERT_EQ(recording->info().segments.size(), 2u);
  EXPECT_EQ(recording->info().num_samples, 10);
  const std::vector<int> pick = {1};
  EXPECT_EQ(recording->read(pick, 6, 1, DType::kF64).data<double>()[0], 15 + 5 + 1);
}

TEST_P(Npz, errors_name_what_is_there) {
  write({{"x", image_of(ramp({4}))}, {"names", text_array()}});
  EXPECT_THAT([&] { open_recording(path_); },
              ThrowsMessage<Error>(HasSubstr("the archive has: x [4], names (not numeric)")));
  EXPECT_THAT([&] { open_recording(path_, {.stream = "y"}); },
              ThrowsMessage<Error>(HasSubstr("no array 'y'")));
  EXPECT_THAT([&] { open_recording(path_, {.stream = "x"}); },
              ThrowsMessage<Error>(HasSubstr("[channels, samples]")));
}

TEST_P(Npz, every_cut_and_flipped_byte_gives_a_data_error_or_a_part) {
  write({{"x", image_of(ramp({4, 9}))}, {"fs", image_of(rate_array())}});
  const std::string whole = read_text_file(path_);
  const auto check = [&](const std::string& bytes, std::size_t at) {
    test::write_carelessly(path_, bytes);
    try {
      open_recording(path_)->read_all();
    } catch (const Error& error) {
      EXPECT_EQ(exit_code(error.code()), 3) << at << ": " << error.what();
    }
  };
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    check(whole.substr(0, at), at);
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x41);
    check(flipped, at);
  }
}

INSTANTIATE_TEST_SUITE_P(Storage, Npz, testing::Bool(),
                         [](const auto& info) { return info.param ? "deflated" : "stored"; });

}  // namespace
}  // namespace nest::io
