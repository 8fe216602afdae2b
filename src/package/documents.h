#pragma once

#include <string>
#include <string_view>

#include "nest/package/manifest.h"

namespace nest::package {

/// deploy.py, as it stands in the repository.
extern const std::string_view kDeployScript;

/// README.md: what the model is, what it takes, how good it is, how it is run.
std::string readme_text(const Manifest& manifest);

/// requirements.txt of deploy.py.
std::string requirements_text();

}  // namespace nest::package
