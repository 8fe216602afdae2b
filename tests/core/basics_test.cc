#include <atomic>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/core/parallel.h"
#include "nest/core/rng.h"
#include "nest/core/tensor.h"
#include "tests/support/error_of.h"
#include "tests/support/log_capture.h"
#include "tests/support/temp_dir.h"

namespace nest {
namespace {

using ::testing::HasSubstr;

using test::error_of;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Tensor, copies_share_storage_until_cloned_and_views_are_read_only) {
  Tensor a = Tensor::from<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor b = a;
  Tensor c = a.clone();
  a.mutable_data<float>()[0] = 9;
  EXPECT_EQ(b.data<float>()[0], 9);
  EXPECT_EQ(c.data<float>()[0], 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(c.raw()) % kAlignment, 0U);
  EXPECT_EQ(a.reshaped({3, 2}).dim(-1), 2);
  const float borrowed[2] = {1, 2};
  Tensor view = Tensor::view(DType::kF32, {2}, borrowed, nullptr);
  EXPECT_THROW(view.mutable_data<float>(), Error);
  EXPECT_THROW(a.data<double>(), Error);
  EXPECT_THROW(a.reshaped({7}), Error);
  EXPECT_THROW(a.dim(2), Error);
}

TEST(Tensor, impossible_shapes_are_errors) {
  EXPECT_THROW(numel({2, -1}), Error);
  EXPECT_THROW(numel({std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
  EXPECT_EQ(numel({}), 1);
  EXPECT_EQ(numel({0, std::int64_t{1} << 40}), 0);
}

TEST(Config, every_error_names_file_line_and_key) {
  const Config config = Config::parse("a:\n  b: many\n  c: [1, 2]\n", "model.yaml");
  EXPECT_EQ(error_of([&] { config.at("a").at("b").as_int(); }),
            "model.yaml:2: a.b: expected an integer, found 'many'");
  EXPECT_THAT(error_of([&] { config.at("a").at("d"); }), HasSubstr("missing key 'd'; found: b, c"));
  EXPECT_THAT(error_of([&] {
                config.at("a").expect_keys({"b", "x"});
              }),
              HasSubstr("unknown key 'c' (line 3); known keys: b, x"));
  EXPECT_THAT(error_of([] { Config::parse("a: 1\nb: 2\na: 3\n", "f"); }),
              HasSubstr("duplicate key (first on line 1)"));
  EXPECT_THAT(error_of([] { Config::parse("a: [1\n", "f"); }), HasSubstr("f:"));
  EXPECT_THROW(Config::parse("a: \"12\"").at("a").as_int(), Error);
}

TEST(Config, a_map_or_list_stands_on_the_line_of_its_key) {
  const Config config = Config::parse(
      "one:\n\n  # the first\n  two:\n    three: 1\n  list:\n    - {a: 1}\n    -\n      a: 2\n",
      "f");
  EXPECT_EQ(config.location(), "f:1");
  EXPECT_EQ(config.at("one").location(), "f:1: one");
  EXPECT_EQ(config.at("one").at("two").location(), "f:4: one.two");
  EXPECT_EQ(config.at("one").at("two").at("three").location(), "f:5: one.two.three");
  EXPECT_EQ(config.at("one").at("list").location(), "f:6: one.list");
  EXPECT_EQ(config.at("one").at("list").items().at(0).location(), "f:7: one.list.0");
  EXPECT_THAT(error_of([&] { config.at("one").at("two").at("four"); }),
              HasSubstr("f:4: one.two: missing key 'four'"));
  const Config alias = Config::parse("base: &b\n  x: 1\nuse: *b\n", "f");
  EXPECT_EQ(alias.at("use").location(), "f:3: use");
}

TEST(Rng, numbers_are_those_of_xoshiro256_plus_plus_seeded_by_splitmix64) {
  // The first outputs for seed 0, from the authors' C code (prng.di.unimi.it) seeded by splitmix64.
  Rng rng(0);
  EXPECT_EQ(rng(), 0x53175d61490b23dfULL);
  EXPECT_EQ(rng(), 0x61da6f3dc380d507ULL);
  EXPECT_EQ(rng(), 0x5c0fdf91ec9a7bfcULL);
}

TEST(Rng, streams_are_reproducible_distinct_and_resumable) {
  Rng a(3, "dropout", 1);
  Rng b(3, "dropout", 1);
  Rng c(3, "dropout", 2);
  EXPECT_EQ(a(), b());
  EXPECT_NE(a(), c());
  a.normal();
  const Rng::State state = a.state();
  const double next = a.normal();
  a.restore(state);
  EXPECT_EQ(a.normal(), next);
  std::vector<int> counts(5, 0);
  for (int i = 0; i < 50000; ++i) ++counts[static_cast<std::size_t>(a.below(5))];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
}

TEST(ParallelFor, results_do_not_depend_on_the_number_of_threads) {
  std::vector<std::uint64_t> expected;
  for (const int threads : {1, 2, 7}) {
    std::vector<std::uint64_t> results(100);
    parallel_for(results.size(), threads, [&](std::size_t i) { results[i] = Rng(1, "item", i)(); });
    if (expected.empty()) expected = results;
    EXPECT_EQ(results, expected) << threads;
  }
}

TEST(ParallelFor, the_lowest_failing_item_is_rethrown_after_all_stopped) {
  for (const int threads : {1, 4}) {
    EXPECT_EQ(error_of([&] {
                parallel_for(64, threads, [](std::size_t i) {
                  require(i % 8 != 5, ErrorCode::kDataCorrupt, "item {}", i);
                });
              }),
              "item 5");
  }
}

TEST(File, a_failed_write_leaves_the_old_content_and_no_litter) {
  const auto folder = test::process_temp_dir() / ("nest_file_test_" + std::to_string(::getpid()));
  const auto path = folder / "deep" / "a.txt";
  write_text_file(path, "old");
  EXPECT_THROW(write_file_atomic(path,
                                 [](std::ostream& out) {
                                   out << "new";
                                   fail(ErrorCode::kDataCorrupt, "half way");
                                 }),
               Error);
  EXPECT_EQ(read_text_file(path), "old");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(path.parent_path())) {
    ++files;
  }
  EXPECT_EQ(files, 1U);
  write_text_file(path, "new");
  EXPECT_EQ(MappedFile::open(path)->size(), 3U);
  std::filesystem::remove_all(folder);
  EXPECT_THROW(read_text_file(path), Error);
}

TEST(Hash, known_answers) {
  EXPECT_EQ(sha256_hex(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(crc32(bytes_of("123456789")), 0xcbf43926U);
  EXPECT_EQ(crc32(bytes_of("6789"), crc32(bytes_of("12345"))), 0xcbf43926U);
  EXPECT_EQ(fnv1a(std::string_view("a")), 0xaf63dc4c8601ec8cULL);
}

}  // namespace
}  // namespace nest
