#include "nest/stream/real_time.h"

#include <cerrno>
#include <cstring>

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::stream {
namespace {

void check(int error, const std::string& what, const char* remedy) {
  require(error == 0, ErrorCode::kUnsupported, "{} is refused: {}; {}", what, std::strerror(error),
          remedy);
}

}  // namespace

void visit_fields(FieldVisitor& visitor, RealTimeOptions& o) {
  visitor.group("Real time");
  visitor.field("real_time_priority", o.priority,
                "priority of the decoding thread, first in, first out; 0: none", between(0, 99));
  visitor.field("lock_memory", o.lock_memory, "keep all memory of the process in RAM");
  visitor.field("core", o.core, "the only core that decodes; -1: any", between(-1, 1023));
}

void apply(const RealTimeOptions& o) {
  nest::validate(o);
  if (o.core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<std::size_t>(o.core), &cores);
    check(pthread_setaffinity_np(pthread_self(), sizeof cores, &cores),
          fmt::format("core {}", o.core), "nproc and taskset tell which cores there are");
  }
  if (o.lock_memory) {
    check(mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? 0 : errno, "lock_memory",
          "raise `ulimit -l`, or give the program CAP_IPC_LOCK");
  }
  if (o.priority > 0) {
    sched_param parameters{};
    parameters.sched_priority = static_cast<int>(o.priority);
    check(pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters),
          fmt::format("real_time_priority {}", o.priority),
          "raise `ulimit -r`, or give the program CAP_SYS_NICE");
  }
}

}  // namespace nest::stream
