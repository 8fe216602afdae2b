#include "nest/text/edit_distance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "reference/edit_distance.h"

namespace nest::text {
namespace {

std::vector<Symbol> random_symbols(Rng& rng, std::size_t length, std::uint64_t alphabet) {
  std::vector<Symbol> symbols(length);
  for (Symbol& symbol : symbols) symbol = static_cast<Symbol>(rng.below(alphabet) * 2654435761u);
  return symbols;
}

struct Case {
  std::size_t reference;
  std::size_t hypothesis;
  std::uint64_t alphabet;
};

class EditDistanceTwin : public testing::TestWithParam<Case> {};

TEST_P(EditDistanceTwin, equals_the_whole_table_and_its_alignment_adds_up) {
  const Case size = GetParam();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed, "edit");
    const auto a = random_symbols(rng, size.reference, size.alphabet);
    const auto b = random_symbols(rng, size.hypothesis, size.alphabet);
    const std::int64_t expected = reference::edit_distance(a, b);
    EXPECT_EQ(edit_distance(a, b), expected) << "seed " << seed;
    const EditCounts counts = count_edits(a, b);
    EXPECT_EQ(counts.errors(), expected) << "seed " << seed;
    EXPECT_EQ(counts.reference_length(), static_cast<std::int64_t>(a.size()));
    EXPECT_EQ(counts.hypothesis_length(), static_cast<std::int64_t>(b.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(EditDistance, EditDistanceTwin,
                         testing::Values(Case{0, 0, 2}, Case{0, 5, 2}, Case{5, 0, 2}, Case{1, 1, 2},
                                         Case{12, 9, 3}, Case{63, 70, 4}, Case{64, 64, 2},
                                         Case{65, 64, 5}, Case{128, 129, 3}, Case{200, 40, 26},
                                         Case{40, 200, 26}, Case{300, 310, 1000}),
                         [](const auto& info) {
                           return fmt::format("{}_and_{}_of_{}", info.param.reference,
                                              info.param.hypothesis, info.param.alphabet);
                         });

TEST(EditDistance, every_alignment_replays_to_the_hypothesis) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed, "replay");
    const auto a = random_symbols(rng, rng.below(90), 4);
    const auto b = random_symbols(rng, rng.below(90), 4);
    std::size_t i = 0;
    std::size_t j = 0;
    for (const EditOp op : align(a, b)) {
      if (op == EditOp::kHit) {
        EXPECT_EQ(a.at(i), b.at(j));
      }
      if (op == EditOp::kSubstitute) {
        EXPECT_NE(a.at(i), b.at(j));
      }
      i += op != EditOp::kInsert;
      j += op != EditOp::kDelete;
    }
    EXPECT_EQ(i, a.size());
    EXPECT_EQ(j, b.size());
  }
}

TEST(EditDistance, long_texts_are_measured_in_blocks_but_not_aligned_beyond_the_limit) {
  Rng rng(1);
  const auto a = random_symbols(rng, 70000, 50);
  auto b = a;
  b.erase(b.begin() + 100);
  b[60000] += 1;
  b.insert(b.begin() + 30000, 7);
  EXPECT_EQ(edit_distance(a, b), 3);
  const auto c = random_symbols(rng, 70000, 50);
  EXPECT_THROW(align(a, c), Error);
}

TEST(EditDistance, characters_are_code_points) {
  EXPECT_EQ(edit_distance(character_symbols("naïve"), character_symbols("naive")), 1);
  EXPECT_EQ(edit_distance(character_symbols("🙂"), character_symbols("")), 1);
}

}  // namespace
}  // namespace nest::text
