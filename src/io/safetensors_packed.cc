#include <sstream>

#include "io/bytes.h"
#include "io/safetensors.h"
#include "io/safetensors_header.h"
#include "nest/core/deflate.h"

namespace nest::io {
namespace {

constexpr std::string_view kHead = "zlib.0";
constexpr std::string_view kData = "zlib.1";

Tensor stream_of(std::string_view text) {
  const std::string packed = deflated(text);
  Tensor tensor(DType::kU8, {static_cast<std::int64_t>(packed.size())});
  std::memcpy(tensor.mutable_raw(), packed.data(), packed.size());
  return tensor;
}

/// Errors: DataCorrupt unless the stream stands for at most `limit` bytes.
std::string text_of(const Tensor& stream, std::string_view name, std::uint64_t limit) {
  return with_context(fmt::format("tensor '{}'", name), [&] {
    return inflated({static_cast<const char*>(stream.raw()), stream.nbytes()}, limit);
  });
}

}  // namespace

Safetensors packed(const Safetensors& content) {
  std::ostringstream out;
  write_safetensors(out, content);
  const std::string file = std::move(out).str();
  const std::size_t head =
      kLengthBytes + load_le<std::uint64_t>(as_bytes(file), 0, "header length");
  Safetensors made;
  made.metadata["format"] = "pt";
  made.tensors.emplace(kHead, stream_of(std::string_view(file).substr(0, head)));
  made.tensors.emplace(kData, stream_of(std::string_view(file).substr(head)));
  return made;
}

Safetensors unpacked(Safetensors content) {
  const auto head = content.tensors.find(kHead), data = content.tensors.find(kData);
  if (content.tensors.size() != 2 || head == content.tensors.end() || data == content.tensors.end())
    return content;
  auto file =
      std::make_shared<std::string>(text_of(head->second, kHead, kMostHeader + kLengthBytes));
  const SafetensorsHeader header = parse_safetensors_header(
      std::string_view(*file).substr(std::min(kLengthBytes, file->size())), {});
  // What the header promises is the limit of the stream: a small one cannot fill the memory.
  const std::uint64_t promised = header.entries.empty() ? 0 : header.entries.back().end;
  *file += text_of(data->second, kData, promised + 1);
  return parse_safetensors(as_bytes(*file), file);
}

}  // namespace nest::io
