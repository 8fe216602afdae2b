#pragma once

#include <cstdint>

#include "nest/core/json_fwd.h"
#include "nest/runtime/isa.h"

/// Ways to hold int4 weights in memory: as files do, in half the bytes, or as the int8 matrix that
/// they say, which takes no unpacking. Both give the same bits. What pays depends on how far away
/// the weights lie and on the number of rows, so it is measured.
namespace nest::runtime {

/// Whether products of `rows` rows are faster with 4 bits where so many bytes of int8 weights would
/// be read in turn. Fewer than the least that is measured lie near enough to stay in 8 bits.
///
/// Cost: measured when first asked, once a process: a few milliseconds for one or several rows and
/// each of four sizes from 256 KiB to 16 MiB; nothing below.
bool keeps_int4(Isa isa, std::int64_t rows, std::int64_t bytes);

/// {"one_row": {BYTES: GAIN}, "several_rows": ...}: time of 8 bits in that of 4, for every size.
Json int4_gains(Isa isa);

}  // namespace nest::runtime
