#include "nest/recognize/bundle.h"

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/core/options.h"

namespace nest::recognize {
namespace {

std::shared_ptr<const text::Tokenizer> own_tokenizer(const graph::Model& model,
                                                     const std::string& origin) {
  if (!model.vocabulary.tokenizer.is_object()) return nullptr;
  return text::tokenizer_from_json(model.vocabulary.tokenizer, origin + ": tokenizer");
}

std::shared_ptr<const text::Tokenizer> find_tokenizer(const std::filesystem::path& path,
                                                      const std::string& named,
                                                      const graph::Model& model) {
  if (!named.empty()) return text::load_tokenizer(named);
  if (auto own = own_tokenizer(model, path.string())) return own;
  const auto beside = path.parent_path() / "tokenizer.json";
  if (std::filesystem::exists(beside)) {
    log_info("tokenizer: {} (beside the model)", beside.string());
    return text::load_tokenizer(beside);
  }
  log_warn("{} has no tokenizer: the text is token ids, error rates mean nothing. Name a tokenizer",
           path.string());
  return nullptr;
}

void check_size(const text::Tokenizer* tokenizer, const graph::Model& model) {
  const std::int64_t size = model.vocabulary.size;
  if (tokenizer == nullptr || size == 0) return;
  require(tokenizer->size() <= size, ErrorCode::kDataCorrupt,
          "the tokenizer has {} tokens, but the model only {}", tokenizer->size(), size);
}

Bundle bundle_of(ModelAndTokenizer parts) {
  auto languages = std::make_shared<LanguageModels>(parts.tokenizer, parts.runnable.executor);
  return {std::move(parts.runnable), std::move(parts.tokenizer), std::move(languages)};
}

}  // namespace

void visit_fields(FieldVisitor& visitor, LoadOptions& o) {
  visitor.part("file", o.file);
  visitor.field("tokenizer", o.tokenizer, "tokenizer file; default: the one in the model");
  visitor.part("executor", o.executor);
}

ModelAndTokenizer load_model_and_tokenizer(const std::filesystem::path& path,
                                           const LoadOptions& options) {
  nest::validate(options);
  ModelAndTokenizer loaded{load_runnable(path, options.file, options.executor), nullptr};
  const graph::Model& model = *loaded.runnable.model;
  loaded.tokenizer = find_tokenizer(path, options.tokenizer, model);
  check_size(loaded.tokenizer.get(), model);
  return loaded;
}

Bundle load_bundle(const std::filesystem::path& path, const LoadOptions& options) {
  return bundle_of(load_model_and_tokenizer(path, options));
}

graph::Model load_weights(const std::filesystem::path& path, const LoadOptions& options) {
  graph::Model model = deploy::load_model(path, options.file);
  const auto tokenizer = find_tokenizer(path, options.tokenizer, model);
  check_size(tokenizer.get(), model);
  const bool is_new = !options.tokenizer.empty() || model.vocabulary.tokenizer.is_null();
  if (tokenizer != nullptr && is_new) model.vocabulary.tokenizer = tokenizer->to_json();
  return model;
}

Bundle make_bundle(RunnableModel runnable) {
  auto tokenizer = own_tokenizer(*runnable.model, runnable.model->name);
  check_size(tokenizer.get(), *runnable.model);
  return bundle_of({std::move(runnable), std::move(tokenizer)});
}

}  // namespace nest::recognize
