#pragma once

#include <span>
#include <string>
#include <string_view>

#include "nest/core/launcher.h"
#include "nest/eval/eval_set.h"

namespace nest::eval {

/// "2/4", as shard_from_name() reads it.
std::string to_string(const Shard& shard);

/// The part of this process: "2/4"; or "auto", by the variables of the launcher (core/launcher.h),
/// where the processes of each task of an array divide its part; or "auto/4" for four parts, which
/// a cluster needs that gives a task its index alone. Alone with "auto" it is the whole.
/// Errors: InvalidArgument for another form; for "auto" if the launcher gives no count; for
/// "auto/N" if nothing gives an index, or one of N or more.
Shard shard_from(std::string_view name, const Lookup& lookup);

/// `path` with "2-of-4" in place of each "{shard}". Errors: InvalidArgument for a path without it
/// that "auto" would give to every part.
std::string path_of_shard(std::string path, const Shard& shard, std::string_view name);

/// The parts that results files hold are all there; wholes are taken as they are. Errors:
/// InvalidArgument naming the part that is missing, or the file of one that is there twice or of
/// another number of parts.
void require_all(std::span<const Shard> shards, std::span<const std::string> files);

}  // namespace nest::eval
