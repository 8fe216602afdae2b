#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "nest/io/byte_source.h"
#include "nest/io/edf.h"

namespace nest::io {

// Builds EDF images byte by byte, so that tests do not trust the writer they test.
struct EdfBytes {
  struct Signal {
    std::string label = "Cz";
    std::string unit = "uV";
    int per_record = 4;
    std::string digital_min = "-32768";
    std::string digital_max = "32767";
    std::string physical_min = "-32768";
    std::string physical_max = "32767";
  };
  std::string version = "0";
  std::string patient = "X X X X";
  std::string recording = "Startdate 06-JUL-2012 X X X";
  std::string start = "06.07.1219.02.16";
  std::string reserved;
  std::string duration = "1";
  int declared_records = 0;
  int sample_bytes = 2;
  std::vector<Signal> signals;
  std::string data;

  static std::string field(std::string text, std::size_t width) {
    text.resize(width, ' ');
    return text;
  }

  void add(int value) {
    for (int i = 0; i < sample_bytes; ++i) data += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void add_tal(std::string text, std::size_t width) {
    text.resize(width, '\0');
    data += text;
  }

  std::string text() const {
    std::string out = field(version, 8) + field(patient, 80) + field(recording, 80) + start;
    out += field(fmt::format("{}", 256 * (signals.size() + 1)), 8) + field(reserved, 44);
    out += field(fmt::format("{}", declared_records), 8) + field(duration, 8);
    out += field(fmt::format("{}", signals.size()), 4);
    for (const Signal& s : signals) out += field(s.label, 16);
    for (const Signal& s : signals) out += field(s.label.substr(0, 0), 80);
    for (const Signal& s : signals) out += field(s.unit, 8);
    for (const Signal& s : signals) out += field(s.physical_min, 8);
    for (const Signal& s : signals) out += field(s.physical_max, 8);
    for (const Signal& s : signals) out += field(s.digital_min, 8);
    for (const Signal& s : signals) out += field(s.digital_max, 8);
    for (const Signal& s : signals) out += field(s.label.substr(0, 0), 80);
    for (const Signal& s : signals) out += field(fmt::format("{}", s.per_record), 8);
    for (const Signal& s : signals) out += field(s.label.substr(0, 0), 32);
    return out + data;
  }

  std::shared_ptr<const Recording> open(const OpenOptions& options = {}) const {
    return open_edf(ByteSource::from_text(text()), options);
  }
};

}  // namespace nest::io
