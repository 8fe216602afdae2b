#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nest/core/error.h"
#include "nest/core/field.h"
#include "nest/core/json.h"

/// HTTP as the routes see it: no network, no parser.
namespace nest::serve {

struct Request {
  std::string method;  ///< "GET"
  std::string path;    ///< decoded, without the query: "/v2/models/m"
  StringMap<std::string> query;
  StringMap<std::string> headers;  ///< names in lower case
  std::string body;
  std::string peer;  ///< address it came from
  std::string id;    ///< of this request: the client's own, else ours

  /// "" if it is not there.
  std::string_view header(std::string_view name) const;
  std::string_view query_of(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

/// Takes the one answer to a request; from any thread.
using Respond = std::function<void(Response response)>;

/// A fault of a request: which field of it, and what the answer's status is.
class RequestError : public Error {
 public:
  RequestError(int status, std::string field, std::string message)
      : Error(ErrorCode::kInvalidArgument, std::move(message)),
        status_(status),
        field_(std::move(field)) {}
  int status() const noexcept { return status_; }
  const std::string& field() const noexcept { return field_; }

 private:
  int status_;
  std::string field_;
};

/// Throws RequestError with status 400.
[[noreturn]] void refuse(std::string field, std::string message);

Response json_response(const Json& json, int status = 200);
/// {"error": message, "field": field}; without the field if it is empty.
Response error_response(int status, std::string_view message, std::string_view field = {});
/// What an exception means for who asked; nothing of this machine is in it.
Response error_response(const std::exception& error);

/// Splits and decodes the target of a request line into path and query. False for a malformed one:
/// no leading "/", a bad "%xx", a zero or other control character.
bool parse_target(std::string_view target, Request& request);

/// "models", "m", "infer" of "/models/m/infer".
std::vector<std::string> segments_of(std::string_view path);

}  // namespace nest::serve
