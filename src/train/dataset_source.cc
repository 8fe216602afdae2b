#include <algorithm>

#include "nest/contract/processor.h"
#include "nest/core/error.h"
#include "nest/data/surroundings.h"
#include "nest/decode/model_recognizer.h"
#include "nest/text/score.h"
#include "nest/train/batch.h"
#include "nest/train/run.h"

namespace nest::train {

DatasetSource::DatasetSource(const data::Dataset& dataset, const std::string& split,
                             const text::Tokenizer& tokenizer)
    : dataset_(dataset), tokenizer_(tokenizer), indices_(dataset.select({split, "", ""})) {
  require(!indices_.empty(), ErrorCode::kInvalidArgument, "{} has no utterance of split '{}'",
          dataset.folder().string(), split);
}

std::int64_t DatasetSource::num_samples(std::size_t i) const {
  return dataset_.num_samples(indices_.at(i));
}

std::string DatasetSource::subject(std::size_t i) const {
  return dataset_.utterance(indices_.at(i)).subject;
}

Example DatasetSource::load(std::size_t i) const {
  const data::Utterance& utterance = dataset_.utterance(indices_.at(i));
  const std::vector<int> ids = tokenizer_.encode(utterance.text);
  const data::Surroundings around =
      data::surroundings_of(utterance, dataset_.info().signal.rate_hz);
  return {.id = utterance.id,
          .subject = utterance.subject,
          .signal = dataset_.load_signal(
              indices_.at(i), {.normalize = window_norm().kind == signal::WindowNorm::kNone}),
          .tokens = {ids.begin(), ids.end()},
          .text = utterance.text,
          .lead = around.lead,
          .tail = around.tail};
}

signal::WindowNormOptions DatasetSource::window_norm() const {
  return contract::window_norm(dataset_.info().signal);
}

Validator greedy_validator(const Source& source, std::shared_ptr<const text::Tokenizer> tokenizer) {
  return [&source, tokenizer = std::move(tokenizer)](nn::TorchExecutor& executor) {
    decode::ModelRecognizer recognizer(executor, {}, tokenizer);
    std::vector<Tensor> signals;
    std::vector<text::TextPair> pairs;
    for (std::size_t i = 0; i < source.size(); ++i) {
      Example example = load_item(source, {{i}, 0}, {}, nullptr);
      signals.push_back(std::move(example.signal));
      pairs.push_back({{std::move(example.text)}, ""});
    }
    const std::vector<decode::Recognition> results = recognizer.recognize(signals);
    std::vector<text::UtteranceScore> scores;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pairs[i].hypothesis = results[i].text;
      scores.push_back(text::score_utterance(pairs[i], {}));
    }
    const text::CorpusScore corpus = text::sum_scores(scores, pairs);
    return Scores{{"wer", corpus.wer()}, {"cer", corpus.cer()}};
  };
}

}  // namespace nest::train
