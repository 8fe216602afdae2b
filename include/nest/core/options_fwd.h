#pragma once

// What a header with an options struct needs; see options.h.
#include "nest/core/enum.h"
#include "nest/core/json_fwd.h"

namespace nest {

class FieldVisitor;

}  // namespace nest
