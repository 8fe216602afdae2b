#pragma once

#include <filesystem>
#include <functional>

namespace nest {

/// Calls `write` with an empty folder beside `path`, then puts it in the place of what is there.
///
/// At every moment, also when the process is killed, `path` has its old content or the complete new
/// one; what a killed process leaves is a folder ".nest-….tmp" beside it. On any error the new
/// folder is removed. Parent folders are created; a link is followed.
/// Errors: Io naming the path, the reason and the remedy: `path` is a file, or the file system
/// cannot exchange two folders; whatever `write` throws.
void write_folder_atomic(const std::filesystem::path& path,
                         const std::function<void(const std::filesystem::path& folder)>& write);

}  // namespace nest
