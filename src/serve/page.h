#pragma once

#include <string_view>

namespace nest::serve {

/// web/index.html: everything of the page in one text.
extern const std::string_view kPage;

}  // namespace nest::serve
