#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "nest/core/parallel.h"
#include "nest/profile/machine.h"
#include "nest/profile/statistics.h"

namespace nest::profile {
namespace {

constexpr double kWideSpread = 0.1;
constexpr double kStolenShare = 0.01;
constexpr double kSwitchesARun = 0.5;

/// Seconds that a hypervisor gave to others, all cores together; 0 if the system does not tell.
double stolen_s() {
  std::ifstream stat("/proc/stat");
  std::string word;
  std::array<double, 8> ticks{};  // user nice system idle iowait irq softirq steal
  if (!(stat >> word)) return 0;
  for (double& tick : ticks) {
    if (!(stat >> tick)) return 0;
  }
  return ticks[7] / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

long switches_away() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

NoiseWatch::NoiseWatch()
    : load_(load_average()),
      stolen_s_(stolen_s()),
      began_s_(seconds_now()),
      switches_(switches_away()) {}

std::vector<std::string> NoiseWatch::reasons(const Quantiles& q) const {
  std::vector<std::string> reasons;
  const int cores = available_cores();
  const double load = std::max(load_, load_average());
  if (load > cores)
    reasons.push_back(fmt::format("{:.1f} processes wanted to run on {} cores", load, cores));
  const double stolen = (stolen_s() - stolen_s_) / std::max(1e-3, seconds_now() - began_s_);
  if (stolen > kStolenShare)
    reasons.push_back(fmt::format("the host took {:.0f} % of a core for others", 100 * stolen));
  const double switches = static_cast<double>(switches_away() - switches_) / q.runs;
  if (switches > kSwitchesARun)
    reasons.push_back(fmt::format("{:.1f} times a run another process got the core", switches));
  if (q.spread > kWideSpread)
    reasons.push_back(
        fmt::format("the middle half of the times spreads over {:.0f} %", 100 * q.spread));
  return reasons;
}

double machine_ms() {
  constexpr int kValues = 4096, kRounds = 60;
  std::array<float, kValues> values{};
  const auto begin = std::chrono::steady_clock::now();
  for (int round = 0; round < kRounds; ++round) {
    for (float& x : values) x = x * 0.999f + 0.5f;
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  volatile float kept = values[7];
  static_cast<void>(kept);
  return took.count();
}

}  // namespace nest::profile
