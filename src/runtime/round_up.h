#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace nest::runtime {

/// The least multiple of `to` that is not below `n`.
template <class N>
constexpr auto round_up(N n, std::type_identity_t<N> to) {
  using Wide = std::conditional_t<std::is_signed_v<N>, std::int64_t, std::size_t>;
  return (Wide{n} + Wide{to} - 1) / Wide{to} * Wide{to};
}

}  // namespace nest::runtime
