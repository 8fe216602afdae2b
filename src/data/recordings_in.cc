#include <set>

#include "data/source_recording.h"
#include "nest/core/error.h"
#include "nest/core/log.h"

namespace nest::data {
namespace {

namespace fs = std::filesystem;

// A data or marker file leads to the file that describes it. Hidden files are copies that systems
// leave; links to nothing are what a data manager leaves of files that were not fetched.
std::set<fs::path> described_files(const fs::path& in, const fs::path& without) {
  std::set<fs::path> files, absent;
  const fs::recursive_directory_iterator end;
  const auto skip = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(in, skip); entry != end; ++entry) {
    const fs::path& path = entry->path();
    const bool is_hidden = path.filename().string().starts_with(".");
    if (entry->is_directory()) {
      const bool is_output = fs::exists(without) && fs::equivalent(path, without);
      if (is_hidden || is_output) entry.disable_recursion_pending();
      continue;
    }
    if (!is_hidden && entry->is_symlink() && !fs::exists(path)) absent.insert(path);
    if (is_hidden || !entry->is_regular_file()) continue;
    const std::string format = io::recording_format(path);
    if (format.empty() || format == "NPY" || format == "NPZ") continue;
    files.insert(io::describing_file(path));
  }
  if (!absent.empty()) {
    log_warn("{} file{} left out: links to nothing, such as {}", absent.size(),
             absent.size() == 1 ? "" : "s", absent.begin()->string());
  }
  return files;
}

}  // namespace

std::vector<fs::path> recordings_in(const fs::path& in, const fs::path& without) {
  require(fs::exists(in), ErrorCode::kNotFound, "{}: no such file or folder", in.string());
  if (!fs::is_directory(in)) return {io::describing_file(in)};
  std::set<fs::path> files = described_files(in, without);
  std::set<fs::path> parts;  // of a split FIF, which look like recordings of their own
  for (const fs::path& file : files) {
    if (io::recording_format(file) != "FIF") continue;
    for (fs::path& part : io::companion_files(file)) parts.insert(std::move(part));
  }
  std::erase_if(files, [&](const fs::path& file) { return parts.contains(file); });
  require(!files.empty(), ErrorCode::kNotFound, "{}: no EEG recording in this folder", in.string());
  return {files.begin(), files.end()};
}

}  // namespace nest::data
