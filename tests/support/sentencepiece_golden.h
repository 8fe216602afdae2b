#pragma once

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/text/tokenizer.h"
#include "tests/support/paths.h"

namespace nest::test {

/// The committed SentencePiece model gives the ids that the Python package gave
/// (tests/golden/text/make_sentencepiece.py). Run in programs with and without LibTorch.
inline void expect_sentencepiece_as_in_python() {
  const auto folder = tests_dir() / "golden/text";
  const auto tokenizer = text::load_tokenizer(folder / "sentencepiece.model");
  const Json golden = load_json(folder / "sentencepiece.json");
  EXPECT_EQ(tokenizer->size(), golden["size"].get<int>());
  ASSERT_GE(golden["texts"].size(), 5u);
  for (const Json& example : golden["texts"]) {
    const auto text = example["text"].get<std::string>();
    const auto ids = example["ids"].get<std::vector<int>>();
    EXPECT_EQ(tokenizer->encode(text), ids) << text;
    const bool has_unknown =
        std::find(ids.begin(), ids.end(), tokenizer->special().unk) != ids.end();
    if (!has_unknown) {
      EXPECT_EQ(tokenizer->decode(ids), example["decoded"].get<std::string>());
    }
  }
}

}  // namespace nest::test
