#include "io/safetensors.h"

#include <algorithm>
#include <ostream>

#include "io/bytes.h"
#include "io/departures.h"
#include "io/safetensors_header.h"
#include "nest/core/config.h"
#include "nest/core/file.h"

namespace nest::io {
namespace {

constexpr std::string_view kConfigKey = "model_config";
constexpr std::string_view kExtraPrefix = "extra.";
constexpr std::string_view kTensorPrefix = "extra_tensors.";

Tensor tensor_at(const SafetensorsEntry& entry, const std::byte* data,
                 const std::shared_ptr<const void>& owner) {
  const DType dtype = *entry.dtype;
  const bool is_bool = dtype == DType::kBool;
  const std::size_t size = entry.end - entry.begin;
  if (owner != nullptr && is_mappable(data, size, size_of(dtype), is_bool)) {
    return Tensor::view(dtype, entry.shape, data, owner);
  }
  Tensor tensor(dtype, entry.shape);
  auto* to = static_cast<std::byte*>(tensor.mutable_raw());
  if (size > 0) std::memcpy(to, data, size);
  for (std::size_t i = 0; is_bool && i < size; ++i) to[i] = std::byte{to[i] != std::byte{0}};
  return tensor;
}

using Ordered = std::vector<std::pair<std::string_view, const Tensor*>>;

Ordered in_file_order(const TensorMap& tensors) {
  Ordered ordered;
  for (const auto& [name, tensor] : tensors) ordered.emplace_back(name, &tensor);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return size_of(a.second->dtype()) > size_of(b.second->dtype());
  });
  return ordered;
}

/// Keys are unique already; operator[] would search them all.
void add_extra(Checkpoint& checkpoint, std::string key, Json value) {
  checkpoint.extra.get_ref<Json::object_t&>().emplace_back(std::move(key), std::move(value));
}

std::string header_of(const Safetensors& content, const Ordered& ordered) {
  Json header = Json::object();
  if (!content.metadata.empty()) {
    header["__metadata__"] = content.metadata;
  }
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : ordered) {
    require(name != "__metadata__", ErrorCode::kInvalidArgument,
            "a tensor cannot be named __metadata__ in a safetensors file");
    Json entry;
    entry["dtype"] = safetensors_dtype(tensor->dtype());
    entry["shape"] = tensor->shape();
    entry["data_offsets"] = {at, at + tensor->nbytes()};
    header.get_ref<Json::object_t&>().emplace_back(std::string(name), std::move(entry));
    at += tensor->nbytes();
  }
  std::string text = header.dump();
  text.append((kAlignment - (kLengthBytes + text.size()) % kAlignment) % kAlignment, ' ');
  require(text.size() <= kMostHeader, ErrorCode::kInvalidArgument,
          "the safetensors header would have {} bytes, the limit is {}", text.size(), kMostHeader);
  return text;
}

}  // namespace

Safetensors parse_safetensors(std::span<const std::byte> file, std::shared_ptr<const void> owner) {
  const auto size = load_le<std::uint64_t>(file, 0, "safetensors header length");
  require(size <= kMostHeader && size <= file.size() - kLengthBytes, ErrorCode::kDataCorrupt,
          "the header length {} exceeds {} (the file has {} bytes)", size, kMostHeader,
          file.size());
  const auto data = file.subspan(kLengthBytes + size);
  SafetensorsHeader header =
      parse_safetensors_header(as_text(file.subspan(kLengthBytes, size)), data.size());
  Safetensors content;
  content.metadata = std::move(header.metadata);
  for (const SafetensorsEntry& entry : header.entries) {
    if (!entry.dtype) {
      content.unread.push_back({entry.name, entry.type, entry.shape});
      continue;
    }
    content.tensors.emplace(entry.name, tensor_at(entry, data.data() + entry.begin, owner));
  }
  return content;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return with_context(path.string(), [&] { return parse_safetensors(file->bytes(), file); });
}

void write_safetensors(std::ostream& out, const Safetensors& content) {
  const Ordered ordered = in_file_order(content.tensors);
  const std::string header = header_of(content, ordered);
  const std::uint64_t size = header.size();
  out.write(reinterpret_cast<const char*>(&size), sizeof size);
  out << header;
  for (const auto& [name, tensor] : ordered) {
    out.write(static_cast<const char*>(tensor->raw()),
              static_cast<std::streamsize>(tensor->nbytes()));
  }
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content) {
  write_file_atomic(path, [&](std::ostream& out) { write_safetensors(out, content); });
}

Safetensors to_safetensors(const Checkpoint& checkpoint) {
  Safetensors content;
  content.metadata["format"] = "pt";  // what loaders of the Python world ask for
  content.tensors = checkpoint.state_dict;
  for (const auto& [name, tensor] : checkpoint.extra_tensors) {
    content.tensors.emplace(std::string(kTensorPrefix) + name, tensor);
  }
  if (!checkpoint.model_config.is_null()) {
    content.metadata.emplace(kConfigKey, checkpoint.model_config.dump());
  }
  for (const auto& [key, value] : checkpoint.extra.items()) {
    content.metadata.emplace(std::string(kExtraPrefix) + key, value.dump());
  }
  return content;
}

Checkpoint from_safetensors(Safetensors content) {
  Checkpoint checkpoint;
  Departures departures;
  for (const UnreadTensor& tensor : content.unread) {
    departures.add("tensor of a type that is not computed with, not read",
                   fmt::format("'{}' {}", printable(tensor.name, 200), printable(tensor.type)));
  }
  checkpoint.unread = std::move(content.unread);
  checkpoint.warnings = departures.lines();
  checkpoint.extra = Json::object();
  for (auto& [name, tensor] : content.tensors) {
    if (std::string_view(name).starts_with(kTensorPrefix)) {
      checkpoint.extra_tensors.emplace(name.substr(kTensorPrefix.size()), std::move(tensor));
    } else {
      checkpoint.state_dict.emplace(name, std::move(tensor));
    }
  }
  for (const auto& [key, value] : content.metadata) {
    const std::string origin = fmt::format("metadata '{}'", printable(key));
    if (key == kConfigKey) {
      checkpoint.model_config = parse_json(value, origin);
    } else if (std::string_view(key).starts_with(kExtraPrefix)) {
      add_extra(checkpoint, key.substr(kExtraPrefix.size()), parse_json(value, origin));
    } else if (key != "format") {
      add_extra(checkpoint, key, value);
    }
  }
  return checkpoint;
}

}  // namespace nest::io
