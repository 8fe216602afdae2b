#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Protobuf's wire format, the part that ONNX needs (protobuf.dev, "Encoding").
namespace nest::exports {

/// One message, field by field. Tensors are borrowed and copied only when the whole is written, so
/// a message within messages costs no copy of its weights.
class ProtoWriter {
 public:
  void integer(int field, std::int64_t value) {
    tag(field, kVarint);
    varint(static_cast<std::uint64_t>(value));
  }
  void number(int field, float value) {
    tag(field, kFixed32);
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);  // little endian, as every machine of this project
    text_.append(bytes, sizeof value);
  }
  void text(int field, std::string_view value) {
    tag(field, kLength);
    varint(value.size());
    text_.append(value);
  }
  /// The bytes must outlive the writer.
  void borrowed(int field, std::span<const std::byte> bytes) {
    tag(field, kLength);
    varint(bytes.size());
    borrowed_.push_back({text_.size(), bytes});
    borrowed_size_ += bytes.size();
  }
  void message(int field, const ProtoWriter& inner) {
    tag(field, kLength);
    varint(inner.size());
    for (const auto& [at, bytes] : inner.borrowed_) borrowed_.push_back({text_.size() + at, bytes});
    borrowed_size_ += inner.borrowed_size_;
    text_.append(inner.text_);
  }

  std::size_t size() const { return text_.size() + borrowed_size_; }

  void write(std::ostream& out) const {
    std::size_t done = 0;
    const auto copy_until = [&](std::size_t end) {
      out.write(text_.data() + done, static_cast<std::streamsize>(end - done));
      done = end;
    };
    for (const auto& [at, bytes] : borrowed_) {
      copy_until(at);
      out.write(reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::streamsize>(bytes.size()));
    }
    copy_until(text_.size());
  }

 private:
  enum WireType : std::uint8_t { kVarint = 0, kLength = 2, kFixed32 = 5 };

  void tag(int field, WireType type) {
    varint(static_cast<std::uint64_t>(field) << 3U | static_cast<std::uint64_t>(type));
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) text_.push_back(static_cast<char>(value | 0x80));
    text_.push_back(static_cast<char>(value));
  }

  std::string text_;
  /// Bytes that belong before text_[first].
  std::vector<std::pair<std::size_t, std::span<const std::byte>>> borrowed_;
  std::size_t borrowed_size_ = 0;
};

}  // namespace nest::exports
