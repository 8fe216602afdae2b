#pragma once

#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace nest {

/// What kind of thing went wrong; the command line maps it to an exit code (see exit_code()).
enum class ErrorCode {
  kInvalidArgument,  ///< the caller asked for something impossible: bad flag, option, shape
  kNotFound,         ///< a named file, key, channel, graph or tensor does not exist
  kDataCorrupt,      ///< foreign bytes break their own format, or hold NaN where none is allowed
  kUnsupported,      ///< understood, but this build or version does not do it
  kIo,               ///< the operating system refused to read or write
  kCheckFailed,      ///< a verification, audit or regression check came out negative
  kInterrupted,      ///< a stop was requested (nest::Job, Ctrl-C)
  kInternal,         ///< a broken promise inside this library
};

std::string_view name_of(ErrorCode code);

/// Exit code of the command contract: 0 ok, 1 check failed, 2 usage, 3 bad data or file, 4
/// internal.
int exit_code(ErrorCode code);

/// The one exception type of this project.
///
/// The message names the value, the limit and the remedy. Context is added as the error climbs
/// (innermost first): field, record, file.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message,
        std::source_location where = std::source_location::current());

  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::vector<std::string>& context() const noexcept { return context_; }
  const std::source_location& where() const noexcept { return where_; }

  /// "outermost context: ...: message"; a context that it begins with already is not repeated
  const char* what() const noexcept override { return what_.c_str(); }

  void add_context(std::string context);

 private:
  ErrorCode code_;
  std::string message_;
  std::vector<std::string> context_;
  std::source_location where_;
  std::string what_;
};

/// A format string that remembers where it was written.
template <class... Args>
struct FormatAt {
  fmt::format_string<Args...> format;
  std::source_location where;

  template <class S>
  requires std::is_convertible_v<const S&, std::string_view>
  consteval FormatAt(const S& text, std::source_location at = std::source_location::current())
      : format(text), where(at) {}
};

/// Throws Error(code, formatted message).
template <class... Args>
[[noreturn]] void fail(ErrorCode code, FormatAt<std::type_identity_t<Args>...> text,
                       Args&&... args) {
  throw Error(code, fmt::format(text.format, std::forward<Args>(args)...), text.where);
}

/// Throws Error(code, formatted message) unless the condition holds.
template <class... Args>
void require(bool condition, ErrorCode code, FormatAt<std::type_identity_t<Args>...> text,
             Args&&... args) {
  if (!condition) {
    throw Error(code, fmt::format(text.format, std::forward<Args>(args)...), text.where);
  }
}

/// Runs f; an Error that passes through gets the context prepended ("file.edf", "layer conv1").
template <class F>
decltype(auto) with_context(std::string_view context, F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (Error& error) {
    error.add_context(std::string(context));
    throw;
  }
}

}  // namespace nest
