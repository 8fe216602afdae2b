#pragma once

#include <string>

#include <fmt/format.h>

#include "eeg_bytes.h"
#include "io/xdf.h"

namespace nest::io {

// Builds XDF images chunk by chunk.
struct XdfBytes {
  std::string out = "XDF:";

  void header(std::uint32_t id, const std::string& name, const std::string& type, double rate_hz,
              int channels = 1, const std::string& format = "int16",
              const std::string& description = "") {
    std::string content;
    put(content, id);
    content += fmt::format(
        "<info><name>{}</name><type>{}</type><channel_count>{}</channel_count><nominal_srate>{}"
        "</nominal_srate><channel_format>{}</channel_format><desc>{}</desc></info>",
        name, type, channels, rate_hz, format, description);
    xdf_chunk(out, 2, content);
  }
  // One sample of one int16 channel with its time stamp.
  void sample(std::uint32_t id, double time, int value) {
    std::string content;
    put(content, id);
    content += "\1\1\10";
    put(content, time);
    put(content, static_cast<std::int16_t>(value));
    xdf_chunk(out, 3, content);
  }
  void marker(std::uint32_t id, double time, const std::string& text) {
    std::string content;
    put(content, id);
    content += "\1\1\10";
    put(content, time);
    content += '\1';
    content += static_cast<char>(text.size());
    content += text;
    xdf_chunk(out, 3, content);
  }
  void offset(std::uint32_t id, double time, double value) {
    std::string content;
    put(content, id);
    put(content, time);
    put(content, value);
    xdf_chunk(out, 4, content);
  }
  std::shared_ptr<const Recording> open(const OpenOptions& options = {}) const {
    return open_xdf(ByteSource::from_text(out), options);
  }
};

}  // namespace nest::io
