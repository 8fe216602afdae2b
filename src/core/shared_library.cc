#include "nest/core/shared_library.h"

#include "nest/core/error.h"

#ifndef NEST_STATIC
#include <dlfcn.h>
#endif

namespace nest {

#ifdef NEST_STATIC

void* open_shared_library(std::initializer_list<const char*> names, std::string_view /*remedy*/,
                          int /*binding*/) {
  fail(ErrorCode::kUnsupported,
       "{} cannot be opened: this nest is one static program (NEST_STATIC=ON), which opens no "
       "shared "
       "libraries; use a nest built without that option",
       *names.begin());
}

bool has_shared_library(const char* /*name*/) noexcept {
  return false;
}

void* find_function(void* /*handle*/, const char* name, std::string_view library) {
  fail(ErrorCode::kInternal, "{} of {} in a static program", name, library);
}

#else

void* open_shared_library(std::initializer_list<const char*> names, std::string_view remedy,
                          int binding) {
  for (const char* name : names) {
    if (void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL | binding)) return handle;
  }
  fail(ErrorCode::kUnsupported, "{} cannot be opened ({}); {}", *names.begin(), ::dlerror(),
       remedy);
}

void* find_function(void* handle, const char* name, std::string_view library) {
  void* function = ::dlsym(handle, name);
  require(function != nullptr, ErrorCode::kUnsupported, "{} has no function {}", library, name);
  return function;
}

bool has_shared_library(const char* name) noexcept {
  void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

#endif

}  // namespace nest
