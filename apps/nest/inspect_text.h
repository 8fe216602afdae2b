#pragma once

#include <string>

#include "nest/deploy/inspect.h"

namespace nest {

/// What `nest inspect` prints for people.
std::string inspection_text(const deploy::Inspection& inspection);
/// Of a recording: channels, segments, annotations; long lists are cut.
std::string recording_text(const Json& description);

}  // namespace nest
