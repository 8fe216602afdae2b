#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "core/errno_text.h"
#include "nest/core/error.h"
#include "nest/core/folder.h"

namespace nest {
namespace {

namespace fs = std::filesystem;

/// The names in a folder are on the disk.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);  // refused by file systems that need none
  ::close(descriptor);
}

fs::path make_beside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  const fs::path parent = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code error;
  fs::create_directories(parent, error);
  require(!error, ErrorCode::kIo, "{}: cannot create the folder {}: {}", path.string(),
          parent.string(), error.message());
  fs::path folder;
  do {
    folder = parent / fmt::format(".nest-{}-{}.tmp", ::getpid(), counter.fetch_add(1));
    require(fs::create_directory(folder, error) || !error, ErrorCode::kIo,
            "{}: the folder {} takes no new one ({}); allow writing to it or choose another",
            path.string(), parent.string(), error.message());
  } while (!fs::is_empty(folder));
  return folder;
}

/// Removed at the end, whatever it is by then: the new folder after an error, else the old one.
struct Removed {
  fs::path folder;
  ~Removed() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
};

void put_in_place(const fs::path& folder, const fs::path& path) {
  if (::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EEXIST &&
      ::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0)
    return;
  fail(ErrorCode::kIo, "{}: cannot put the new folder into its place: {}; remove the old one first",
       path.string(), reason_of(errno));
}

}  // namespace

void write_folder_atomic(const fs::path& path,
                         const std::function<void(const fs::path& folder)>& write) {
  std::error_code ignored;
  fs::path target = fs::is_symlink(path, ignored) ? fs::canonical(path, ignored) : path;
  if (!target.has_filename()) target = target.parent_path();  // "out/"
  require(!target.empty() && (!fs::exists(target, ignored) || fs::is_directory(target, ignored)),
          ErrorCode::kIo, "{}: is no folder, and none can be put in its place; choose another name",
          path.string());
  const Removed beside{make_beside(target)};
  write(beside.folder);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(beside.folder))
    if (entry.is_directory()) sync_folder(entry.path());
  sync_folder(beside.folder);
  put_in_place(beside.folder, target);
  sync_folder(target.has_parent_path() ? target.parent_path() : ".");
}

}  // namespace nest
