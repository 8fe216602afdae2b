#include "peer_process.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nest/core/config.h"
#include "nest/core/error.h"

namespace nest::profile {
namespace {

/// In the child: these ends become standard input and output. Only returns by exiting.
[[noreturn]] void become(std::vector<char*> arguments, const int in[2], const int out[2]) {
  ::dup2(in[0], STDIN_FILENO);
  ::dup2(out[1], STDOUT_FILENO);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

PeerProcess::PeerProcess(const std::vector<std::string>& command)
    : program_(fmt::format("{}", fmt::join(command, " "))) {
  require(!command.empty(), ErrorCode::kInvalidArgument, "the peer has no command");
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int in[2], out[2];
  // Closed on exec: a later peer must not hold this one's input open. A socket, because a pipe
  // whose reader died raises SIGPIPE, which is the host's to handle.
  require(
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) == 0 && ::pipe2(out, O_CLOEXEC) == 0,
      ErrorCode::kIo, "cannot make a pipe: {}", std::strerror(errno));
  child_ = ::fork();
  require(child_ >= 0, ErrorCode::kIo, "cannot start '{}': {}", program_, std::strerror(errno));
  if (child_ == 0) become(std::move(arguments), in, out);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = ::fdopen(out[0], "r");
  std::string line;
  require(read_line(line), ErrorCode::kNotFound,
          "peer '{}' did not start; is it installed? tools/peers/README.md says how", program_);
  greeting_ = parse_json(line, program_);
}

PeerProcess::~PeerProcess() {
  if (to_ >= 0) ::close(to_);  // the peer ends when its input does
  if (from_ != nullptr) std::fclose(from_);
  if (child_ > 0) ::waitpid(child_, nullptr, 0);
}

bool PeerProcess::write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(to_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool PeerProcess::read_line(std::string& line) {
  line.clear();
  for (int c = std::fgetc(from_); c != EOF; c = std::fgetc(from_)) {
    if (c == '\n') return true;
    line.push_back(static_cast<char>(c));
  }
  return false;
}

std::string PeerProcess::last_words() {
  ::close(std::exchange(to_, -1));  // should it still read, it ends now
  int status = 0;
  const pid_t ended = ::waitpid(child_, &status, 0);
  child_ = -1;
  if (ended < 0) return "no exit status";
  return WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                             : fmt::format("exit code {}", WEXITSTATUS(status));
}

Json PeerProcess::ask(const Json& request) {
  std::string line;
  const bool is_answered = write_all(request.dump() + "\n") && read_line(line);
  require(is_answered, ErrorCode::kIo, "peer '{}' ended before it answered ({})", program_,
          is_answered ? "" : last_words());
  Json reply = parse_json(line, program_);
  require(!reply.contains("error"), ErrorCode::kUnsupported, "peer '{}': {}", program_,
          reply.value("error", Json()).dump());
  return reply;
}

}  // namespace nest::profile
