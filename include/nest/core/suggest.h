#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nest {

/// The known name nearest to a mistyped one, "" if none is near: at most a third of its letters
/// wrong, missing, too many or swapped with their neighbour, or one a beginning of the other.
/// Source: optimal string alignment distance (Damerau 1964)
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// "; did you mean 'x'?", "" if nothing is near.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace nest
