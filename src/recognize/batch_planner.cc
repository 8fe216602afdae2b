#include "batch_planner.h"

#include <algorithm>

#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::recognize {
namespace {

using Clock = BatchRequest::Clock;

/// How much of the longest batch seen stays in the estimate after each shorter one.
constexpr double kForget = 0.95;

Clock::duration milliseconds(double ms) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(ms));
}

constexpr EnumName kOutcomes[] = {{BatchOutcome::kDone, "done"},
                                  {BatchOutcome::kFailed, "failed"},
                                  {BatchOutcome::kExpired, "expired"},
                                  {BatchOutcome::kCancelled, "cancelled"},
                                  {BatchOutcome::kRefused, "refused"}};

}  // namespace

EnumTable enum_table(BatchOutcome) {
  return {"outcome of a request", kOutcomes};
}

void visit_fields(FieldVisitor& visitor, BatchOptions& o) {
  visitor.group("Batches");
  visitor.field("max_batch", o.max_batch, "requests run at once", between(1, 4096));
  visitor.field("max_delay_ms", o.max_delay_ms, "longest that a request waits for others",
                between(0, 60000));
  visitor.field("workers", o.workers, "batches in flight", between(1, 1024));
  visitor.field("max_waiting", o.max_waiting, "requests that may wait; more are refused",
                between(1, 1e6));
}

void validate(const BatchOptions& options) {
  check_fields(options);
}

Json to_json(const BatchFigures& f) {
  return {{"submitted", f.submitted}, {"done", f.done},           {"failed", f.failed},
          {"expired", f.expired},     {"cancelled", f.cancelled}, {"refused", f.refused},
          {"batches", f.batches},     {"by_size", f.by_size},     {"waiting", f.waiting},
          {"running", f.running}};
}

void BatchPlanner::add(std::uint64_t id, const BatchRequest& request, Time arrived) {
  waiting_.push_back({id, request, arrived});
  if (request.sequence != 0) order_[request.sequence].push_back(id);
}

void BatchPlanner::forget(const Waiting& item) {
  const auto found = order_.find(item.request.sequence);
  if (found == order_.end()) return;
  std::erase(found->second, item.id);
  if (found->second.empty()) order_.erase(found);
}

bool BatchPlanner::remove(std::uint64_t id) {
  const auto found = std::ranges::find(waiting_, id, &Waiting::id);
  if (found == waiting_.end()) return false;
  forget(*found);
  waiting_.erase(found);
  return true;
}

BatchPlanner::Ids BatchPlanner::all() const {
  Ids ids;
  for (const Waiting& item : waiting_) ids.push_back(item.id);
  return ids;
}

BatchPlanner::Ids BatchPlanner::take_expired(Time now) {
  Ids ids;
  for (auto item = waiting_.begin(); item != waiting_.end();) {
    if (item->request.deadline > now) {
      ++item;
      continue;
    }
    ids.push_back(item->id);
    forget(*item);
    item = waiting_.erase(item);
  }
  return ids;
}

BatchPlanner::Time BatchPlanner::due(const Waiting& item) const {
  if (is_hurried_) return item.arrived;
  const Time patience = item.arrived + milliseconds(options_.max_delay_ms);
  const Time deadline = item.request.deadline;
  return deadline == Time::max() ? patience : std::min(patience, deadline - batch_time_);
}

bool BatchPlanner::may_run(const Waiting& item) const {
  const std::uint64_t sequence = item.request.sequence;
  return sequence == 0 || (!busy_.contains(sequence) && order_.at(sequence).front() == item.id);
}

std::map<std::string, BatchPlanner::Group> BatchPlanner::groups() const {
  std::map<std::string, Group> groups;
  for (const Waiting& item : waiting_) {
    if (!may_run(item)) continue;
    Group& group = groups[item.request.length_class];
    group.items.push_back(&item);
    group.due = std::min(group.due, due(item));
  }
  return groups;
}

BatchPlanner::Turn BatchPlanner::next(Time now) {
  Turn turn;
  turn.expired = take_expired(now);
  std::map<std::string, Group> all = groups();
  Group* chosen = nullptr;
  const auto whole = static_cast<std::size_t>(options_.max_batch);
  for (auto& [name, group] : all) {
    turn.wake = std::min(turn.wake, group.due);
    const bool is_ready = group.items.size() >= whole || group.due <= now;
    if (is_ready && (chosen == nullptr || group.due < chosen->due)) chosen = &group;
  }
  for (const Waiting& item : waiting_) turn.wake = std::min(turn.wake, item.request.deadline);
  if (chosen == nullptr) return turn;
  std::ranges::stable_sort(chosen->items, {}, [&](const Waiting* item) { return due(*item); });
  if (chosen->items.size() > whole) chosen->items.resize(whole);
  for (const Waiting* item : chosen->items) {
    const std::uint64_t id = item->id, sequence = item->request.sequence;
    turn.batch.push_back(id);
    if (sequence != 0) {
      busy_.insert(sequence);
      running_[id] = sequence;
    }
    remove(id);
  }
  return turn;
}

void BatchPlanner::finished(const Ids& batch, Clock::duration took) {
  batch_time_ = std::max(took, std::chrono::duration_cast<Clock::duration>(batch_time_ * kForget));
  for (const std::uint64_t id : batch) {
    const auto found = running_.find(id);
    if (found == running_.end()) continue;
    busy_.erase(found->second);
    running_.erase(found);
  }
}

}  // namespace nest::recognize
