#pragma once

#include <string>

#include "nest/core/json.h"

namespace nest {

class Flags;

/// The EEG half of `nest convert`.
struct ConvertEegOptions {
  std::string stream;  ///< which part of the input, "" the main one
  double rate_hz = 0;  ///< for inputs that state none (NPY, CSV, MATLAB)
  bool allow_truncated = false;
};
void register_flags(Flags& flags, ConvertEegOptions& options);

/// True if `in` is an EEG recording and `out` names a format recordings are written in (.edf,
/// .npy). Errors: InvalidArgument if `in` is one, but `out` names another format.
bool is_eeg_conversion(const std::string& in, const std::string& out);

/// Converts and says what was written. Errors: those of the reader and the writer.
Json convert_eeg(const std::string& in, const std::string& out, const ConvertEegOptions& options);

}  // namespace nest
