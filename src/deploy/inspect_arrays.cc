#include <algorithm>
#include <cmath>
#include <limits>

#include "inspect_kinds.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/utf8.h"
#include "nest/io/npy.h"
#include "nest/io/zip.h"

namespace nest::deploy {
namespace {

bool begins_with(const std::filesystem::path& path, std::string_view magic) {
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

Json describe_member(const io::ZipReader& zip, const io::ZipEntry& entry) {
  try {
    return describe(io::parse_npy(zip.read(entry, std::numeric_limits<std::uint64_t>::max())));
  } catch (const Error& error) {  // texts, structures and damaged arrays stand beside sound ones
    const bool is_left_out =
        error.code() == ErrorCode::kUnsupported || error.code() == ErrorCode::kDataCorrupt;
    if (!is_left_out) throw;
    return {{"not_read", error.message()}};
  }
}

}  // namespace

std::optional<Inspection> inspect_arrays(const std::filesystem::path& path,
                                         const InspectOptions& /*options*/) {
  Inspection found;
  if (begins_with(path, "\x93NUMPY")) {
    found.description = describe(io::NpyFile::open(path).all());
    found.description["kind"] = "array";
    return found;
  }
  if (path.extension() != ".npz") return std::nullopt;
  found.description["kind"] = "arrays";
  found.description["arrays"] = Json::object();
  const io::ZipReader zip = io::ZipReader::open(path);
  for (const io::ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(".npy")) continue;
    const std::string name = utf8_or_latin1(entry.name.substr(0, entry.name.size() - 4));
    found.description["arrays"][name] =
        with_context(fmt::format("{}: array '{}'", path.string(), name),
                     [&] { return describe_member(zip, entry); });
  }
  return found;
}

}  // namespace nest::deploy
