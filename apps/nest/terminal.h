#pragma once

#include <functional>
#include <string_view>

#include "nest/core/job.h"
#include "nest/core/json.h"

namespace nest {

/// Makes this process the library's host: log lines go to standard error; Ctrl-C and SIGTERM ask
/// running work to stop, a second one ends the process. A pipe without reader and the limit of file
/// sizes are errors of the write that meets them. Call it once, first of all.
void host_library();

/// What `run` returns; the exit code of Io, after one line on standard error, if something that was
/// printed did not arrive: standard output is full, closed or a pipe without reader.
int with_standard_output(const std::function<int()>& run);

/// Prints JSON, indented, or the text; returns 0.
int print_report(bool as_json, const Json& json, std::string_view text);

/// What every verb hands to long work: progress as one line with rate and time left on a terminal
/// (silent in a pipe), and the stop that Ctrl-C requests.
const Job& command_job();

}  // namespace nest
