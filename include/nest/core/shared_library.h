#pragma once

#include <initializer_list>

namespace nest {

struct SharedLibrary {
  void* handle = nullptr;  ///< for dlsym(); null if there is none
  const char* why = "";    ///< then: what was wrong with the last one
};

/// Opens the first of these shared libraries that the system has. A static program (NEST_STATIC)
/// opens none. State: thread-safe; `why` is the thread's own, valid until its next call.
/// `binding`: flags of dlopen() beside RTLD_NOW | RTLD_LOCAL.
SharedLibrary open_shared_library(std::initializer_list<const char*> names, int binding = 0);

}  // namespace nest
