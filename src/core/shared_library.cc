#include "nest/core/shared_library.h"

#ifndef NEST_STATIC
#include <dlfcn.h>
#endif

namespace nest {

SharedLibrary open_shared_library([[maybe_unused]] std::initializer_list<const char*> names,
                                  [[maybe_unused]] int binding) {
#ifdef NEST_STATIC
  return {nullptr, "a static program cannot open shared libraries"};
#else
  for (const char* name : names) {
    void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL | binding);
    if (handle != nullptr) return {handle, ""};
  }
  return {nullptr, ::dlerror()};
#endif
}

}  // namespace nest
