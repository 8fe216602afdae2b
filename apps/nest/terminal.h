#pragma once

#include <string>

#include "nest/core/job.h"

namespace nest {

/// Makes this process the library's host: log lines go to standard error; Ctrl-C and SIGTERM ask
/// running work to stop, a second one ends the process. Call it once, first of all.
void host_library();

/// What every verb hands to long work: progress as one line with rate and time left on a terminal
/// (silent in a pipe), and the stop that Ctrl-C requests.
const Job& command_job();

/// "1:02:03", "4:05", "12 s"
std::string format_duration(double seconds);

}  // namespace nest
