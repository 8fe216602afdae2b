#include "nest/core/deflate.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest {
namespace {

TEST(Deflate, gives_texts_of_any_length_back) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{100000}}) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += static_cast<char>('a' + i % 7);
    const std::string packed = deflated(text);
    EXPECT_EQ(inflated(packed, length), text) << length;
    if (length > 1000) {
      EXPECT_LT(packed.size(), length / 50);
    }
  }
}

TEST(Deflate, refuses_what_is_damaged_cut_short_or_too_long) {
  const std::string packed = deflated(std::string(5000, 'x') + "end");
  const auto code_of = [](const std::string& stream, std::size_t limit) {
    try {
      inflated(stream, limit);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code_of(packed, 5002), ErrorCode::kDataCorrupt);
  EXPECT_EQ(code_of(packed.substr(0, packed.size() - 3), 1 << 20), ErrorCode::kDataCorrupt);
  std::string damaged = packed;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_EQ(code_of(damaged, 1 << 20), ErrorCode::kDataCorrupt);
  EXPECT_EQ(code_of("not a stream", 1 << 20), ErrorCode::kDataCorrupt);
}

}  // namespace
}  // namespace nest
