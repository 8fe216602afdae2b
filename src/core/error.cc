#include "nest/core/error.h"

namespace nest {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid argument";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kDataCorrupt:
      return "corrupt data";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kIo:
      return "input/output error";
    case ErrorCode::kCheckFailed:
      return "check failed";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kInternal:
      return "internal error";
  }
  return "unknown";
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCheckFailed:
      return 1;
    case ErrorCode::kInvalidArgument:
      return 2;
    case ErrorCode::kNotFound:
    case ErrorCode::kDataCorrupt:
    case ErrorCode::kUnsupported:
    case ErrorCode::kIo:
      return 3;
    case ErrorCode::kInterrupted:
    case ErrorCode::kInternal:
      return 4;
  }
  return 4;
}

Error::Error(ErrorCode code, std::string message, std::source_location where)
    : code_(code), message_(std::move(message)), where_(where), what_(message_) {}

void Error::add_context(std::string context) {
  context_.push_back(std::move(context));
  const std::string prefix = context_.back() + ": ";
  if (!what_.starts_with(prefix)) what_ = prefix + what_;  // "file: no such file" names it already
}

}  // namespace nest
