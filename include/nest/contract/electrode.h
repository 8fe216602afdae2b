#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nest::contract {

/// An electrode's label without what is written around its name: the type in front ("EEG "), the
/// recording's reference behind (-REF, -LE, -AVG, -AR), dots and blanks at the ends. "EEG Fp1-REF"
/// and "Fp1." give "Fp1"; "Fp1-F7" is a derivation of two electrodes and stays what it is.
std::string electrode_name(std::string_view label);
/// That in lower case, which tells electrodes apart: "FP1" and "EEG Fp1" are one.
std::string plain_electrode(std::string_view label);

/// Where an electrode was found among labels.
struct ElectrodeMatch {
  std::int64_t row = -1;    ///< -1: nowhere
  bool is_alias = false;    ///< under its other name: T3/T7, T4/T8, T5/P7, T6/P8
  std::int64_t rival = -1;  ///< another label that means the same electrode: it is not known which
};

/// The label that reads exactly `wanted`, else the one that means the same electrode, else the one
/// that does under the electrode's other name (the 10-20 system renamed four: Klem et al. 1999).
ElectrodeMatch find_electrode(std::span<const std::string> labels, std::string_view wanted);

}  // namespace nest::contract
