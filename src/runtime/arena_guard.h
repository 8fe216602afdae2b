#pragma once

#include <cstddef>

#include "runtime/program.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace nest::runtime {

/// Runs step `index`. Under the address sanitizer every byte of the arena is out of bounds for it
/// that it does not declare in its `reads` and `writes`, on which the memory plan rests.
inline void run_step(const Program& program, std::size_t index, const Frame& frame) noexcept {
  const Step& step = *program.steps[index];
#ifdef __SANITIZE_ADDRESS__
  const auto bytes = static_cast<std::size_t>(program.arena_bytes);
  __asan_poison_memory_region(frame.arena, bytes);
  for (const auto* slots : {&step.reads, &step.writes}) {
    for (const Slot slot : *slots) {
      if (slot == kNoSlot) continue;
      const auto i = static_cast<std::size_t>(slot);
      __asan_unpoison_memory_region(frame.arena + program.offsets[i],
                                    static_cast<std::size_t>(program.sizes[i]));
    }
  }
  step.run(frame);
  __asan_unpoison_memory_region(frame.arena, bytes);
#else
  step.run(frame);
#endif
}

}  // namespace nest::runtime
