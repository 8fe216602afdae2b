#include "nest/stream/live_line.h"

#include <algorithm>

namespace nest::stream {
namespace {

/// Bytes of UTF-8 that begin a character.
bool is_first_byte(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, is_first_byte));
}

/// The last `most` characters, with an ellipsis for what stood before.
std::string end_of(const std::string& text, std::size_t most) {
  const std::size_t width = width_of(text);
  if (width <= most) return text;
  if (most == 0) return "";
  std::size_t drop = width - (most - 1), at = 0;
  while (drop > 0 && at < text.size()) {
    ++at;
    while (at < text.size() && !is_first_byte(text[at])) ++at;
    --drop;
  }
  return "…" + text.substr(at);
}

std::string channels_text(const StreamingInference& pipeline) {
  const auto channels = pipeline.quality().channels();
  const auto bad = std::ranges::count_if(channels, [](const auto& c) { return !c.is_good(); });
  return bad == 0 ? fmt::format("{} ch ok", channels.size())
                  : fmt::format("{}/{} ch bad", bad, channels.size());
}

}  // namespace

std::string live_line(const StreamingInference& pipeline, const StreamEvent& event,
                      const std::string& committed, std::size_t columns, bool has_colours) {
  const std::string head = fmt::format("{:7.1f} s {:6.2f} ms  {}  ", event.time_s,
                                       event.latency.age_ms, channels_text(pipeline));
  const std::size_t room = columns > head.size() ? columns - head.size() : 0;
  std::string said = committed.substr(committed.size() - std::min(committed.size(), 4 * room));
  std::ranges::replace(said, '\n', '|');
  std::string tentative = end_of(pipeline.text_of(event.tentative), room);
  const std::size_t brackets = has_colours || tentative.empty() ? 0 : 2;
  const std::size_t taken = std::min(room, width_of(tentative) + brackets);
  std::string line = head + end_of(said, room - taken);
  if (tentative.empty()) return line;
  return line + (has_colours ? "\x1b[2m" + tentative + "\x1b[0m" : "[" + tentative + "]");
}

}  // namespace nest::stream
