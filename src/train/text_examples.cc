#include "nest/core/error.h"
#include "nest/train/run.h"

namespace nest::train {

std::vector<Example> text_examples(const std::vector<std::string>& sentences,
                                   const text::Tokenizer& tokenizer) {
  std::vector<Example> examples;
  for (const std::string& sentence : sentences) {
    const std::vector<int> ids = tokenizer.encode(sentence);
    if (ids.empty()) continue;
    // No channels; the length is what batches are sorted by.
    examples.push_back({.id = std::to_string(examples.size()),
                        .subject = "",
                        .signal = Tensor(DType::kF32, {0, static_cast<std::int64_t>(ids.size())}),
                        .tokens = {ids.begin(), ids.end()},
                        .text = sentence});
  }
  require(!examples.empty(), ErrorCode::kInvalidArgument, "there is no text to train on");
  return examples;
}

}  // namespace nest::train
