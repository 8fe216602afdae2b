#include <limits>
#include <sstream>

#include "io/bytes.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "nest/io/zip.h"

namespace nest::io {

TensorMap read_npz(const std::filesystem::path& path) {
  const ZipReader zip = ZipReader::open(path);
  TensorMap arrays;
  for (const ZipEntry& entry : zip.entries()) {
    std::string_view name = entry.name;
    if (!name.ends_with(".npy")) continue;
    name.remove_suffix(4);
    with_context(fmt::format("{}: array '{}'", path.string(), printable(name)), [&] {
      const auto content = zip.read(entry, std::numeric_limits<std::uint64_t>::max());
      arrays.emplace(name, parse_npy(content));
    });
  }
  return arrays;
}

void write_npz(const std::filesystem::path& path, const TensorMap& arrays) {
  write_file_atomic(path, [&](std::ostream& out) {
    ZipWriter zip(out);
    for (const auto& [name, tensor] : arrays) {
      std::ostringstream image;
      write_npy(image, tensor);
      zip.add_stored(name + ".npy", as_bytes(image.view()), kAlignment);
    }
    zip.finish();
  });
}

}  // namespace nest::io
