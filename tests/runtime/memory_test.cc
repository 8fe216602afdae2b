// What the plan says about memory, against what a run touches.
#include <cstring>

#include "families.h"
#include "kernels_test_util.h"
#include "runtime/arena_guard.h"
#include "runtime/machine_impl.h"
#include "runtime/prepared_impl.h"

namespace nest::runtime {
namespace {

std::shared_ptr<const Program> plan(const PreparedModel& prepared, std::string_view graph,
                                    const graph::Bindings& bindings,
                                    const std::set<std::string>& absent) {
  return prepared.impl().plan({graph, bindings, absent});
}

class FamilyMemory : public testing::TestWithParam<Family> {};
NEST_EVERY_FAMILY(FamilyMemory);

TEST_P(FamilyMemory, the_plan_is_close_to_the_least_memory) {
  const auto prepared = prepare(GetParam(), "int8");
  const auto program = plan(*prepared, "encoder", {{"B", 1}, {"T", 400}}, {"lengths"});
  EXPECT_GE(program->arena_bytes, least_memory(*program));
  EXPECT_LE(static_cast<double>(program->arena_bytes),
            1.15 * static_cast<double>(least_memory(*program)));
  for (const auto& step : program->steps) {
    for (const Slot slot : step->writes) {
      if (slot == kNoSlot) continue;
      const auto i = static_cast<std::size_t>(slot);
      EXPECT_LE(program->offsets[i] + program->sizes[i], program->arena_bytes);
    }
  }
}

/// Bytes from the start of the arena to the last one that a run writes: the measured peak.
std::int64_t written_bytes(const Program& program, int pattern) {
  constexpr std::int64_t kGuard = 4096;
  std::vector<std::byte> memory(static_cast<std::size_t>(program.arena_bytes + kGuard) +
                                kAlignment);
  void* start = memory.data();
  std::size_t space = memory.size();
  auto* arena = static_cast<std::byte*>(
      std::align(kAlignment, static_cast<std::size_t>(program.arena_bytes), start, space));
  const auto background = static_cast<std::byte>(pattern);
  std::memset(arena, pattern, static_cast<std::size_t>(program.arena_bytes + kGuard));
  const Machine machine;
  const Frame frame{arena, program.offsets.data(), machine.impl().kernels, &machine.impl().pool};
  for (const ProgramPort& port : program.inputs) {
    if (!port.is_present) continue;
    const auto count = static_cast<std::size_t>(numel(port.shape));
    if (port.dtype == DType::kF32) {
      const auto x = random_floats(count, 9);
      std::copy(x.begin(), x.end(), frame.at<float>(port.slot));
    } else {
      std::memset(frame.at<std::byte>(port.slot), 1, count * size_of(port.dtype));
    }
  }
  for (const auto& step : program.steps) step->run(frame);
  std::int64_t last = program.arena_bytes + kGuard;
  while (last > 0 && arena[last - 1] == background) --last;
  return last;
}

TEST_P(FamilyMemory, planned_peak_equals_measured_peak) {
  for (const char* precision : kPrecisions) {
    const auto prepared = prepare(GetParam(), precision);
    for (const auto& [name, graph] : prepared->model().graphs) {
      std::set<std::string> absent;
      for (const graph::Port& port : graph.inputs) {
        if (port.is_optional) absent.insert(port.name);
      }
      for (const graph::Port& port : graph.outputs) absent.erase(port.feeds);
      const auto program = plan(*prepared, name, kLengths, absent);
      // A byte that happens to be written with the background's value is written otherwise on
      // another background.
      const std::int64_t measured =
          std::max(written_bytes(*program, 0xA5), written_bytes(*program, 0x3C));
      EXPECT_LE(measured, program->arena_bytes) << name << " " << precision << ": wrote outside";
      const auto slack = std::max<std::int64_t>(program->arena_bytes / 100, kAlignment);
      EXPECT_GE(measured, program->arena_bytes - slack) << name << " " << precision;
    }
  }
}

/// Declares the first of its slots only, and reads one more float than the first has, or the
/// second.
struct CarelessStep : Step {
  explicit CarelessStep(int offset) : offset_(offset) { reads = {0}; }
  void run(const Frame& frame) const noexcept override { seen = frame.at<float>(0)[offset_]; }
  int offset_;
  mutable volatile float seen = 0;
};

TEST(ArenaGuard, a_step_that_reads_what_it_does_not_declare_is_stopped) {
#ifndef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "needs the address sanitizer: tools/sanitize.sh asan";
#endif
  for (const int offset : {2, 3, 16, 17}) {
    Program program;
    program.add_slot(3 * sizeof(float));
    program.add_slot(3 * sizeof(float));
    program.offsets = {0, kAlignment};
    program.arena_bytes = 2 * kAlignment;
    program.steps.push_back(std::make_unique<CarelessStep>(offset));
    alignas(kAlignment) std::byte arena[2 * kAlignment] = {};
    const Frame frame{arena, program.offsets.data(), nullptr, nullptr};
    if (offset < 3) {
      run_step(program, 0, frame);
    } else {
      EXPECT_DEATH(run_step(program, 0, frame), "use-after-poison") << offset;
    }
  }
}

}  // namespace
}  // namespace nest::runtime
