#include "dim_names.h"

#include <fmt/format.h>

namespace nest::exports {

namespace {

/// What a length counts, from its symbol and the port that has it first.
std::string_view wanted_name(std::string_view port, const graph::Dim& dim) {
  const std::string symbol = dim.symbol_name();
  if (symbol == "B") return "batch";
  if (symbol == "U") return "tokens";
  return port == "eeg_data" || port == "signal" ? "samples" : "frames";
}

}  // namespace

std::string DimNames::name_of(std::string_view port, const graph::Dim& dim) {
  const auto [entry, is_new] = names_.try_emplace(dim.text());
  if (!is_new) return entry->second;
  const std::string_view wanted = wanted_name(port, dim);
  std::string name(wanted);
  for (int count = 2; !taken_.insert(name).second; ++count)
    name = fmt::format("{}_{}", wanted, count);
  entry->second = name;
  return name;
}

std::vector<OnnxDim> DimNames::named(std::string_view port, const graph::DimShape& shape) {
  std::vector<OnnxDim> dims;
  for (const graph::Dim& dim : shape) {
    if (dim.is_constant()) {
      dims.emplace_back(dim.constant());
    } else {
      dims.emplace_back(name_of(port, dim));
    }
  }
  return dims;
}

std::vector<std::string> dim_texts(const std::vector<OnnxDim>& dims) {
  std::vector<std::string> texts;
  for (const OnnxDim& dim : dims) {
    const auto* length = std::get_if<std::int64_t>(&dim);
    texts.push_back(length == nullptr ? std::get<std::string>(dim) : std::to_string(*length));
  }
  return texts;
}

}  // namespace nest::exports
