#include <algorithm>
#include <numeric>

#include "nest/core/tensor.h"
#include "runtime/live_memory.h"
#include "runtime/round_up.h"

namespace nest::runtime {
namespace {

/// What a slot takes in the arena.
std::int64_t extent(const Program& program, std::size_t slot) {
  return round_up(program.sizes[slot], kAlignment);
}

struct Life {
  int first = -1;
  int last = -1;
};

std::vector<Life> lifetimes(const Program& program) {
  std::vector<Life> lives(program.sizes.size());
  const int steps = static_cast<int>(program.steps.size());
  for (int s = 0; s < steps; ++s) {
    const Step& step = *program.steps[static_cast<std::size_t>(s)];
    for (const auto* slots : {&step.reads, &step.writes}) {
      for (const Slot slot : *slots) {
        if (slot == kNoSlot) continue;
        Life& life = lives[static_cast<std::size_t>(slot)];
        if (life.first < 0) life.first = s;
        life.last = s;
      }
    }
  }
  for (std::size_t i = 0; i < lives.size(); ++i) {
    if (program.pinned[i]) lives[i] = {0, steps};
  }
  return lives;
}

}  // namespace

Slot Program::add_slot(std::int64_t bytes, bool is_pinned) {
  sizes.push_back(bytes);
  pinned.push_back(is_pinned);
  return static_cast<Slot>(sizes.size() - 1);
}

void mark_constant(Program& program, const std::set<std::string>& inputs) {
  std::vector<bool> constant(program.sizes.size(), false);
  for (const ProgramPort& port : program.inputs) {
    if (port.is_present && inputs.contains(port.name))
      constant[static_cast<std::size_t>(port.slot)] = true;
  }
  program.is_constant.assign(program.steps.size(), false);
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = *program.steps[s];
    bool any = false, all = true;
    for (const Slot slot : step.reads) {
      if (slot == kNoSlot) continue;
      any = true;
      all = all && constant[static_cast<std::size_t>(slot)];
    }
    program.is_constant[s] = any && all;
    for (const Slot slot : step.writes) {
      if (slot == kNoSlot) continue;
      // A slot that a changing step also writes (one part of a concatenation) is not constant.
      constant[static_cast<std::size_t>(slot)] = any && all;
      if (any && all) program.pinned[static_cast<std::size_t>(slot)] = true;
    }
  }
}

void plan_memory(Program& program) {
  const std::vector<Life> lives = lifetimes(program);
  std::vector<std::size_t> order(lives.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return extent(program, a) > extent(program, b);
  });
  program.offsets.assign(lives.size(), 0);
  program.arena_bytes = 0;
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t slot : order) {
    if (lives[slot].first < 0) continue;
    std::int64_t at = 0;
    for (const std::size_t other : placed) {
      if (lives[other].last < lives[slot].first || lives[slot].last < lives[other].first) continue;
      if (program.offsets[other] - at >= extent(program, slot)) break;
      at = std::max(at, program.offsets[other] + extent(program, other));
    }
    program.offsets[slot] = at;
    program.arena_bytes = std::max(program.arena_bytes, at + extent(program, slot));
    const auto place =
        std::upper_bound(placed.begin(), placed.end(), at,
                         [&](std::int64_t x, std::size_t i) { return x < program.offsets[i]; });
    placed.insert(place, slot);
  }
}

std::vector<std::int64_t> live_bytes(const Program& program) {
  const std::vector<Life> lives = lifetimes(program);
  std::vector<std::int64_t> live(program.steps.size(), 0);
  for (int s = 0; s < static_cast<int>(live.size()); ++s) {
    for (std::size_t i = 0; i < lives.size(); ++i) {
      if (lives[i].first >= 0 && lives[i].first <= s && s <= lives[i].last)
        live[static_cast<std::size_t>(s)] += extent(program, i);
    }
  }
  return live;
}

std::int64_t least_memory(const Program& program) {
  const std::vector<std::int64_t> live = live_bytes(program);
  return live.empty() ? 0 : *std::ranges::max_element(live);
}

}  // namespace nest::runtime
