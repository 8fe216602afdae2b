#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "nest/core/json.h"

namespace nest::profile {

/// A child process that answers one JSON line for each it is given. Ends with its owner.
class PeerProcess {
 public:
  /// Starts the program and reads its greeting. Errors: NotFound if it does not start or says
  /// nothing (its own words are on standard error).
  explicit PeerProcess(const std::vector<std::string>& command);
  ~PeerProcess();
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;

  const Json& greeting() const { return greeting_; }
  /// Errors: Unsupported with the peer's "error"; Io if it ended; DataCorrupt if it writes no JSON.
  Json ask(const Json& request);

 private:
  bool write_all(std::string_view text);
  bool read_line(std::string& line);
  /// How the process ended; waits for it.
  std::string last_words();

  std::string program_;
  pid_t child_ = -1;
  int to_ = -1;
  std::FILE* from_ = nullptr;
  Json greeting_;
};

}  // namespace nest::profile
