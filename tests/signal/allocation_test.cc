// Counts every allocation of this program: the hot path must make none.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "nest/signal/preprocess.h"
#include "nest/signal/sliding_window.h"
#include "signals.h"

namespace {
std::atomic<long> allocations{0};

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) {
  return allocate(size, 16);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace nest {
namespace {

TEST(HotPath, preprocessing_and_windowing_allocate_nothing_for_any_chunk) {
  OnlinePreprocessorOptions options;
  options.channels = 33;
  options.notch_hz = {50};
  options.start = "steady";
  options.ref_electrode = "average";
  options.bad_channels = {2};
  options.output_rate_hz = 250;
  options.normalization = "running";
  OnlinePreprocessor preprocessor(options);
  SlidingWindowProcessor windows({.channels = 33, .window_samples = 100, .hop_samples = 10});
  const Tensor input = testing::noise<float>(33, 3000, 1);
  Tensor output(DType::kF32, {33, preprocessor.max_output(3000)});
  const SignalView<const float> in = testing::view_of<float>(input);
  const SignalView<float> out = testing::mutable_view_of<float>(output);
  const long before = allocations.load();
  std::int64_t seen = 0;
  for (const std::int64_t chunk : {1, 100, 3000}) {
    const PreprocessResult result = preprocessor.process(in.slice(0, chunk), out);
    seen += windows.push(out.slice(0, result.samples), [](const auto&) {});
  }
  preprocessor.handle_gap();
  preprocessor.process(in, out);
  EXPECT_EQ(allocations.load() - before, 0);
  EXPECT_GT(seen, 100);
}

}  // namespace
}  // namespace nest
