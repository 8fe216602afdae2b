#include "nest/core/base64.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest {
namespace {

std::string encode(std::string_view text) {
  return base64_encode(std::as_bytes(std::span(text.data(), text.size())));
}

TEST(Base64, agrees_with_the_vectors_of_rfc_4648) {
  const char* vectors[][2] = {{"", ""},
                              {"f", "Zg=="},
                              {"fo", "Zm8="},
                              {"foo", "Zm9v"},
                              {"foob", "Zm9vYg=="},
                              {"fooba", "Zm9vYmE="},
                              {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(encode(plain), coded);
    const std::vector<std::byte> bytes = base64_decode(coded);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), plain);
  }
}

TEST(Base64, refuses_foreign_characters_and_wrong_lengths) {
  for (const char* text : {"Zg=", "Zg", "Z!==", "=Zg=", "====", "Zg==Zg=="}) {
    EXPECT_THROW(base64_decode(text), Error) << text;
  }
}

}  // namespace
}  // namespace nest
