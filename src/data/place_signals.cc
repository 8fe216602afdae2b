#include "data/place_signals.h"

#include <algorithm>
#include <map>
#include <set>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/utf8.h"
#include "nest/io/recording.h"

namespace nest::data {
namespace {

namespace fs = std::filesystem;

bool is_inside(const fs::path& file, const fs::path& folder) {
  const auto relative = fs::relative(file, folder);
  return !relative.empty() && *relative.begin() != "..";
}

// With what it needs beside it, which it refers to by name. Files of one name from different
// folders get folders of their own.
std::string copy_signal(const fs::path& source, const fs::path& out, std::set<fs::path>& taken) {
  std::vector<fs::path> files = io::companion_files(source);
  files.push_back(source);
  fs::path folder = "signals";
  const auto is_free = [&](const fs::path& file) {
    return !taken.contains(folder / file.filename());
  };
  for (int number = 2; !std::all_of(files.begin(), files.end(), is_free); ++number) {
    folder = fs::path("signals") / std::to_string(number);
  }
  for (const fs::path& file : files) {
    const fs::path target = folder / file.filename();
    write_bytes_file(out / target, MappedFile::open(file)->bytes());
    taken.insert(target);
  }
  return (folder / source.filename()).string();
}

}  // namespace

void place_signals(const fs::path& out, Placement placement, std::vector<Utterance>& utterances) {
  fs::create_directories(out);  // "out/../recording.edf" exists only if out does
  std::map<std::string, std::string> placed;
  std::set<fs::path> taken;
  for (Utterance& utterance : utterances) {
    std::string& target = placed[utterance.signal];
    if (target.empty()) {
      const fs::path source = utterance.signal;
      if (is_inside(source, out)) {
        target = fs::relative(source, out).string();
      } else if (placement == Placement::kCopy) {
        target = copy_signal(source, out, taken);
      } else {
        target = source.is_absolute() ? source.string() : fs::relative(source, out).string();
      }
    }
    require(is_utf8(target), ErrorCode::kInvalidArgument,
            "{}: the name is no UTF-8, so a manifest cannot hold it; rename the file",
            utf8_or_latin1(target));
    utterance.signal = target;
  }
}

}  // namespace nest::data
