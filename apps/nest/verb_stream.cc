#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <sys/ioctl.h>
#include <unistd.h>

#include "nest/recognize/decoding_options.h"
#include "nest/stream/lsl_outlet.h"
#include "nest/stream/session.h"
#include "verb.h"

namespace nest {
namespace {

struct StreamVerb {
  recognize::DecodingOptions recognizer;
  stream::SessionOptions session;
  bool is_list = false;
};

/// Columns of the terminal on standard error, but for the last one.
std::size_t terminal_columns() {
  winsize size{};
  const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return (is_known ? size.ws_col : 80U) - 1;
}

/// What is printed is wanted now.
void print_now(std::string_view text) {
  fmt::print("{}", text);
  if (std::fflush(stdout) == 0) return;
  throw std::system_error(errno, std::generic_category(), "standard output");
}

int run_stream(const StreamVerb& verb) {
  if (verb.is_list) {
    print_now(stream::list_sources());
    return 0;
  }
  require(!verb.recognizer.model.empty() && !verb.session.source.source.empty(),
          ErrorCode::kInvalidArgument, "nest stream needs --source and --model, or --list");
  stream::SessionOutput output{.print = print_now, .live = {}, .columns = terminal_columns};
  // Where the text itself appears, the live line would be written into it.
  const bool shows_live = ::isatty(STDERR_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 0;
  if (shows_live)
    output.live = [](std::string_view line) { fmt::print(stderr, "\r\x1b[K{}", line); };
  stream::run_session(recognize::load_bundle(verb.recognizer), verb.recognizer.recognize.decode,
                      verb.recognizer.load, verb.session, output, command_job());
  if (shows_live) fmt::print(stderr, "\n");
  return 0;
}

}  // namespace

void add_stream(CommandLine& line) {
  add_verb<StreamVerb>(
      line, "stream", "Decode a live or replayed signal as it arrives",
      [](Flags& flags, StreamVerb& verb) {
        register_flags(flags, verb.session);
        register_flags(flags, verb.recognizer);
        flags.add("list", verb.is_list, "show what LSL and BrainFlow have, and end");
      },
      run_stream);
}

}  // namespace nest
