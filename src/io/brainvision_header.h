#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/departures.h"

namespace nest::io {

/// The sections of a BrainVision text file; keys in lower case, values as written, in UTF-8.
///
/// A missing title, a key that is given twice with different values and text that is no UTF-8 are
/// departures. Errors: DataCorrupt if there is no section at all.
class BrainVisionText {
 public:
  BrainVisionText(std::string_view text, std::string_view what, Departures& departures);
  /// The first value of a key, as Windows reads such files; "" if absent.
  std::string get(const std::string& section, const std::string& key) const;
  /// Errors: DataCorrupt naming section and key.
  std::string at(const std::string& section, const std::string& key) const;
  std::int64_t integer(const std::string& section, const std::string& key) const;
  /// Every "ch1", "ch2", ... or "mk1", ... by number, those of one number in the file's order.
  using Numbered = std::vector<std::pair<std::int64_t, std::string>>;
  Numbered numbered(const std::string& section, const std::string& prefix) const;

 private:
  using Entries = std::vector<std::pair<std::string, std::string>>;  // in the file's order
  void add(const std::string& section, std::string_view line, Departures& departures);

  std::string what_;
  std::map<std::string, Entries> sections_;
};

/// Splits at commas; "\1" becomes a comma.
std::vector<std::string> brainvision_fields(std::string_view value);
/// The fields of a marker: type, text, position, size, channel and perhaps a date. A text's commas
/// that were not written as "\1" are told by their number and put back, with a warning.
std::vector<std::string> brainvision_marker_fields(std::string_view value, Departures& departures);
/// A decimal comma is taken as a point. Errors: DataCorrupt.
double brainvision_number(std::string_view text, std::string_view what);
/// The line of each channel, "" where the header has none. Channels are numbered in the order of
/// the data; as many lines as channels are taken in that order whatever their numbers are.
std::vector<std::string> brainvision_channel_lines(const BrainVisionText& header,
                                                   std::int64_t num_channels,
                                                   Departures& departures);
/// Of "YYYYMMDDhhmmssuuuuuu"; nothing if it is no date (see wall_time.h).
std::optional<std::int64_t> brainvision_date_us(const std::string& date);

}  // namespace nest::io
