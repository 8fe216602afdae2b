#include <algorithm>
#include <array>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/io/brainvision.h"
#include "nest/io/byte_source.h"
#include "nest/io/csv_recording.h"
#include "nest/io/edf.h"
#include "nest/io/fif.h"
#include "nest/io/gdf.h"
#include "nest/io/mat_file.h"
#include "nest/io/npy_recording.h"
#include "nest/io/recording.h"
#include "nest/io/xdf.h"

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

// Version 5 says so in words; 7.3 is HDF5 behind a 512-byte block that says so, too.
bool is_matlab(std::string_view head) {
  return has_magic(head, "MATLAB 5.0") || has_magic(head, "MATLAB 7.3");
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
    Format{"BrainVision",
           [](std::string_view head, std::string_view) {
             const std::string_view text = head.starts_with("\xEF\xBB\xBF") ? head.substr(3) : head;
             const bool is_title = text.starts_with("Brain Vision Data Exchange Header") ||
                                   text.starts_with("BrainVision Data Exchange Header");
             return is_title;
           },
           [](const auto& path, const auto& options) { return open_brainvision(path, options); }},
    Format{"EEGLAB",
           [](std::string_view head, std::string_view extension) {
             return is_matlab(head) && extension == ".set";
           },
           open_eeglab},
    Format{"MATLAB", [](std::string_view head, std::string_view) { return is_matlab(head); },
           open_mat_recording},
    Format{"XDF", [](std::string_view head, std::string_view) { return has_magic(head, "XDF:"); },
           [](const auto& path, const auto& options) {
             return open_xdf(ByteSource::open(path), options);
           }},
    Format{"GDF", [](std::string_view head, std::string_view) { return has_magic(head, "GDF "); },
           [](const auto& path, const auto& options) {
             return open_gdf(ByteSource::open(path), options);
           }},
    Format{"NPY",
           [](std::string_view head, std::string_view) { return has_magic(head, "\x93NUMPY"); },
           open_npy_recording},
    Format{"NPZ",
           [](std::string_view head, std::string_view extension) {
             return has_magic(head, "PK") && extension == ".npz";
           },
           open_npz_recording},
    Format{"FIF",
           [](std::string_view head, std::string_view) {
             return has_magic(head, std::string_view("\0\0\0\x64\0\0\0\x1f", 8));
           },
           [](const auto& path, const auto& options) { return open_fif(path, options); }},
    Format{"CNT",
           [](std::string_view head, std::string_view) { return has_magic(head, "Version 3.0"); },
           nullptr},
    Format{"CSV",
           [](std::string_view, std::string_view extension) {
             return extension == ".csv" || extension == ".tsv";
           },
           [](const auto& path, const auto& options) {
             return open_csv(read_text_file(path), options);
           }},
};

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

// The file that describes the recording `path` belongs to: the BrainVision header of a data or
// marker file, the .set of an .fdt; else the path itself.
std::filesystem::path described_by(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  if (extension == ".eeg" || extension == ".dat" || extension == ".vmrk") {
    return find_brainvision_header(path).value_or(path);
  }
  if (extension == ".fdt") {
    auto set = path;
    set.replace_extension(".set");
    if (std::filesystem::is_regular_file(set)) return set;
  }
  return path;
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

void visit_fields(FieldVisitor& visitor, OpenOptions& o) {
  visitor.field("stream", o.stream,
                "part to read: \"128 Hz\" (EDF), a stream's name (XDF), a variable (MATLAB, NPZ)");
  visitor.field("rate_hz", o.rate_hz, "sampling rate of inputs that state none, in Hz", at_least(0),
                {.flag = "rate"});
  visitor.field("allow_truncated", o.allow_truncated, "read what a cut file still holds");
}

std::string recording_format(const std::filesystem::path& path) {
  const Format* format = find_format(described_by(path));
  return format == nullptr ? "" : std::string(format->name);
}

std::shared_ptr<const Recording> open_recording(const std::filesystem::path& file,
                                                const OpenOptions& options) {
  const std::filesystem::path path = described_by(file);
  const Format* format = find_format(path);
  const std::string extension = lower_extension(path);
  const bool lacks_header = extension == ".vmrk" || extension == ".eeg";
  require(format != nullptr, ErrorCode::kUnsupported,
          "{}: not an EEG file of a known format{}; supported are {}", path.string(),
          lacks_header ? ", and no BrainVision header (.vhdr) in its folder names it" : "",
          supported());
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
