#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

/// BrainVision Core Data Format 1.0: header (.vhdr), markers (.vmrk) and data beside it.
///
/// INT_16, INT_32, IEEE_FLOAT_32; multiplexed and vectorized; UTF-8 and Latin-1 texts. A marker's
/// annotation reads "type/description" ("Stimulus/S  4"). A "New Segment" marker after the first
/// sample begins a new segment; its time comes from the markers' dates if both have one. Numbered
/// keys may stand in any order, with gaps and repeats. Warnings: a missing title or marker file,
/// markers and channels that cannot be read and are left out.
/// Errors: NotFound for a missing data file; DataCorrupt naming section and key; Unsupported for
/// ASCII data.
std::shared_ptr<const Recording> open_brainvision(const std::filesystem::path& header_path,
                                                  const OpenOptions& options = {});

/// The header (.vhdr) in the same folder that names `file` as its data or marker file; the one of
/// the same name is asked first. Nothing if there is none. Never throws on content.
std::optional<std::filesystem::path> find_brainvision_header(const std::filesystem::path& file);

/// The same on texts and bytes that are already at hand (tests, fuzzing). `markers` may be empty.
std::shared_ptr<const Recording> open_brainvision(std::string_view header, std::string_view markers,
                                                  std::shared_ptr<const ByteSource> data,
                                                  const OpenOptions& options = {});

}  // namespace nest::io
