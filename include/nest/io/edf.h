#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

/// One signal of an EDF or BDF header, as written there.
struct EdfSignal {
  std::string label;
  std::string unit;
  double physical_min = 0;
  double physical_max = 0;
  double digital_min = 0;
  double digital_max = 0;
  std::int64_t samples_per_record = 0;
  bool is_annotation = false;      ///< "EDF Annotations" or "BDF Annotations"
  std::int64_t record_offset = 0;  ///< bytes from the start of a data record
  /// Why its numbers mean nothing ("" if they do): a limit that is no number, an empty range.
  std::string problem;
};

/// The header of EDF (Kemp 1992), EDF+ (Kemp & Olivan 2003) and their 24-bit variants BDF, BDF+.
struct EdfHeader {
  bool is_bdf = false;
  bool is_plus = false;
  bool has_gaps = false;  ///< EDF+D / BDF+D: records carry their own time
  std::string patient;
  std::string recording;
  std::string start_time;  ///< ISO 8601, whole seconds; "" if unknown
  std::int64_t header_bytes = 0;
  std::int64_t declared_records = 0;  ///< -1: unknown (recording was interrupted)
  std::int64_t num_records = 0;       ///< complete records in the file, at most the declared number
  double record_duration_s = 0;
  std::int64_t record_bytes = 0;
  std::vector<EdfSignal> signals;
  std::vector<std::string> warnings;

  int sample_bytes() const { return is_bdf ? 3 : 2; }
};

/// Texts are UTF-8 (Latin-1 is assumed where a field is none). A signal whose range cannot be used
/// has a `problem`; only what the layout of the file depends on must be sound.
/// Errors: DataCorrupt naming the field, its byte position and content; or, without
/// `allow_truncated`, the declared and the actual size of a file that ends early.
EdfHeader read_edf_header(const ByteSource& source, bool allow_truncated = false);

/// EDF, EDF+C, EDF+D, BDF, BDF+. Signals are grouped by rate; a group is a stream ("256 Hz").
///
/// A BDF status channel stays a channel of raw numbers; its trigger bits (lower 16) are also given
/// as annotations, one at each change to a value other than zero. Left out with a warning: signals
/// with a `problem`, signals of records without duration (they have no rate), annotation lists that
/// cannot be read. A file of annotations alone has no channels.
/// Errors: as read_edf_header(); DataCorrupt if nothing sound is left.
std::shared_ptr<const Recording> open_edf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options = {});

/// The time-stamped annotation lists of EDF+ in one data record's bytes. The onset of the first
/// list is the record's own time.
struct EdfTal {
  double record_time_s = 0;
  bool has_record_time = false;
  bool is_empty = true;                 ///< there is no list at all
  std::vector<Annotation> annotations;  ///< text as stored, any bytes
  std::vector<std::string> problems;    ///< lists that cannot be read: "byte 8: ..."
};
EdfTal parse_edf_tal(std::string_view bytes);

struct EdfWriteOptions {
  std::string patient = "X X X X";
  /// Samples a data record holds are chosen near this duration so that no padding is needed.
  double record_duration_s = 1;
  /// Per-channel physical range in the channel's unit; empty: the range of the data (two passes).
  std::vector<double> physical_min;
  std::vector<double> physical_max;
};
void visit_fields(FieldVisitor& visitor, EdfWriteOptions& options);

/// Writes EDF+C, or EDF+D if the recording has gaps; 16 bits, volts as microvolts; atomic. Returns
/// what could not be written as it was: labels of more than 16 characters or in other letters than
/// ASCII (they stay distinct), padding, a rate that eight characters cannot say.
///
/// The error is at most half a step of (max - min) / 65535 per channel. If the number of samples
/// does not divide into records the last record repeats the last sample. Every number is plain
/// decimal; a fraction of the start's second is in the records' time stamps (EDF+ 2.2.4).
/// Errors: InvalidArgument for no channel or sample, NaN or infinite samples, unknown rate, gaps
/// that records cannot represent, ranges that eight characters cannot say; Io.
std::vector<std::string> write_edf(const std::filesystem::path& path, const Recording& recording,
                                   const EdfWriteOptions& options = {});

}  // namespace nest::io
