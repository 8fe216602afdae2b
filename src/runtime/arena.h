#pragma once

#include <cstddef>
#include <cstdint>

namespace nest::runtime {

/// Zeroed memory for activations, 64-byte aligned.
class Arena {
 public:
  Arena() = default;
  explicit Arena(std::int64_t bytes);
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;

  std::byte* data() const { return data_; }
  std::int64_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace nest::runtime
