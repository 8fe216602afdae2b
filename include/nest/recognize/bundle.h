#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "nest/core/options_fwd.h"
#include "nest/deploy/model_file.h"
#include "nest/recognize/executors.h"
#include "nest/recognize/language_models.h"
#include "nest/text/tokenizer.h"

namespace nest::recognize {

/// What a model file alone does not say: its description, its tokenizer, what runs it.
struct LoadOptions {
  deploy::LoadOptions file = {};
  std::string tokenizer = {};  ///< file; empty: the one in the model, else tokenizer.json beside it
  ExecutorOptions executor = {};
};
void visit_fields(FieldVisitor& visitor, LoadOptions& options);

/// Everything between a file and text that recognizers share: the model with its weights, packed
/// once, the tokenizer, and the language models, each read once.
///
/// Copies share all of it. State: thread-safe.
struct Bundle {
  RunnableModel runnable;
  std::shared_ptr<const text::Tokenizer> tokenizer;  ///< null: text is token ids
  std::shared_ptr<LanguageModels> languages;         ///< of that tokenizer; never null

  const graph::Model& model() const { return *runnable.model; }
};

/// The model with its weights, and its tokenizer.
struct ModelAndTokenizer {
  RunnableModel runnable;
  std::shared_ptr<const text::Tokenizer> tokenizer;
};
/// Errors: those of load_runnable and text::load_tokenizer; DataCorrupt if the tokenizer has more
/// tokens than the model. A model without a tokenizer is a warning in the log.
ModelAndTokenizer load_model_and_tokenizer(const std::filesystem::path& path,
                                           const LoadOptions& options = {});

/// The same with a place for language models. Errors: those of load_model_and_tokenizer().
Bundle load_bundle(const std::filesystem::path& path, const LoadOptions& options = {});
/// The model with its float weights and the tokenizer in its vocabulary: what a smaller model is
/// made of. Errors: those of deploy::load_model and load_model_and_tokenizer().
graph::Model load_weights(const std::filesystem::path& path, const LoadOptions& options = {});
/// A model in memory, with the tokenizer that it carries. Errors: DataCorrupt for the tokenizer.
Bundle make_bundle(RunnableModel runnable);

}  // namespace nest::recognize
