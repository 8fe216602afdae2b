#pragma once

#include <memory>

#include "nest/profile/work.h"
#include "nest/runtime/session.h"

namespace nest::profile {

/// A piece of work on a session of the native runtime.
class NativeRun {
 public:
  struct Options {
    runtime::MachineOptions machine = {};
    bool is_profiled = false;  ///< time every step
  };
  NativeRun(std::shared_ptr<const runtime::PreparedModel> prepared, const Work& work,
            const Options& options);

  /// One run, from fresh states: also what depends on constant inputs only. `after(session)` is
  /// called after every pass.
  template <class F>
  void once(const F& after) {
    begin();
    for (int step = 0; step < work_.steps; ++step) {
      session_.run();
      after(session_);
      if (step + 1 < work_.steps) feed_back();
    }
  }

  runtime::Session& session() { return session_; }
  const runtime::Session& session() const { return session_; }
  const runtime::PreparedModel& prepared() const { return *prepared_; }
  const Work& work() const { return work_; }

 private:
  void begin();
  void feed_back();

  Work work_;
  std::shared_ptr<const runtime::PreparedModel> prepared_;
  runtime::Session session_;
};

}  // namespace nest::profile
