#pragma once

#include <cstdint>
#include <limits>
#include <map>

#include "nest/core/json_fwd.h"
#include "nest/runtime/isa.h"

namespace nest::runtime {

/// Ways to hold int4 weights in memory: as files do, in half the bytes, or as the int8 matrix that
/// they say, which takes no unpacking. Both give the same bits. What pays depends on how far away
/// the weights lie and on the number of rows, so it is measured.
struct Int4Choice {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  struct Rows {
    std::int64_t least_bytes = kNever;     ///< int8 weights read in turn, from which 4 bits pay
    std::map<std::int64_t, double> gains;  ///< time of 8 bits in that of 4, by those bytes
  };
  Rows one, several;  ///< rows of activations

  bool keeps(std::int64_t rows, std::int64_t bytes) const {
    return bytes >= (rows == 1 ? one : several).least_bytes;
  }
};
/// Measured when first asked for, once a process, in some tens of milliseconds.
const Int4Choice& int4_choice(Isa isa);
Json to_json(const Int4Choice& choice);

}  // namespace nest::runtime
