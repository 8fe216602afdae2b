#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/text/tokenizer.h"

namespace nest::deploy {

void visit_fields(FieldVisitor& visitor, DescribeOptions& o) {
  visitor.part("", o.load);
  visitor.field("tokenizer", o.tokenizer, "tokenizer file that goes into the model");
  visitor.field("contract", o.contract,
                "signal contract that goes into it: YAML, JSON, or a dataset folder");
}

bool DescribeOptions::is_empty() const {
  return load.config.empty() && load.model_key.empty() && tokenizer.empty() && contract.empty();
}

graph::Model describe_model(const std::filesystem::path& path, const DescribeOptions& options) {
  graph::Model model = load_model(path, options.load);
  if (!options.contract.empty()) {
    graph::SignalContract contract = load_contract(options.contract);
    const std::int64_t takes = model.signal.num_channels;
    require(takes == 0 || contract.num_channels == takes, ErrorCode::kDataCorrupt,
            "{} is a contract of {} channels, but the model takes {}", options.contract,
            contract.num_channels, takes);
    model.signal = std::move(contract);
  }
  if (options.tokenizer.empty()) return model;
  const auto tokenizer = text::load_tokenizer(options.tokenizer);
  require(tokenizer->size() <= model.vocabulary.size, ErrorCode::kDataCorrupt,
          "{} has {} tokens, but the model only {}", options.tokenizer, tokenizer->size(),
          model.vocabulary.size);
  model.vocabulary.tokenizer = tokenizer->to_json();
  return model;
}

}  // namespace nest::deploy
