#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "nest/decode/fusion.h"
#include "nest/decode/language_model.h"
#include "nest/decode/model_recognizer.h"
#include "nest/decode/ngram.h"
#include "nest/decode/options.h"
#include "nest/recognize/executors.h"
#include "nest/text/tokenizer.h"

namespace nest::recognize {

/// Language models and word lists of one tokenizer, by file: each file is read once, when first
/// asked for, and shared by every recognizer. State: thread-safe.
class LanguageModels {
 public:
  /// `tokenizer` null: whatever is asked for is an error. Networks run as `executor` says.
  explicit LanguageModels(std::shared_ptr<const text::Tokenizer> tokenizer,
                          ExecutorOptions executor = {});

  /// The language model of a file: an n-gram (ARPA or compact), the same object for every caller;
  /// or a network (decode::is_neural_lm), an object of its own for every caller on shared weights.
  ///
  /// Errors: InvalidArgument if there is no tokenizer, or the network is no language model;
  /// DataCorrupt if it has another tokenizer; those of decode::NGram::load and load_runnable.
  std::shared_ptr<decode::LanguageModel> language_model(const std::string& path,
                                                        decode::LmUnit lm_unit);
  /// Text of the words in a file, one a line. Errors: as language_model(); DataCorrupt if the file
  /// holds no word.
  std::shared_ptr<const decode::ClosedVocabulary> vocabulary(const std::string& path);

  /// Phrases to favour. Errors: InvalidArgument if there is no tokenizer or a phrase is empty.
  std::shared_ptr<const decode::Hotwords> hotwords(const std::vector<std::string>& phrases,
                                                   double weight) const;

  /// Files read so far.
  std::size_t files_read() const;
  const std::shared_ptr<const text::Tokenizer>& tokenizer() const { return tokenizer_; }

 private:
  const text::Tokenizer& need_tokenizer() const;
  const RunnableModel& network(const std::string& path);

  std::shared_ptr<const text::Tokenizer> tokenizer_;
  ExecutorOptions executor_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const decode::NGram>> ngrams_;
  std::map<std::pair<std::string, decode::LmUnit>, std::shared_ptr<decode::LanguageModel>> bound_;
  std::map<std::string, RunnableModel> networks_;
  std::map<std::string, std::shared_ptr<const decode::ClosedVocabulary>> vocabularies_;
};

/// What the options name for the search: language model, hotwords, closed vocabulary, banned
/// tokens. Null if they name nothing. For one decoder if a network is among it.
/// Errors: those of `languages`; InvalidArgument.
std::shared_ptr<const decode::Fusion> make_fusion(const decode::DecodeOptions& options,
                                                  LanguageModels& languages);

/// The fusion, and the language model that ranks anew. Errors: as make_fusion().
decode::Guides make_guides(const decode::DecodeOptions& options, LanguageModels& languages);

}  // namespace nest::recognize
