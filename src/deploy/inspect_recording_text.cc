#include <algorithm>

#include "inspect_kinds.h"
#include "nest/core/job.h"

namespace nest::deploy {
namespace {

constexpr std::size_t kMostLines = 8;  // of annotations and segments; --json has all

std::string channel_lines(const Json& channels) {
  std::string text;
  std::string line;
  for (const Json& channel : channels) {
    const auto name = channel["name"].get<std::string>();
    const auto unit = channel["unit"].get<std::string>();
    const std::string item = (name.empty() ? "(unnamed)" : name) +
                             (unit.empty() || unit == "V" ? "" : " [" + unit + "]");
    if (line.size() + item.size() > 90) {
      text += fmt::format("  {},\n", line);
      line.clear();
    }
    line += (line.empty() ? "" : ", ") + item;
  }
  return text + fmt::format("  {}\n", line);
}

template <class F>
std::string list(const Json& items, F line_of) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), kMostLines); ++i) text += line_of(items[i]);
  if (items.size() > kMostLines) {
    text += fmt::format("  ... {} more; the JSON lists all\n", items.size() - kMostLines);
  }
  return text;
}

std::string info_text(const Json& info) {
  const double rate_hz = info["rate_hz"].get<double>();
  std::string text = info["format"].get<std::string>();
  if (info.contains("stream"))
    text += fmt::format(", part '{}'", info["stream"].get<std::string>());
  if (info.contains("stream_id")) {
    text += fmt::format(" id {}", info["stream_id"].get<std::string>());
  }
  text += fmt::format("\n{} channels, {} samples", info["channels"].size(),
                      info["num_samples"].get<std::int64_t>());
  text += rate_hz > 0 ? fmt::format(" at {} Hz: {}", rate_hz,
                                    format_duration(info["duration_s"].get<double>()))
                      : ", the rate is not stated and must be given where it is needed";
  if (info.contains("start_time")) {
    text += fmt::format(", begun {}", info["start_time"].get<std::string>());
  }
  const auto& channels = info["channels"];
  const bool has_volts = std::any_of(channels.begin(), channels.end(),
                                     [](const Json& channel) { return channel["unit"] == "V"; });
  text += fmt::format("\nchannels{}\n", has_volts ? ", in volts where no unit is given" : "");
  text += channel_lines(channels);
  if (info["segments"].size() > 1) {
    text += fmt::format("{} segments\n", info["segments"].size());
    text += list(info["segments"], [&](const Json& segment) {
      return fmt::format("  {:>10.3f} s  {} samples\n", segment["time_s"].get<double>(),
                         segment["num_samples"].get<std::int64_t>());
    });
  }
  text += fmt::format("{} annotations\n", info["annotations"].size());
  text += list(info["annotations"], [](const Json& note) {
    const double duration_s = note["duration_s"].get<double>();
    return fmt::format("  {:>10.3f} s  {}{}\n", note["onset_s"].get<double>(),
                       note["text"].get<std::string>(),
                       duration_s > 0 ? fmt::format("  ({:.3f} s)", duration_s) : "");
  });
  for (const Json& stream : info["other_streams"]) {
    text += fmt::format("also there: stream '{}'{}, {} channels, {} samples\n",
                        stream["name"].get<std::string>(),
                        stream.contains("id") ? " id " + stream["id"].get<std::string>() : "",
                        stream["num_channels"].dump(), stream["num_samples"].dump());
  }
  for (const Json& warning : info["warnings"]) {
    text += fmt::format("warning: {}\n", warning.get<std::string>());
  }
  for (const Json& note : info["notes"]) {
    text += fmt::format("note: {}\n", note.get<std::string>());
  }
  return text;
}

}  // namespace

std::string recording_text(const Json& description) {
  if (description.value("ok", false)) return "recording  " + info_text(description["info"]);
  std::string text =
      fmt::format("recording  {}, damaged\n", description["format"].get<std::string>());
  if (description.contains("readable_part") && !description["readable_part"].is_null()) {
    text += "readable as a truncated file:\n" + info_text(description["readable_part"]);
  }
  return text;
}

}  // namespace nest::deploy
