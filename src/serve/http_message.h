#pragma once

#include <string>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "serve/message.h"
#include "serve/transport.h"

/// HTTP as Beast has it, and as the routes do.
namespace nest::serve {

namespace http = boost::beast::http;
using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::string_body>;

/// Everything but the body. False if the target is malformed.
bool translate(const HttpRequest& from, const std::string& peer, Request& request);
HttpResponse translate(Response&& response, unsigned version, bool keep_alive, bool is_head);

/// The status that a failed read is answered with; 0: the client is gone.
int status_of(const ErrorOf& error);
/// The answer to what was no request.
HttpResponse refusal_of(int status);

}  // namespace nest::serve
