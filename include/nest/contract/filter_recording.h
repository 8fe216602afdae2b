#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/io/recording.h"
#include "nest/signal/preprocess.h"

namespace nest::contract {

struct FilterRecordingOptions {
  /// Number of channels and rate are the recording's.
  signal::OnlinePreprocessorOptions preprocess;
  /// Electrodes to filter, in this order, named as people write them. Empty: every channel that
  /// holds a voltage and is no trigger line; all of them if the file states no unit.
  std::vector<std::string> channels;
  std::int64_t chunk_samples = 0;  ///< a step; 0: a segment at once. The result is the same.
};

/// Flags of the preprocessing, --channels and --chunk.
void visit_fields(FieldVisitor& visitor, FilterRecordingOptions& options);

struct FilteredRecording {
  /// Annotations, segments and start are those of the original; the rate is the output's.
  std::shared_ptr<const io::Recording> recording;
  std::vector<std::string> left_out;  ///< channels that were not filtered
  signal::PreprocessCounts counts;
  signal::Sos sos;
  /// As carried out: with the recording's rate and number of channels.
  signal::OnlinePreprocessorOptions preprocess;
};
/// {"shape", "output_rate_hz", "annotations", "segments", "left_out", "replaced_values",
/// "settling_samples", "sos", "options"}
Json to_json(const FilteredRecording& filtered);
/// The same for people.
std::string filtered_text(const FilteredRecording& filtered);

/// Runs the causal preprocessing of a stream over a recording; every segment starts anew.
///
/// Errors:   InvalidArgument for impossible options and for a recording without a rate; DataCorrupt
///           for a channel that is not there, and for NaN or infinity under the policy "error"
/// Cost:     memory of the result
FilteredRecording filter_recording(const io::Recording& recording,
                                   const FilterRecordingOptions& options);

struct FilterFileOptions {
  FilterRecordingOptions filter = {};  ///< with the rate of a file that states none
  std::string stream = {};             ///< which part of the input, as io::OpenOptions::stream
  std::string dtype = "float64";       ///< of an .npy output: "float32", "float64", or "same"
};
void visit_fields(FieldVisitor& visitor, FilterFileOptions& options);

/// The same from file to file (.npy, or .edf, which keeps annotations); atomic.
/// Errors: those of io::open_recording, filter_recording and io::write_recording; InvalidArgument
/// for another extension, a rate that the file contradicts, and "same" of a file that is no .npy.
FilteredRecording filter_file(const std::filesystem::path& input,
                              const std::filesystem::path& output,
                              const FilterFileOptions& options);

}  // namespace nest::contract
