#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nest::io {

/// The sections of a BrainVision text file; keys in lower case, values as written, in UTF-8.
class BrainVisionText {
 public:
  /// Errors: DataCorrupt if the first line is no BrainVision title.
  BrainVisionText(std::string_view text, std::string_view what);
  /// "" if absent.
  std::string get(const std::string& section, const std::string& key) const;
  /// Errors: DataCorrupt naming section and key.
  std::string at(const std::string& section, const std::string& key) const;
  std::int64_t integer(const std::string& section, const std::string& key) const;
  /// "ch1", "ch2", ... or "mk1", ...; absent numbers end the list.
  std::vector<std::string> numbered(const std::string& section, const std::string& prefix) const;

 private:
  std::string what_;
  std::map<std::string, std::map<std::string, std::string>> sections_;
};

/// Splits at commas; "\1" becomes a comma.
std::vector<std::string> brainvision_fields(std::string_view value);
/// Errors: DataCorrupt.
double brainvision_number(std::string_view text, std::string_view what);

}  // namespace nest::io
