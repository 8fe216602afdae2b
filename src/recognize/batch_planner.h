#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nest/recognize/batch_request.h"

namespace nest::recognize {

/// Which requests run together, and when. Knows no threads and asks no clock.
class BatchPlanner {
 public:
  using Time = BatchRequest::Clock::time_point;
  using Ids = std::vector<std::uint64_t>;

  explicit BatchPlanner(const BatchOptions& options) : options_(options) {}

  void add(std::uint64_t id, const BatchRequest& request, Time arrived);
  /// False if it does not wait.
  bool remove(std::uint64_t id);
  /// Every request is pressing from now on.
  void hurry() { is_hurried_ = true; }

  struct Turn {
    Ids expired;              ///< wait no more
    Ids batch;                ///< to run now; their sequences are busy until finished()
    Time wake = Time::max();  ///< when to ask again if nothing happens
  };
  Turn next(Time now);
  void finished(const Ids& batch, BatchRequest::Clock::duration took);

  bool is_empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  Ids all() const;

 private:
  struct Waiting {
    std::uint64_t id = 0;
    BatchRequest request;
    Time arrived;
  };
  struct Group {
    std::vector<const Waiting*> items;  ///< that may run now
    Time due = Time::max();
  };

  Ids take_expired(Time now);
  std::map<std::string, Group> groups() const;
  Time due(const Waiting& item) const;
  bool may_run(const Waiting& item) const;
  void forget(const Waiting& item);

  BatchOptions options_;
  std::list<Waiting> waiting_;                                ///< in order of arrival
  std::map<std::uint64_t, std::deque<std::uint64_t>> order_;  ///< waiting ids by sequence
  std::map<std::uint64_t, std::uint64_t> running_;            ///< sequence by id of what runs
  std::set<std::uint64_t> busy_;                              ///< sequences
  BatchRequest::Clock::duration batch_time_{};
  bool is_hurried_ = false;
};

}  // namespace nest::recognize
