// What a dataset loads is what a stream preprocesses, bit for bit.
#include <cstring>

#include <gtest/gtest.h>

#include "nest/data/dataset.h"
#include "nest/io/npy.h"
#include "nest/signal/design.h"
#include "nest/stream/source.h"
#include "tests/contract/no_clock.h"
#include "tests/contract/signals.h"
#include "tests/support/temp_dir.h"

namespace nest {
namespace {

constexpr double kSourceRateHz = 128;
constexpr std::int64_t kLawSamples = 128 * 10;
const std::vector<std::string> kSourceChannels = {"EEG Pz-REF", "STATUS", "CZ",
                                                  "M1",         "EEG Oz", "Fz"};

struct Case {
  std::vector<double> bandpass_hz;
  double notch_hz;
  std::string ref_electrode;
  graph::Normalization normalization;
  bool resample;
  std::string unit;
};

graph::SignalContract contract_of(const Case& option) {
  graph::SignalContract contract;
  contract.rate_hz = option.resample ? 100 : kSourceRateHz;
  contract.channels = {"Fz", "Cz", "Pz", "Oz"};
  contract.num_channels = 4;
  contract.unit = option.unit;
  contract.bandpass_hz = option.bandpass_hz;
  contract.notch_hz = option.notch_hz;
  contract.ref_electrode = option.ref_electrode;
  contract.normalization = option.normalization;
  contract.running_s = 3;
  contract.mean = {1e-6, 0, 2e-6, -3e-6};
  contract.stddev = {1e-5, 2e-5, 0, 1.5e-5};
  return contract;
}

std::vector<Case> every_case() {
  using enum graph::Normalization;
  std::vector<Case> cases;
  for (const std::vector<double>& band : {std::vector<double>{}, {1, 30}}) {
    for (const double notch : {0.0, 40.0}) {
      for (const char* ref : {"", "average", "CZ", "M1"}) {
        for (const auto normalization : {kNone, kFixed, kRunning}) {
          for (const bool resample : {false, true}) {
            for (const char* unit : {"V", "uV"}) {
              cases.push_back({band, notch, ref, normalization, resample, unit});
            }
          }
        }
      }
    }
  }
  return cases;
}

/// Everything a source delivers, through the processor, in deliveries of random size.
Tensor streamed(stream::Source& source, const graph::SignalContract& contract, Rng& rng) {
  contract::ContractProcessor processor(
      contract, contract::match(source.info(), contract, {.resample = true}));
  const std::int64_t rows = source.info().num_channels();
  const std::int64_t room = processor.max_output(kLawSamples) + processor.max_finish();
  std::vector<double> raw(static_cast<std::size_t>(rows * kLawSamples));
  Tensor result(DType::kF32, {processor.channels(), room});
  const signal::SignalView<float> out(result.mutable_data<float>().data(), result.dim(0), room);
  std::int64_t made = 0;
  for (;;) {
    const auto wanted = 1 + static_cast<std::int64_t>(rng.below(300));
    const auto chunk = source.read({raw.data(), rows, wanted, kLawSamples});
    if (chunk.samples == 0) break;
    made += processor.process(
        signal::SignalView<const double>(raw.data(), rows, chunk.samples, kLawSamples),
        out.slice(made, room - made));
  }
  made += processor.finish(out.slice(made, room - made));
  Tensor exact(DType::kF32, {processor.channels(), made});
  for (std::int64_t c = 0; c < exact.dim(0); ++c) {
    std::copy_n(out.row(c), made, exact.mutable_data<float>().data() + c * made);
  }
  return exact;
}

/// True if `part` is columns [first, first + part.dim(1)) of `whole`, to the last bit.
bool is_part(const Tensor& part, const Tensor& whole, std::int64_t first) {
  if (part.dim(0) != whole.dim(0) || first + part.dim(1) > whole.dim(1)) return false;
  for (std::int64_t c = 0; c < part.dim(0); ++c) {
    if (std::memcmp(part.data<float>().data() + c * part.dim(1),
                    whole.data<float>().data() + c * whole.dim(1) + first,
                    static_cast<std::size_t>(part.dim(1)) * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

data::Utterance utterance(const std::string& file, std::int64_t first, std::int64_t count) {
  data::Utterance u;
  u.id = fmt::format("{}_{}", first, count);
  u.signal = file;
  u.ranges = {{first, count}};
  return u;
}

TEST(ContractLaw, a_loaded_signal_is_the_streamed_one_bit_for_bit_for_every_contract) {
  const test::TempDir folder;
  const auto path = test::write_recording(folder / "r.edf", kSourceRateHz, kSourceChannels,
                                          test::eeg_volts(6, kLawSamples));
  contract::NoClock clock;
  Rng rng(11);
  for (const Case& option : every_case()) {
    SCOPED_TRACE(fmt::format("band {}, notch {}, reference '{}', {}, resample {}, unit {}",
                             option.bandpass_hz.size(), option.notch_hz, option.ref_electrode,
                             name_of(option.normalization), option.resample, option.unit));
    data::DatasetInfo info;
    info.signal = contract_of(option);
    info.resample = option.resample;
    const std::vector<std::int64_t> firsts = {0, 300, 301, 777};
    std::vector<data::Utterance> utterances;
    for (const std::int64_t first : firsts) utterances.push_back(utterance("r.edf", first, 200));
    utterances.push_back(utterance("r.edf", 901, -1));
    const data::Dataset dataset(folder.path(), info, utterances);
    const auto source = stream::open_source({.source = "file:" + path.string()}, clock);
    const Tensor whole = streamed(*source, info.signal, rng);
    for (std::size_t i = 0; i < utterances.size(); ++i) {
      const std::int64_t first = utterances[i].ranges.front().first_sample;
      const std::int64_t column = option.resample ? (first * 25 + 31) / 32 : first;
      const Tensor loaded = dataset.load_signal(i);
      EXPECT_EQ(loaded.dim(1), dataset.num_samples(i));
      EXPECT_TRUE(is_part(loaded, whole, column)) << "from sample " << first;
    }
    EXPECT_EQ(dataset.load_signal(4).dim(1), whole.dim(1) - (option.resample ? 704 : 901));
  }
}

TEST(ContractLaw, a_segment_after_a_gap_is_a_stream_of_its_own) {
  const test::TempDir folder;
  const Tensor flat = test::eeg_volts(4, 3 * 500).to(DType::kF32);
  Tensor trials(DType::kF32, {3, 4, 500});  // three trials with gaps between them
  for (std::int64_t k = 0; k < 3; ++k) {
    for (std::int64_t c = 0; c < 4; ++c) {
      std::copy_n(flat.data<float>().data() + c * 1500 + k * 500, 500,
                  trials.mutable_data<float>().data() + (k * 4 + c) * 500);
    }
  }
  io::write_npy(folder / "t.npy", trials);
  data::DatasetInfo info;
  info.signal = contract_of({{1, 30}, 40, "average", graph::Normalization::kFixed, true, "V"});
  info.file_rate_hz = kSourceRateHz;
  info.resample = true;
  const data::Dataset dataset(folder.path(), info, {utterance("t.npy", 500 + 33, 400)});
  contract::SourceInfo source{.name = "trials", .rate_hz = kSourceRateHz};
  source.channels = contract::unnamed_channels(4, "V");
  contract::ContractProcessor processor(info.signal,
                                        contract::match(source, info.signal, {.resample = true}));
  Tensor second(DType::kF32, {4, 500});
  std::copy_n(trials.data<float>().data() + 4 * 500, 4 * 500, second.mutable_data<float>().data());
  const Tensor whole = contract::process_all(processor, second);
  EXPECT_TRUE(is_part(dataset.load_signal(0), whole, (33 * 25 + 31) / 32));
}

/// Largest difference between the loaded range, run in over ten seconds, and the stream from the
/// start; the bound of it; the rounding to float32 of the two.
struct RunIn {
  double difference = 0;
  double bound = 0;
  double rounding = 0;
};

RunIn run_in(double low_hz) {
  constexpr std::int64_t kFirst = 128 * 25;
  constexpr std::int64_t kLead = 128 * 10;
  constexpr std::int64_t kLength = 128 * 30;
  const test::TempDir folder;
  const auto path =
      test::write_recording(folder / "r.edf", kSourceRateHz, {"Fz"}, test::eeg_volts(1, kLength));
  data::DatasetInfo info;
  info.signal.rate_hz = kSourceRateHz;
  info.signal.channels = {"Fz"};
  info.signal.num_channels = 1;
  info.signal.bandpass_hz = {low_hz, 30};
  info.signal.notch_hz = 50;
  const data::Dataset dataset(folder.path(), info, {utterance("r.edf", kFirst, 256)});
  const Tensor loaded = dataset.load_signal(0);
  const auto recording = io::open_recording(path);
  const Tensor raw = recording->read_all(DType::kF64);
  contract::ContractProcessor processor(
      info.signal, contract::match(contract::source_of(recording->info(), "r"), info.signal));
  const Tensor whole = contract::process_all(processor, raw);
  RunIn result;
  for (std::int64_t t = 0; t < 256; ++t) {
    const auto a = static_cast<double>(loaded.data<float>()[static_cast<std::size_t>(t)]);
    const auto b = static_cast<double>(whole.data<float>()[static_cast<std::size_t>(kFirst + t)]);
    result.difference = std::max(result.difference, std::abs(a - b));
    result.rounding = std::max(result.rounding, std::abs(a) * 0x1p-23);
  }
  signal::Sos sos = signal::design_butterworth(4, signal::BandKind::kBandpass, {low_hz, 30}, 128);
  sos.push_back(signal::design_notch(50, info.signal.notch_q, 128));
  double distance = 0;
  const double start = raw.data<double>()[kFirst - kLead];
  for (const double x : raw.data<double>().first(kFirst - kLead)) {
    distance = std::max(distance, std::abs(x - start));
  }
  result.bound = signal::decay_bound(sos, kLead) * distance;
  return result;
}

TEST(ContractLaw, a_bounded_run_in_departs_from_the_stream_by_what_the_filters_remember_at_most) {
  const RunIn slow = run_in(0.1);
  EXPECT_GT(slow.difference, 10 * slow.rounding);  // the filter still remembers
  EXPECT_LE(slow.difference, slow.bound + slow.rounding);
  const RunIn usual = run_in(1);
  EXPECT_LT(usual.bound, usual.rounding);
  EXPECT_LE(usual.difference, usual.bound + usual.rounding);
}

}  // namespace
}  // namespace nest
