#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/core/tensor.h"

namespace nest::io {

/// What a channel measures.
enum class ChannelType : std::uint8_t {
  kUnknown,  ///< the file does not say
  kEeg,
  kEog,
  kEcg,
  kEmg,
  kMeg,
  kIntracranial,  ///< electrodes inside the head
  kStim,          ///< trigger and status lines
  kMisc,
};
/// "", "eeg", "eog", "ecg", "emg", "meg", "ieeg", "stim", "misc"
EnumTable enum_table(ChannelType of);

struct ChannelInfo {
  std::string name = {};
  /// Unit of what read() returns: "V" when the file states a voltage (scaled to volts), else the
  /// file's own unit, "" when it states none.
  std::string unit = {};
  std::string file_unit = {};  ///< as written in the file ("uV")
  double physical_min = 0;     ///< in `unit`; equal to physical_max if the format has no range
  double physical_max = 0;
  ChannelType type = ChannelType::kUnknown;
  bool is_bad = false;  ///< marked so in the file
};

/// Something that happened: a trigger, a cue, a word. Times count from the first sample.
struct Annotation {
  double onset_s = 0;
  double duration_s = 0;
  std::string text;
  std::string channel;  ///< "" for the whole recording
};

/// A stretch without a gap: sample first_sample was taken time_s after the recording's start.
struct Segment {
  std::int64_t first_sample = 0;
  std::int64_t num_samples = 0;
  double time_s = 0;
};

/// A part of the file that this Recording does not show: signals of another rate (EDF), another
/// stream (XDF), another variable (MATLAB, NPZ). Open it by giving its name in OpenOptions, or its
/// id where several parts have one name.
struct StreamInfo {
  std::string name;
  double rate_hz = 0;
  std::int64_t num_channels = 0;
  std::int64_t num_samples = 0;  ///< 0: announced, but nothing came
  std::string id = {};           ///< XDF: the stream's number in the file; else ""
};

/// All texts are UTF-8, whatever the file's bytes are.
struct RecordingInfo {
  std::string format;     ///< "EDF+C", "BrainVision", ...
  std::string stream;     ///< which part of the file this is, "" if it has only one
  std::string stream_id;  ///< its StreamInfo::id
  std::vector<ChannelInfo> channels;
  double rate_hz = 0;  ///< 0 if the file does not state it (see OpenOptions::rate_hz)
  std::int64_t num_samples = 0;
  /// ISO 8601 local time of the first sample, with a fraction if it has one; "" if unknown.
  std::string start_time;
  std::vector<Annotation> annotations;  ///< in order of onset
  std::vector<Segment> segments;        ///< one, or one more than there are gaps
  std::vector<StreamInfo> other_streams;
  /// Departures from the format, and what was left out because of one, each with its place.
  std::vector<std::string> warnings;
  std::vector<std::string> notes;  ///< how a sound file is shown

  /// Index of a channel by name; "Oz" also finds EDF's "EEG Oz". Errors: NotFound that lists the
  /// names.
  int channel(std::string_view name) const;
  /// The sample taken at `time_s`, or the first one after it if it falls into a gap; num_samples
  /// after the end.
  std::int64_t sample_at(double time_s) const;
  double time_of(std::int64_t sample) const;
};
Json to_json(const RecordingInfo& info);

/// An EEG file, opened: its header is in memory, its samples are not.
///
/// State: thread-safe; read() may be called from several threads.
class Recording {
 public:
  virtual ~Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  const RecordingInfo& info() const { return info_; }

  /// Samples [first_sample, first_sample + count) of the given channels, all if empty.
  ///
  /// Shapes:  [channels, count], kF32 or kF64
  /// Units:   per channel ChannelInfo::unit (volts where the file states a voltage)
  /// Errors:  InvalidArgument if the range or a channel does not exist; DataCorrupt; Io
  /// Cost:    proportional to what is asked for; memory flat beside the result
  Tensor read(std::span<const int> channels, std::int64_t first_sample, std::int64_t count,
              DType dtype = DType::kF32) const;
  Tensor read_all(DType dtype = DType::kF32) const { return read({}, 0, info_.num_samples, dtype); }

 protected:
  Recording() = default;
  RecordingInfo info_;

 private:
  /// Writes [channels, count] row by row; count and channels are valid and the block is small.
  virtual void read_block(std::span<const int> channels, std::int64_t first_sample,
                          std::int64_t count, double* out) const = 0;
};

struct OpenOptions {
  /// Which part of the file: "128 Hz" (EDF), a stream's name (XDF), a variable (MATLAB, NPZ).
  /// Empty: the one with most channels at the highest rate.
  std::string stream = {};
  /// For formats that do not state a rate (NPY, plain CSV, MATLAB variables); 0: leave unknown.
  double rate_hz = 0;
  /// A file that ends early is an error unless this is set; then the complete part is read.
  bool allow_truncated = false;
  /// Any of RecordingInfo::warnings is an error.
  bool strict = false;
};
void visit_fields(FieldVisitor& visitor, OpenOptions& options);

/// Opens an EEG file; the format is found from its content, then from its extension. BrainVision
/// data and marker files and EEGLAB's .fdt lead to the header beside them.
///
/// What is asked for and sound is read; a signal, annotation, marker or stream that is not is left
/// out with a warning that names it and its place.
/// Errors: NotFound, Io; DataCorrupt naming the field and its byte; with `strict` also for any
/// warning; Unsupported naming the format.
std::shared_ptr<const Recording> open_recording(const std::filesystem::path& file,
                                                const OpenOptions& options = {});

/// The file that describes the recording `file` belongs to: the .vhdr of a BrainVision data or
/// marker file, the .set beside EEGLAB's .fdt; else `file` itself. Never throws on content.
std::filesystem::path describing_file(const std::filesystem::path& file);

/// The files that a describing file needs beside it: BrainVision's data and markers, EEGLAB's data,
/// the further parts of a split FIF. Only those that are there. Never throws on content.
std::vector<std::filesystem::path> companion_files(const std::filesystem::path& file);

/// Name of the EEG format of a file ("EDF", "FIF", ...), "" if it looks like none. Never throws on
/// content; CNT is recognised although it cannot be opened. The content decides where it can: a
/// MATLAB file is EEGLAB's if it holds an EEG dataset, whatever its name.
std::string recording_format(const std::filesystem::path& path);

/// What is in the file as JSON, also of a broken one: {"format", "ok", "error"?, "info"?, and for
/// EDF/BDF and GDF "declared_bytes" and "actual_bytes"}.
/// Errors: NotFound and Io only.
Json explain(const std::filesystem::path& path, const OpenOptions& options = {});

/// A recording whose samples are in memory: [channels, samples], kF32 or kF64, in the units of
/// info. num_samples and an empty list of segments are filled in. Errors: InvalidArgument on
/// misfit.
std::shared_ptr<const Recording> make_recording(RecordingInfo info, Tensor samples);

/// Factor to volts of a unit as EEG files write it ("uV", "µV", "mV", "nV", "V"); nothing if it is
/// no voltage.
std::optional<double> volts_per_unit(std::string_view unit);

}  // namespace nest::io
