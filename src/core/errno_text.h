#pragma once

#include <string>
#include <system_error>

namespace nest {

/// What the system calls an error number: "No space left on device".
inline std::string reason_of(int code) {
  return std::generic_category().message(code);
}

}  // namespace nest
