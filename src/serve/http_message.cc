#include "serve/http_message.h"

#include <cctype>
#include <utility>

#include <boost/beast/http.hpp>

#include "nest/core/utf8.h"
#include "serve/access.h"
#include "serve/streams.h"

namespace nest::serve {
namespace {

/// What of a client's id goes into logs and answers.
std::string request_id(std::string_view given) {
  std::string id;
  for (const char c : given.substr(0, 64))
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') id += c;
  return id.empty() ? random_id() : id;
}

}  // namespace

bool translate(const HttpRequest& from, const std::string& peer, Request& request) {
  request.method = std::string(from.method_string());
  for (const auto& field : from)
    request.headers.insert_or_assign(
        lower_ascii({field.name_string().data(), field.name_string().size()}),
        std::string(field.value()));
  request.peer = peer;
  request.id = request_id(request.header("x-request-id"));
  const auto target = from.target();
  return parse_target({target.data(), target.size()}, request);
}

HttpResponse translate(Response&& response, unsigned version, bool keep_alive, bool is_head) {
  HttpResponse to;
  to.version(version);
  to.result(static_cast<unsigned>(response.status));
  to.set(http::field::content_type, response.content_type);
  to.set("X-Content-Type-Options", "nosniff");
  to.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) to.set(name, value);
  to.keep_alive(keep_alive);
  to.content_length(response.body.size());
  if (!is_head) to.body() = std::move(response.body);
  return to;
}

int status_of(const ErrorOf& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  const bool is_http =
      error.category() == http::make_error_code(http::error::bad_method).category();
  return is_http && error != http::error::end_of_stream && error != http::error::partial_message
             ? 400
             : 0;
}

HttpResponse refusal_of(int status) {
  const char* what = status == 413   ? "the body is too large"
                     : status == 431 ? "the header is too large"
                     : status == 503 ? "too many large requests at a time"
                                     : "this is no HTTP request";
  return translate(error_response(status, what), 11, false, false);
}

}  // namespace nest::serve
