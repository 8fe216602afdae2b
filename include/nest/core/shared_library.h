#pragma once

#include <initializer_list>
#include <string_view>

namespace nest {

/// Opens the first of these shared libraries that the system has; returns its handle for dlsym().
/// `remedy` ends the message if there is none; `binding` is flags of dlopen() beside
/// RTLD_NOW | RTLD_LOCAL. State: thread-safe.
/// Errors: Unsupported with the loader's reason; a static program (NEST_STATIC) opens none and says
/// so.
void* open_shared_library(std::initializer_list<const char*> names, std::string_view remedy,
                          int binding = 0);

/// A function of an opened library. `library` names it in the error. Errors: Unsupported.
void* find_function(void* handle, const char* name, std::string_view library);

/// Whether open_shared_library() would open it.
bool has_shared_library(const char* name) noexcept;

}  // namespace nest
