#include "nest/recognize/model_cache.h"

#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/recognize/toy.h"
#include "tests/support/temp_dir.h"

namespace nest::recognize {
namespace {

Bundle toy_bundle() {
  return make_bundle(make_runnable(toy::ctc_model()));
}

std::int64_t toy_bytes() {
  return static_cast<std::int64_t>(toy_bundle().runnable.prepared->weight_bytes());
}

TEST(ModelCache, the_same_content_is_one_model_and_other_content_another) {
  const test::TempDir dir;
  deploy::save_model(toy::ctc_model(), dir / "a.safetensors");
  std::filesystem::copy_file(dir / "a.safetensors", dir / "b.safetensors");
  ModelCache cache;
  const auto a = cache.get(dir / "a.safetensors");
  EXPECT_EQ(cache.get(dir / "b.safetensors"), a) << "a renamed copy";
  LoadOptions int8;
  int8.executor.precision = graph::Precision::kInt8;
  EXPECT_NE(cache.get(dir / "a.safetensors", int8), a);
  graph::Model other = toy::ctc_model();
  other.weights.begin()->second = other.weights.begin()->second.clone();
  other.weights.begin()->second.mutable_data<float>()[0] += 1;
  deploy::save_model(other, dir / "a.safetensors");
  std::filesystem::last_write_time(
      dir / "a.safetensors", std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_NE(cache.get(dir / "a.safetensors"), a) << "the file was written anew";
  EXPECT_EQ(cache.figures().loads, 3u);
  EXPECT_EQ(cache.figures().hits, 1u);
}

TEST(ModelCache, a_tokenizer_beside_the_model_is_part_of_its_content) {
  const test::TempDir dir;
  deploy::save_model(toy::ctc_model(), dir / "a.safetensors");
  const std::string before = bundle_hash(dir / "a.safetensors");
  write_text_file(dir / "tokenizer.json", "{}");
  EXPECT_NE(bundle_hash(dir / "a.safetensors"), before);
}

TEST(ModelCache, the_least_recently_used_goes_and_the_bound_holds) {
  ModelCache cache({.max_bytes = 2 * toy_bytes()});
  const auto get = [&](const std::string& key) { return cache.get(key, toy_bundle).get(); };
  get("a");
  get("b");
  get("a");
  get("c");  // b goes
  EXPECT_EQ(cache.figures().evictions, 1u);
  EXPECT_EQ(cache.figures().bytes, 2 * toy_bytes());
  get("a");
  EXPECT_EQ(cache.figures().loads, 3u);
  get("b");
  EXPECT_EQ(cache.figures().loads, 4u);
}

TEST(ModelCache, a_model_in_use_is_found_again_after_it_was_dropped) {
  ModelCache cache({.max_bytes = toy_bytes()});
  const auto held = cache.get("a", toy_bundle);
  cache.get("b", toy_bundle);
  EXPECT_EQ(cache.get("a", toy_bundle), held);
  EXPECT_EQ(cache.figures().loads, 2u);
  cache.clear();
  EXPECT_EQ(cache.figures().bytes, 0);
}

TEST(ModelCache, a_model_larger_than_the_bound_is_given_out_and_not_kept) {
  ModelCache cache({.max_bytes = toy_bytes() - 1});
  EXPECT_NE(cache.get("a", toy_bundle), nullptr);
  EXPECT_EQ(cache.figures().models, 0);
  EXPECT_EQ(cache.figures().bytes, 0);
}

TEST(ModelCache, however_many_ask_there_is_one_load) {
  constexpr int kThreads = 16;
  ModelCache cache;
  std::atomic<int> loads = 0;
  std::latch all(kThreads);
  std::vector<std::shared_ptr<const Bundle>> got(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      all.arrive_and_wait();
      got[t] = cache.get("a", [&] {
        ++loads;
        return toy_bundle();
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads, 1);
  for (const auto& bundle : got) EXPECT_EQ(bundle, got[0]);
  EXPECT_EQ(cache.figures().hits, kThreads - 1u);
}

TEST(ModelCache, a_load_that_fails_fails_for_who_waits_and_is_tried_again) {
  ModelCache cache;
  EXPECT_THROW(cache.get("a", []() -> Bundle { fail(ErrorCode::kIo, "disk"); }), Error);
  EXPECT_NE(cache.get("a", toy_bundle), nullptr);
  EXPECT_EQ(cache.figures().failures, 1u);
}

TEST(ModelCache, stays_within_its_bound_under_threads_that_evict_each_other) {
  const std::int64_t bound = 3 * toy_bytes();
  ModelCache cache({.max_bytes = bound});
  std::atomic<int> outside = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Rng rng(t);
      for (int i = 0; i < 40; ++i) {
        const auto key = std::to_string(rng.below(6));
        if (cache.get(key, toy_bundle) == nullptr) ++outside;
        if (cache.figures().bytes > bound) ++outside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(outside, 0);
  EXPECT_GT(cache.figures().evictions, 0u);
}

}  // namespace
}  // namespace nest::recognize
