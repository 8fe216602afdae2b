#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace nest {

/// Letters wrong, missing, too many or swapped with their neighbour between two names.
/// Source: optimal string alignment distance (Damerau 1964)
std::size_t name_distance(std::string_view a, std::string_view b);

/// The known name nearest to a mistyped one, "" if none is near: at most a third of its letters
/// different, or one a beginning of the other.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// "; did you mean 'x'?", "" if nothing is near.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace nest
