#include "serve/message.h"

#include <algorithm>

#include "nest/core/json_text.h"

namespace nest::serve {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode(std::string_view text, bool is_query, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && is_query) c = ' ';
    if (c == '%') {
      if (text.size() - i < 3) return false;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    out.push_back(c);
  }
  return true;
}

bool parse_query(std::string_view text, StringMap<std::string>& query) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name, value;
    if (!decode(part.substr(0, equals), true, name) ||
        !decode(part.substr(std::min(equals + 1, part.size())), true, value))
      return false;
    query.insert_or_assign(std::move(name), std::move(value));
  }
  return true;
}

std::string_view value_of(const StringMap<std::string>& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? std::string_view{} : std::string_view(found->second);
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kDataCorrupt:
    case ErrorCode::kUnsupported:
    case ErrorCode::kCheckFailed:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kInterrupted:
      return 503;
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      break;
  }
  return 500;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  return value_of(headers, name);
}
std::string_view Request::query_of(std::string_view name) const {
  return value_of(query, name);
}

void refuse(std::string field, std::string message) {
  throw RequestError(400, std::move(field), std::move(message));
}

Response json_response(const Json& json, int status) {
  return {.status = status, .body = json_text(json)};
}

Response error_response(int status, std::string_view message, std::string_view field) {
  Json json{{"error", message}};
  if (!field.empty()) json["field"] = field;
  return json_response(json, status);
}

Response error_response(const std::exception& error) {
  if (const auto* fault = dynamic_cast<const RequestError*>(&error))
    return error_response(fault->status(), fault->message(), fault->field());
  if (const auto* known = dynamic_cast<const Error*>(&error)) {
    const int status = http_status(known->code());
    return error_response(status, status == 500 ? "internal error" : known->what());
  }
  if (dynamic_cast<const Json::exception*>(&error) != nullptr)
    return error_response(400, "the JSON lacks a value or has one of another type", "body");
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    return error_response(503, "out of memory");
  return error_response(500, "internal error");
}

bool parse_target(std::string_view target, Request& request) {
  if (!target.starts_with('/')) return false;
  const std::size_t question = std::min(target.find('?'), target.size());
  return decode(target.substr(0, question), false, request.path) &&
         parse_query(target.substr(std::min(question + 1, target.size())), request.query);
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (!segment.empty()) segments.emplace_back(segment);
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
  }
  return segments;
}

}  // namespace nest::serve
