#pragma once

#include <string>

namespace nest {

/// The processor as the system names it, "" where it does not.
std::string processor_name();

}  // namespace nest
