#include <algorithm>
#include <array>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/io/byte_source.h"
#include "nest/io/edf.h"
#include "nest/io/npy_recording.h"
#include "nest/io/recording.h"

namespace nest::io {
namespace {

using Open = std::shared_ptr<const Recording> (*)(const std::filesystem::path&, const OpenOptions&);

struct Format {
  std::string_view name;
  bool (*matches)(std::string_view head, std::string_view extension);
  Open open;  // null: recognised only
};

bool has_magic(std::string_view head, std::string_view magic) {
  return head.starts_with(magic);
}

// Content first; the extension decides only where the content cannot.
constexpr std::array kFormats = {
    Format{"EDF",
           [](std::string_view head, std::string_view) { return has_magic(head, "0       "); },
           [](const auto& path, const auto& options) {
             return open_edf(ByteSource::open(path), options);
           }},
    Format{"BDF",
           [](std::string_view head, std::string_view) {
             return has_magic(head,
                              "\xFF"
                              "BIOSEMI");
           },
           [](const auto& path, const auto& options) {
             return open_edf(ByteSource::open(path), options);
           }},
    Format{"NPY",
           [](std::string_view head, std::string_view) { return has_magic(head, "\x93NUMPY"); },
           open_npy_recording},
    Format{"FIF",
           [](std::string_view head, std::string_view) {
             return has_magic(head, std::string_view("\0\0\0\x64\0\0\0\x1f", 8));
           },
           nullptr},
    Format{"CNT",
           [](std::string_view head, std::string_view) { return has_magic(head, "Version 3.0"); },
           nullptr},
};

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

const Format* find_format(const std::filesystem::path& path) {
  const auto source = ByteSource::open(path);
  const std::string head = source->read_text(0, std::min<std::uint64_t>(source->size(), 4096));
  const std::string extension = lower_extension(path);
  for (const Format& format : kFormats) {
    if (format.matches(head, extension)) return &format;
  }
  return nullptr;
}

std::string supported() {
  std::string names;
  for (const Format& format : kFormats) {
    if (format.open != nullptr) names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  return names;
}

}  // namespace

std::string recording_format(const std::filesystem::path& path) {
  const Format* format = find_format(path);
  return format == nullptr ? "" : std::string(format->name);
}

std::shared_ptr<const Recording> open_recording(const std::filesystem::path& path,
                                                const OpenOptions& options) {
  const Format* format = find_format(path);
  require(format != nullptr, ErrorCode::kUnsupported,
          "{}: not an EEG file of a known format; supported are {}", path.string(), supported());
  require(format->open != nullptr, ErrorCode::kUnsupported,
          "{}: {} files are recognised but cannot be read; convert to one of {}", path.string(),
          format->name, supported());
  return with_context(path.string(), [&] { return format->open(path, options); });
}

Json explain(const std::filesystem::path& path, const OpenOptions& options) {
  Json report;
  report["file"] = path.string();
  report["bytes"] = ByteSource::open(path)->size();
  report["format"] = recording_format(path);
  report["ok"] = true;
  try {
    report["info"] = to_json(open_recording(path, options)->info());
  } catch (const Error& error) {
    report["ok"] = false;
    report["error"] = error.what();
    if (options.allow_truncated) return report;
    OpenOptions lenient = options;
    lenient.allow_truncated = true;
    try {
      report["readable_part"] = to_json(open_recording(path, lenient)->info());
    } catch (const Error&) {
      report["readable_part"] = nullptr;
    }
  }
  return report;
}

}  // namespace nest::io
