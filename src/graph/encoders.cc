#include "encoder.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

struct EncoderEntry {
  const char* type;
  Encoder (*read)(Section&, Features, const PartOptions&);
};

constexpr EncoderEntry kEncoders[] = {
    {"LSTM", read_lstm_encoder},
    {"GRU", read_gru_encoder},
    {"Transformer", read_transformer},
    {"Conformer", read_conformer},
};

}  // namespace

std::vector<std::string> encoder_types() {
  std::vector<std::string> types;
  for (const EncoderEntry& entry : kEncoders) types.emplace_back(entry.type);
  return types;
}

Encoder read_encoder(const std::string& type, Section& section,
                     std::optional<std::int64_t> features, const PartOptions& options) {
  for (const EncoderEntry& entry : kEncoders) {
    if (type == entry.type) return entry.read(section, features, options);
  }
  fail(ErrorCode::kDataCorrupt, "{}: unknown encoder '{}' (known: {})", section.where(), type,
       fmt::join(encoder_types(), ", "));
}

std::int64_t read_input_dim(Section& section, Features features) {
  return section.integer(
      "input_dim",
      {.aliases = {"input_size"}, .expected = features, .because = "the front end's features:"});
}

std::int64_t read_heads(Section& section, std::int64_t model_dim) {
  const std::int64_t heads = section.integer("nhead", {.aliases = {"num_heads"}, .fallback = 8});
  require(model_dim % heads == 0, ErrorCode::kDataCorrupt,
          "{}: nhead {} does not divide d_model {}", section.where(), heads, model_dim);
  return heads;
}

}  // namespace nest::graph
