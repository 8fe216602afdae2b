#include "nest/graph/dim.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest::graph {
namespace {

const Dim kT = Dim::symbol("T");
const Dim kB = Dim::symbol("B");

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && a < 0 ? 1 : 0);
}

TEST(Dim, prints_canonical_text) {
  EXPECT_EQ(Dim(16).text(), "16");
  EXPECT_EQ(kT.text(), "T");
  EXPECT_EQ(((kT + 1) / 4).text(), "((T + 1) / 4)");
  EXPECT_EQ((kT + kT - 3).text(), "(2 * T - 3)");
  EXPECT_EQ((kB * kT).text(), (kT * kB).text());
  EXPECT_EQ((kT - kT).text(), "0");
}

TEST(Dim, equal_expressions_compare_equal_however_they_were_built) {
  EXPECT_EQ((kT + 1) + 2, kT + 3);
  EXPECT_EQ((kT + 4) / 4, kT / 4 + 1);
  EXPECT_EQ(kT / 2 / 3, kT / 6);
  EXPECT_EQ((kT / 4 - 1) / 8, (kT - 4) / 32);
  EXPECT_EQ((kT * 6) / 3, kT * 2);
  EXPECT_EQ((kT + kB) * (kT - kB), kT * kT - kB * kB);
  EXPECT_FALSE(kT / 2 == kT / 3);
}

TEST(Dim, evaluates_floor_division_like_integers_for_every_length) {
  const Dim frames = ((kT + 2 * 5 - 9) / 3 + 1 - 4) / 4 * 2 - 7;
  for (std::int64_t t = -40; t < 200; ++t) {
    const std::int64_t expected = floor_div(floor_div(t + 1, 3) + 1 - 4, 4) * 2 - 7;
    EXPECT_EQ(frames.eval({{"T", t}}), expected) << "T = " << t;
  }
}

TEST(Dim, parse_is_the_inverse_of_text) {
  for (const Dim& dim : {Dim(0), Dim(-3), kT, (kT + 1) / 4, kT * kB * 3 - 2 * kT + 1,
                         ((kT - 9) / 3 - 12) / 7 + kB, (5 * kT + kB) / 3}) {
    EXPECT_EQ(Dim::parse(dim.text()), dim) << dim.text();
  }
}

TEST(Dim, parse_names_the_place_of_a_syntax_error) {
  for (const char* text : {"", "T +", "(T", "T / 0", "T / B", "3 $ 4", "99999999999999999999"}) {
    try {
      Dim::parse(text);
      FAIL() << "accepted '" << text << "'";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt) << text;
      EXPECT_NE(std::string(error.what()).find("character"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(Dim::parse(std::string(200, '(')), Error);
}

TEST(Dim, knows_its_symbols) {
  const Dim dim = (kT + kB) / 4;
  EXPECT_EQ(dim.symbols(), (std::vector<std::string>{"B", "T"}));
  EXPECT_TRUE(dim.depends_on("T"));
  EXPECT_FALSE(dim.depends_on("U"));
  EXPECT_EQ(kT.symbol_name(), "T");
  EXPECT_EQ((kT * 2).symbol_name(), "");
  EXPECT_THROW(kT.constant(), Error);
  EXPECT_THROW(dim.eval({{"T", 4}}), Error);
}

TEST(Dim, overflow_is_an_error_and_not_a_wrong_length) {
  const Dim square = kT * kT;
  EXPECT_THROW(square.eval({{"T", std::int64_t{1} << 40}}), Error);
}

}  // namespace
}  // namespace nest::graph
