#include "nest/core/trace.h"

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json_text.h"

namespace nest {

Trace::Trace() : start_(Clock::now()) {}

double Trace::us(Clock::time_point at) const {
  return std::chrono::duration<double, std::micro>(at - start_).count();
}

int Trace::add_track(const std::string& name) {
  const std::lock_guard lock(mutex_);
  tracks_.push_back(name);
  return static_cast<int>(tracks_.size());
}

void Trace::add(Event event) {
  const std::lock_guard lock(mutex_);
  require(
      event.phase == 'C' || (event.track >= 1 && event.track <= static_cast<int>(tracks_.size())),
      ErrorCode::kInvalidArgument, "track {} is none of the {} that were added", event.track,
      tracks_.size());
  events_.push_back(std::move(event));
}

void Trace::span(int track, std::string name, Clock::time_point begin, Clock::time_point end,
                 Json arguments) {
  add({std::move(name), 'X', track, us(begin), us(end) - us(begin), std::move(arguments)});
}

void Trace::instant(int track, std::string name, Clock::time_point at, Json arguments) {
  add({std::move(name), 'i', track, us(at), 0, std::move(arguments)});
}

void Trace::counter(std::string name, Clock::time_point at, double value) {
  add({std::move(name), 'C', 0, us(at), 0, {{"value", value}}});
}

std::size_t Trace::size() const {
  const std::lock_guard lock(mutex_);
  return events_.size();
}

Json Trace::to_json() const {
  const std::lock_guard lock(mutex_);
  Json events = Json::array();
  events.push_back(
      {{"name", "process_name"}, {"ph", "M"}, {"pid", 1}, {"args", {{"name", "nest"}}}});
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    const int track = static_cast<int>(i) + 1;
    events.push_back({{"name", "thread_name"},
                      {"ph", "M"},
                      {"pid", 1},
                      {"tid", track},
                      {"args", {{"name", tracks_[i]}}}});
    events.push_back({{"name", "thread_sort_index"},
                      {"ph", "M"},
                      {"pid", 1},
                      {"tid", track},
                      {"args", {{"sort_index", track}}}});
  }
  for (const Event& event : events_) {
    Json json{{"name", event.name},
              {"ph", std::string(1, event.phase)},
              {"pid", 1},
              {"tid", event.track},
              {"ts", event.begin_us}};
    if (event.phase == 'X') json["dur"] = event.duration_us;
    if (event.phase == 'i') json["s"] = "t";
    if (!event.arguments.is_null()) json["args"] = event.arguments;
    events.push_back(std::move(json));
  }
  return {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}};
}

void Trace::write(const std::filesystem::path& path) const {
  write_text_file(path, json_text(to_json(), 0) + "\n");
}

}  // namespace nest
