// An hour of 64 channels at 512 Hz (EDF, 236 MB): opening, one-second windows anywhere, and how
// much memory the process gains over 2,000 of them. Google Benchmark; the file is made when
// missing.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>

#include "nest/core/file.h"
#include "nest/core/rng.h"
#include "nest/io/edf.h"

namespace nest::io {
namespace {

constexpr int kChannels = 64;
constexpr int kRateHz = 512;
constexpr int kSeconds = 3600;

std::string field(std::string text, std::size_t width) {
  text.resize(width, ' ');
  return text;
}

std::filesystem::path hour_file() {
  const auto path = std::filesystem::temp_directory_path() / "nest_bench_hour_64x512.edf";
  if (std::filesystem::exists(path)) return path;
  write_file_atomic(path, [](std::ostream& out) {
    std::string head = field("0", 8) + field("X X X X", 80) + field("", 80) + "01.01.2000.00.00" +
                       field(std::to_string(256 * (kChannels + 1)), 8) + field("", 44) +
                       field(std::to_string(kSeconds), 8) + field("1", 8) +
                       field(std::to_string(kChannels), 4);
    const auto column = [&](const std::string& text, std::size_t width) {
      for (int c = 0; c < kChannels; ++c) head += field(text, width);
    };
    column("EEG", 16);
    column("", 80);
    column("uV", 8);
    column("-3276.8", 8);
    column("3276.7", 8);
    column("-32768", 8);
    column("32767", 8);
    column("", 80);
    column(std::to_string(kRateHz), 8);
    column("", 32);
    out << head;
    Rng rng(1);
    std::vector<std::int16_t> record(static_cast<std::size_t>(kChannels * kRateHz));
    for (auto& sample : record) sample = static_cast<std::int16_t>(rng.below(2000));
    for (int second = 0; second < kSeconds; ++second) {
      record[static_cast<std::size_t>(second) % record.size()] = static_cast<std::int16_t>(second);
      out.write(reinterpret_cast<const char*>(record.data()),
                static_cast<std::streamsize>(record.size() * sizeof(std::int16_t)));
    }
  });
  return path;
}

double resident_mb() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

void open_hour(benchmark::State& state) {
  const auto path = hour_file();
  for (auto _ : state) benchmark::DoNotOptimize(open_recording(path));
}
BENCHMARK(open_hour)->Unit(benchmark::kMillisecond);

void read_one_second_window(benchmark::State& state) {
  const auto recording = open_recording(hour_file());
  Rng rng(2);
  const auto last = static_cast<std::uint64_t>(recording->info().num_samples - kRateHz);
  for (auto _ : state) {
    const auto first = static_cast<std::int64_t>(rng.below(last));
    benchmark::DoNotOptimize(recording->read({}, first, kRateHz));
  }
}
BENCHMARK(read_one_second_window)->Unit(benchmark::kMillisecond);

void memory_over_2000_windows(benchmark::State& state) {
  const auto recording = open_recording(hour_file());
  Rng rng(3);
  const auto last = static_cast<std::uint64_t>(recording->info().num_samples - kRateHz);
  recording->read({}, 0, kRateHz);
  const double before = resident_mb();
  for (auto _ : state) {
    for (int k = 0; k < 2000; ++k) {
      recording->read({}, static_cast<std::int64_t>(rng.below(last)), kRateHz);
    }
  }
  state.counters["gained_MB"] = resident_mb() - before;
  state.counters["resident_MB"] = resident_mb();
}
BENCHMARK(memory_over_2000_windows)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace nest::io

BENCHMARK_MAIN();
