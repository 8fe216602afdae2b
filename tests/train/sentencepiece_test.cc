// SentencePiece and LibTorch bring different Protocol Buffers; both must work in one process.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/text/sentencepiece_tokenizer.h"
#include "tests/support/sentencepiece_golden.h"
#include "text/sentencepiece_library.h"

namespace nest::text {
namespace {

TEST(SentencePieceBesideTorch, loads_a_model_and_trains_one) {
  if (!kSentencePieceHasOwnScope) GTEST_SKIP() << "sanitizers refuse RTLD_DEEPBIND";
  EXPECT_EQ(torch::ones({2, 3}).sum().item<float>(), 6.0F) << "LibTorch is really in use";
  test::expect_sentencepiece_as_in_python();
  const std::vector<std::string> texts = {"the quiet garden", "the old doctor", "a quiet doctor"};
  SentencePieceOptions options;
  options.model_type = SentencePieceType::kChar;
  options.vocab_size = 20;
  const auto trained = SentencePieceTokenizer::train(texts, options);
  EXPECT_EQ(trained->decode(trained->encode(texts[1])), texts[1]);
  EXPECT_EQ(torch::ones({2, 3}).sum().item<float>(), 6.0F);
}

}  // namespace
}  // namespace nest::text
