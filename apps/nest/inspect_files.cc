// Arrays, tokenizers and recordings.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "inspect.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "nest/io/recording.h"
#include "nest/text/tokenizer.h"

namespace nest {
namespace {

bool begins_with(const std::string& path, std::string_view magic) {
  const auto file = MappedFile::open(path);
  return std::string_view(reinterpret_cast<const char*>(file->bytes().data()), file->size())
      .starts_with(magic);
}

/// Range of the finite values and how many are not.
Json statistics(const Tensor& array) {
  if (array.dtype() == DType::kBool) return Json::object();
  const Tensor values = array.to(DType::kF64);
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  std::int64_t finite = 0;
  for (const double value : values.data<double>()) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
    ++finite;
  }
  Json json = Json::object();
  if (finite > 0) {
    json["min"] = low;
    json["max"] = high;
    json["mean"] = sum / static_cast<double>(finite);
  }
  json["not_finite"] = array.numel() - finite;
  return json;
}

Json describe(const Tensor& array) {
  Json json;
  json["dtype"] = name_of(array.dtype());
  json["shape"] = array.shape();
  json.update(statistics(array));
  return json;
}

std::string line_of(const Json& array) {
  std::string text = fmt::format("{} {}", array["dtype"].get<std::string>(), array["shape"].dump());
  for (const char* key : {"min", "max", "mean", "not_finite"}) {
    if (array.contains(key)) text += fmt::format("  {} {}", key, array[key].dump());
  }
  return text + "\n";
}

}  // namespace

std::optional<InspectReport> inspect_array(const InspectOptions& options) {
  InspectReport report;
  if (begins_with(options.file, "\x93NUMPY")) {
    report.json = describe(io::NpyFile::open(options.file).all());
    report.text = "array  " + line_of(report.json);
    report.json["kind"] = "array";
    return report;
  }
  if (std::filesystem::path(options.file).extension() != ".npz") return std::nullopt;
  report.json["kind"] = "arrays";
  for (const auto& [name, array] : io::read_npz(options.file)) {
    report.json["arrays"][name] = describe(array);
    report.text += fmt::format("{:<24} {}", name, line_of(report.json["arrays"][name]));
  }
  return report;
}

std::optional<InspectReport> inspect_tokenizer(const InspectOptions& options) {
  if (std::filesystem::path(options.file).extension() != ".json") return std::nullopt;
  const Json content = load_json(options.file);
  const auto tokenizer = text::tokenizer_from_json(content, options.file);
  InspectReport report;
  report.json["kind"] = "tokenizer";
  report.json["tokenizer"] = tokenizer->kind();
  report.json["size"] = tokenizer->size();
  report.json["special"] = Json::object();
  for (int id = 0; id < tokenizer->size(); ++id) {
    if (tokenizer->is_special(id)) report.json["special"][tokenizer->token(id)] = id;
  }
  report.text = fmt::format("tokenizer  {}  {} tokens  special {}\n", tokenizer->kind(),
                            tokenizer->size(), report.json["special"].dump());
  return report;
}

std::optional<InspectReport> inspect_recording(const InspectOptions& options) {
  if (io::recording_format(options.file).empty()) return std::nullopt;
  InspectReport report;
  report.json = io::explain(options.file);
  report.json["kind"] = "recording";
  if (!report.json.value("ok", false)) {
    report.problem = report.json.value("error", options.file + ": the recording is damaged");
  }
  report.text = report.json.dump(2) + "\n";
  return report;
}

}  // namespace nest
