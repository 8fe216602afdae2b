#pragma once

#include <algorithm>
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

/// Numbers that lie as those of a model do.
template <class T>
class AlignedArray {
 public:
  explicit AlignedArray(std::size_t count, T value = {})
      : arena_(static_cast<std::int64_t>(count * sizeof(T))) {
    std::fill_n(data(), count, value);
  }
  T* data() const { return reinterpret_cast<T*>(arena_.data()); }

 private:
  Arena arena_;
};

}  // namespace nest::runtime
