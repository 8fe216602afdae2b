// Arrays and tokenizers.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "inspect.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "nest/io/zip.h"
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
  report.json["arrays"] = Json::object();
  const io::ZipReader zip = io::ZipReader::open(options.file);
  for (const io::ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(".npy")) continue;
    const std::string name = entry.name.substr(0, entry.name.size() - 4);
    Json& json = report.json["arrays"][name];
    with_context(fmt::format("{}: array '{}'", options.file, name), [&] {
      const auto content = zip.read(entry, std::numeric_limits<std::uint64_t>::max());
      try {
        json = describe(io::parse_npy(content));
        report.text += fmt::format("{:<24} {}", name, line_of(json));
      } catch (const Error& error) {  // texts and structures stand beside the numbers
        if (error.code() != ErrorCode::kUnsupported) throw;
        json["not_read"] = error.message();
        report.text += fmt::format("{:<24} not read: {}\n", name, error.message());
      }
    });
  }
  return report;
}

std::optional<InspectReport> inspect_tokenizer(const InspectOptions& options) {
  const auto extension = std::filesystem::path(options.file).extension();
  if (extension != ".json" && extension != ".model") return std::nullopt;
  const auto tokenizer = text::load_tokenizer(options.file);
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

}  // namespace nest
