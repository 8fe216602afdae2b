#pragma once

#include <filesystem>
#include <memory>

#include "io/mat_file.h"
#include "nest/io/recording.h"

namespace nest::io {

/// True if the file has a variable `sentenceData` that is no number array.
bool is_zuco(const MatFile& file);

/// The sentences that have EEG, one after the other: each is a segment and an annotation with its
/// text; every placed fixation is an annotation "word/<text>".
/// A sentence that is damaged, or has another number of channels than those before, is left out
/// with a warning. Errors: as ZucoFile::open(); DataCorrupt if no sentence has EEG.
std::shared_ptr<const Recording> open_zuco(const std::filesystem::path& path,
                                           const OpenOptions& options = {});

}  // namespace nest::io
