#pragma once

#include <cstdint>

#include "nest/core/json_fwd.h"
#include "nest/runtime/isa.h"

/// Ways to hold int8 weights of pruned models: all of them, or without their blocks of zeros (16
/// outputs by 4 inputs), which takes an index and single blocks. Both give the same bits. What pays
/// depends on the processor and on the number of rows, so it is measured.
namespace nest::runtime {

/// The largest share of a weight's blocks that may be there for products of `rows` rows to be
/// faster without the others, where so many bytes of int8 weights with their zeros would be read in
/// turn; from 0 to 1.
///
/// Cost: measured when first asked, once a process: a few milliseconds for one or several rows and
/// each of four sizes from 256 KiB to 16 MiB.
double sparse_break_even(Isa isa, std::int64_t rows, std::int64_t bytes);

/// {"one_row": {BYTES: SHARE}, "several_rows": ...}.
Json sparse_break_evens(Isa isa);

}  // namespace nest::runtime
