#pragma once

#include <chrono>
#include <list>
#include <memory>

#include "serve/transport.h"

namespace nest::serve {

/// The open connections, with the time at which each is late. One thread.
class Connections {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Entry {
    std::shared_ptr<Transport> transport;
    TimePoint deadline = TimePoint::max();
    bool is_idle = true;
    bool is_closed = false;
    bool is_unanswered = true;
  };
  using Place = std::list<Entry>::iterator;

  /// Idle ones stand in front, the longest idle first.
  Place add(std::shared_ptr<Transport> transport, double idle_s) {
    entries_.push_back({.transport = std::move(transport), .deadline = after(idle_s)});
    return std::prev(entries_.end());
  }
  void remove(Place place) { entries_.erase(place); }

  /// It has `seconds` from now for what it does; 0: as long as it likes.
  void busy(Place place, double seconds) {
    place->is_idle = false;
    place->deadline = seconds > 0 ? after(seconds) : TimePoint::max();
  }
  void idle(Place place, double seconds) {
    place->is_idle = true;
    place->deadline = after(seconds);
    entries_.splice(entries_.end(), entries_, place);
  }
  static void close(Place place) {
    if (place->is_closed) return;
    place->is_closed = true;
    place->transport->close();
  }

  /// Closes those that are late.
  void sweep() {
    const TimePoint now = std::chrono::steady_clock::now();
    for (Place place = entries_.begin(); place != entries_.end(); ++place)
      if (place->deadline < now) close(place);
  }
  /// False if none is idle.
  bool close_longest_idle() {
    for (Place place = entries_.begin(); place != entries_.end(); ++place) {
      if (!place->is_idle || place->is_closed) continue;
      close(place);
      return true;
    }
    return false;
  }
  /// Those that wait for a request look again whether they should.
  void wake_idle() {
    for (Place place = entries_.begin(); place != entries_.end(); ++place)
      if (place->is_idle) place->transport->cancel();
  }
  void close_all() {
    for (Place place = entries_.begin(); place != entries_.end(); ++place) close(place);
  }
  std::size_t size() const { return entries_.size(); }

 private:
  static TimePoint after(double seconds) {
    return std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(
               std::chrono::duration<double>(seconds));
  }

  std::list<Entry> entries_;
};

}  // namespace nest::serve
