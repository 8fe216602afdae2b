#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nest/core/json.h"
#include "nest/core/tensor.h"

namespace nest::io {

/// Appends opcodes of pickle protocol 2, without memo: what every torch.load reads.
class PickleWriter {
 public:
  PickleWriter() : text_("\x80\x02", 2) {}

  void begin_dict() { text_ += "}("; }
  void begin_ordered_dict() {
    ordered_dict();
    text_ += '(';
  }
  void end_dict() { text_ += 'u'; }
  void text(std::string_view value);
  void integer(std::int64_t value);
  /// null, bool, numbers, text, arrays as lists, objects as dicts.
  void json(const Json& value);
  /// A contiguous tensor over storage `key` of the archive. Cost: O(rank).
  void tensor(const Tensor& tensor, std::string_view key);

  /// The finished pickle.
  std::string finish() && {
    text_ += '.';
    return std::move(text_);
  }

 private:
  void global(std::string_view module, std::string_view name);
  void ordered_dict();
  void unsigned_integer(std::uint64_t value);
  void real(double value);
  void integers(const Shape& values);
  template <class T>
  void raw(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string text_;
};

}  // namespace nest::io
