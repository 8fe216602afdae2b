#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "nest/core/error.h"

namespace nest::exports {

/// Protobuf's wire format from foreign bytes: the fields of one message, one after the other.
///
///   for (ProtoReader message(bytes); message.next();) {
///     if (message.field() == 7) use(message.bytes());
///   }
///
/// Fields that nobody asks for are skipped. Errors: DataCorrupt for what ends early, is longer than
/// what is around it, or has another wire type than asked for. Cost: copies nothing.
class ProtoReader {
 public:
  explicit ProtoReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  /// False at the end.
  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint(rest_);
    field_ = static_cast<int>(tag >> 3U);
    type_ = static_cast<int>(tag & 7U);
    require(tag >> 3U != 0 && tag >> 3U < 1U << 29U, ErrorCode::kDataCorrupt,
            "protobuf: field number {} is none", tag >> 3U);
    switch (type_) {
      case kVarint:
        value_ = varint(rest_);
        return true;
      case kFixed64:
        return take(8);
      case kLength: {
        const std::uint64_t length = varint(rest_);
        require(length <= rest_.size(), ErrorCode::kDataCorrupt,
                "protobuf: field {} has {} bytes, but {} are left", field_, length, rest_.size());
        return take(static_cast<std::size_t>(length));
      }
      case kFixed32:
        return take(4);
      default:
        fail(ErrorCode::kDataCorrupt, "protobuf: field {} has wire type {}", field_, type_);
    }
  }

  int field() const { return field_; }
  std::int64_t integer() const {
    expect(kVarint);
    return static_cast<std::int64_t>(value_);
  }
  float number() const {
    expect(kFixed32);
    float value = 0;
    std::memcpy(&value, bytes_.data(), sizeof value);
    return value;
  }
  std::span<const std::byte> bytes() const {
    expect(kLength);
    return bytes_;
  }
  std::string_view text() const {
    expect(kLength);
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  /// Numbers of a repeated field: packed, or this one alone.
  template <class F>
  void each_integer(const F& use) const {
    if (type_ == kVarint) return use(static_cast<std::int64_t>(value_));
    expect(kLength);
    for (std::span<const std::byte> rest = bytes_; !rest.empty();)
      use(static_cast<std::int64_t>(varint(rest)));
  }
  /// The same of fixed width: float or double.
  template <class T, class F>
  void each_fixed(const F& use) const {
    require(type_ == kLength || type_ == (sizeof(T) == 4 ? kFixed32 : kFixed64),
            ErrorCode::kDataCorrupt, "protobuf: field {} has wire type {}", field_, type_);
    require(bytes_.size() % sizeof(T) == 0, ErrorCode::kDataCorrupt,
            "protobuf: field {} has {} bytes, no whole number of values", field_, bytes_.size());
    for (std::size_t at = 0; at < bytes_.size(); at += sizeof(T)) {
      T value = 0;
      std::memcpy(&value, bytes_.data() + at, sizeof value);
      use(value);
    }
  }

 private:
  enum WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

  bool take(std::size_t count) {
    require(count <= rest_.size(), ErrorCode::kDataCorrupt,
            "protobuf: field {} has {} bytes, but {} are left", field_, count, rest_.size());
    bytes_ = rest_.first(count);
    rest_ = rest_.subspan(count);
    return true;
  }
  void expect(int type) const {
    require(type_ == type, ErrorCode::kDataCorrupt, "protobuf: field {} has wire type {}, not {}",
            field_, type_, type);
  }
  static std::uint64_t varint(std::span<const std::byte>& rest) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      require(!rest.empty(), ErrorCode::kDataCorrupt, "protobuf: a number ends early");
      const auto byte = std::to_integer<std::uint64_t>(rest.front());
      rest = rest.subspan(1);
      value |= (byte & 0x7fU) << shift;
      if (byte < 0x80U) return value;
    }
    fail(ErrorCode::kDataCorrupt, "protobuf: a number has more than ten bytes");
  }

  std::span<const std::byte> rest_;
  std::span<const std::byte> bytes_;
  std::uint64_t value_ = 0;
  int field_ = 0;
  int type_ = 0;
};

}  // namespace nest::exports
