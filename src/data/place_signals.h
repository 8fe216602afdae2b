#pragma once

#include <filesystem>
#include <vector>

#include "nest/data/manifest.h"

namespace nest::data {

enum class Placement {
  kInPlace,  ///< relative to the dataset's folder if the file is in it or its path is relative,
             ///< else absolute
  kCopy,  ///< with what belongs to it into OUT/signals; two of one name into folders of their own
};

/// Makes signal paths those of a dataset in `out`, which is made if it is not there.
/// Errors: InvalidArgument for a name that is no UTF-8; Io.
void place_signals(const std::filesystem::path& out, Placement placement,
                   std::vector<Utterance>& utterances);

}  // namespace nest::data
