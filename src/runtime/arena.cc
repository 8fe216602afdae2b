#include "runtime/arena.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "nest/core/error.h"
#include "nest/core/tensor.h"

namespace nest::runtime {

Arena::Arena(std::int64_t bytes) : size_(bytes) {
  const std::size_t rounded =
      std::max<std::size_t>(1, (static_cast<std::size_t>(bytes) + kAlignment - 1) / kAlignment) *
      kAlignment;
  data_ = static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
  require(data_ != nullptr, ErrorCode::kIo, "cannot allocate {} bytes for activations", bytes);
  std::memset(data_, 0, rounded);
}

Arena::~Arena() {
  std::free(data_);
}

Arena::Arena(Arena&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace nest::runtime
