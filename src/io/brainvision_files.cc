// The files of a BrainVision recording find each other.
#include <algorithm>

#include "io/brainvision.h"
#include "io/brainvision_header.h"
#include "io/companions.h"
#include "nest/core/error.h"
#include "nest/core/file.h"

namespace nest::io {
namespace {

std::filesystem::path sibling(const std::filesystem::path& header_path, std::string name) {
  const auto base = name.find("$b");
  if (base != std::string::npos) name.replace(base, 2, header_path.stem().string());
  return header_path.parent_path() / std::filesystem::path(name).filename();
}

}  // namespace

std::filesystem::path brainvision_file(const std::filesystem::path& header_path,
                                       const std::string& name) {
  const auto stated = sibling(header_path, name);
  auto renamed = header_path;
  renamed.replace_extension(stated.extension());
  const bool is_renamed = !std::filesystem::exists(stated) && std::filesystem::exists(renamed);
  return is_renamed ? renamed : stated;
}

std::vector<std::filesystem::path> brainvision_companions(const std::filesystem::path& header) {
  std::vector<std::filesystem::path> files;
  try {
    Departures departures;
    const BrainVisionText text(read_text_file(header), "header", departures);
    for (const char* key : {"datafile", "markerfile"}) {
      const std::string name = text.get("common infos", key);
      if (!name.empty()) files.push_back(brainvision_file(header, name));
    }
  } catch (const Error&) {  // no header; it is not this function's to complain about
  }
  return files;
}

std::optional<std::filesystem::path> find_brainvision_header(const std::filesystem::path& file) {
  const auto names_it = [&](const std::filesystem::path& header) {
    const auto named = brainvision_companions(header);
    return std::any_of(named.begin(), named.end(),
                       [&](const auto& path) { return path.filename() == file.filename(); });
  };
  std::error_code error;
  auto same_name = file;
  same_name.replace_extension(".vhdr");
  if (std::filesystem::is_regular_file(same_name, error) && names_it(same_name)) return same_name;
  auto folder = file.parent_path();
  if (folder.empty()) folder = ".";
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".vhdr" && names_it(entry.path())) return entry.path();
  }
  return std::nullopt;
}

}  // namespace nest::io
