#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace nest::io {

// Builders of small foreign files for tests; none uses the code it tests.
template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::string padded(std::string text, std::size_t width) {
  text.resize(width, '\0');
  return text;
}

// GDF 2.20: two int16 signals "a" (uV) and "b" (no unit), two records of three samples, mode-3
// events.
inline std::string gdf_bytes() {
  std::string out = padded("GDF 2.20", 184);
  put<std::uint16_t>(out, 3);  // header blocks
  out = padded(out, 236);
  put<std::int64_t>(out, 2);
  put<std::uint32_t>(out, 1);
  put<std::uint32_t>(out, 2);  // half a second
  put<std::uint16_t>(out, 2);
  put<std::uint16_t>(out, 0);
  out += padded("a", 16) + padded("b", 16) + padded("", 2 * 86);
  put<std::uint16_t>(out, 4275);
  put<std::uint16_t>(out, 0);
  for (const double v : {-100., -32768., 100., 32767., -32768., -32768., 32767., 32767.})
    put(out, v);
  out += padded("", 2 * 80);
  for (int i = 0; i < 2; ++i) put<std::uint32_t>(out, 3);
  for (int i = 0; i < 2; ++i) put<std::uint32_t>(out, 3);  // int16
  out += padded("", 2 * 32);
  for (int i = 0; i < 12; ++i) put<std::int16_t>(out, static_cast<std::int16_t>(i * 100));
  out += '\3';
  out += std::string("\1\0\0", 3);
  put<float>(out, 6);
  put<std::uint32_t>(out, 4);  // position from 1
  put<std::uint16_t>(out, 770);
  put<std::uint16_t>(out, 2);  // channel from 1
  put<std::uint32_t>(out, 3);
  return out;
}

inline void xdf_chunk(std::string& out, std::uint16_t tag, const std::string& content) {
  out += '\4';
  put<std::uint32_t>(out, static_cast<std::uint32_t>(content.size() + 2));
  put(out, tag);
  out += content;
}

// XDF: an int16 stream of two channels at 10 Hz with a gap of 100 s after sample 3, and markers.
inline std::string xdf_bytes() {
  std::string out = "XDF:";
  std::string content;
  put<std::uint32_t>(content, 1);
  content +=
      "<?xml version=\"1.0\"?><info><name>amp</name><type>EEG</type><channel_count>2"
      "</channel_count><nominal_srate>10</nominal_srate><channel_format>int16"
      "</channel_format><desc><channels><channel><label>Cz</label><unit>microvolts</unit>"
      "</channel><channel><label>Oz</label></channel></channels></desc></info>";
  xdf_chunk(out, 2, content);
  content.clear();
  put<std::uint32_t>(content, 2);
  content +=
      "<info><name>cues</name><type>Markers</type><channel_count>1</channel_count>"
      "<nominal_srate>0</nominal_srate><channel_format>string</channel_format></info>";
  xdf_chunk(out, 2, content);
  for (int chunk = 0; chunk < 2; ++chunk) {
    content.clear();
    put<std::uint32_t>(content, 1);
    content += "\1\3";  // three samples, the count in one byte
    for (int k = 0; k < 3; ++k) {
      if (k == 0) {
        content += '\10';
        put<double>(content, 50 + 100.3 * chunk);
      } else {
        content += '\0';
      }
      put<std::int16_t>(content, static_cast<std::int16_t>(chunk * 3 + k));
      put<std::int16_t>(content, static_cast<std::int16_t>(-(chunk * 3 + k)));
    }
    xdf_chunk(out, 3, content);
  }
  content.clear();
  put<std::uint32_t>(content, 2);
  content += "\1\1\10";
  put<double>(content, 50.1);
  content += "\1\2go";
  xdf_chunk(out, 3, content);
  for (const std::uint32_t stream : {1u, 2u}) {
    content.clear();
    put(content, stream);
    put<double>(content, 55);
    put<double>(content, stream == 1 ? 0.5 : 0.75);
    xdf_chunk(out, 4, content);
  }
  return out;
}

inline std::string brainvision_header(const std::string& order, const std::string& type) {
  return "BrainVision Data Exchange Header File Version 1.0\r\n; comment\r\n[Common Infos]\r\n"
         "Codepage=UTF-8\r\nDataFile=x.eeg\r\nMarkerFile=x.vmrk\r\nDataFormat="
         "BINARY\r\nDataOrientation=" +
         order +
         "\r\nNumberOfChannels=2\r\nSamplingInterval=1000\r\nDataPoints=3\r\n[Binary "
         "Infos]\r\nBinaryFormat=" +
         type + "\r\n[Channel Infos]\r\nCh1=a\\1b,,0.5,\xC2\xB5V\r\nCh2=T,,2,C\r\n";
}

inline std::string brainvision_markers() {
  return "Brain Vision Data Exchange Marker File, Version 1.0\n[Marker Infos]\n"
         "Mk1=New Segment,,1,1,0,20200101120000000000\nMk2=Stimulus,S  1,2,1,2\n"
         "Mk3=New Segment,,3,1,0,20200101120010000000\n";
}

}  // namespace nest::io
