#pragma once

#include <string>
#include <vector>

#include "io/fif_tags.h"

namespace nest::io {

/// Text of a tag as UTF-8: the format has Latin-1, with "&#NNNN;" for what Latin-1 lacks.
std::string fif_text(const ByteSource& source, const FifTag& tag);

/// A list of names, separated by colons; "{COLON}" stands for one within a name.
std::vector<std::string> fif_names(const ByteSource& source, const FifTag& tag);

}  // namespace nest::io
