#include <algorithm>
#include <array>

#include "io/brainvision.h"
#include "io/companions.h"
#include "io/csv_recording.h"
#include "io/fif.h"
#include "io/gdf.h"
#include "io/mat_file.h"
#include "io/xdf.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/utf8.h"
#include "nest/io/byte_source.h"
#include "nest/io/edf.h"
#include "nest/io/npy_recording.h"
#include "nest/io/recording.h"

namespace nest::io {
namespace {

constexpr std::string_view kEeglabExtension = ".set";

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

// A header that lacks its title is known by its name and its first section.
bool is_brainvision_header(std::string_view head, std::string_view extension) {
  if (head.starts_with("Brain Vision Data Exchange Header") ||
      head.starts_with("BrainVision Data Exchange Header")) {
    return true;
  }
  return extension == ".vhdr" && head.find('[') != std::string_view::npos;
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
    Format{"BrainVision", is_brainvision_header,
           [](const auto& path, const auto& options) { return open_brainvision(path, options); }},
    Format{"EEGLAB",
           [](std::string_view head, std::string_view extension) {
             return is_matlab(head) && extension == kEeglabExtension;
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

// The first bytes of a file as its format's magic is looked for; text without its mark.
std::string head_of(const std::filesystem::path& path) {
  const auto source = ByteSource::open(path);
  const std::string head = source->read_text(0, std::min<std::uint64_t>(source->size(), 4096));
  if (!has_byte_order_mark(head)) return head;
  try {
    return without_byte_order_mark(head, path.string());
  } catch (const Error&) {  // its reader says what is wrong
    return head;
  }
}

const Format* find_format(const std::filesystem::path& path) {
  const std::string head = head_of(path);
  std::string extension = lower_extension(path);
  if (is_matlab(head)) {
    const auto is_dataset = is_eeglab_dataset(path);
    if (is_dataset) extension = *is_dataset ? kEeglabExtension : "";
  }
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
  visitor.field("strict", o.strict, "any warning about the file is an error");
}

std::filesystem::path describing_file(const std::filesystem::path& file) {
  const std::string extension = lower_extension(file);
  if (extension == ".eeg" || extension == ".dat" || extension == ".vmrk") {
    if (const auto header = find_brainvision_header(file)) return *header;
  }
  if (extension == ".fdt" || extension == ".dat") {
    auto set = file;
    for (const char* known : {".set", ".SET"}) {
      if (std::filesystem::is_regular_file(set.replace_extension(known))) return set;
    }
  }
  return file;
}

std::vector<std::filesystem::path> companion_files(const std::filesystem::path& file) {
  const std::string format = recording_format(file);
  std::vector<std::filesystem::path> files;
  if (format == "BrainVision") files = brainvision_companions(file);
  if (format == "EEGLAB") files = eeglab_companions(file);
  if (format == "FIF") files = fif_companions(file);
  std::erase_if(files, [](const auto& path) { return !std::filesystem::is_regular_file(path); });
  return files;
}

std::string recording_format(const std::filesystem::path& path) {
  const Format* format = find_format(describing_file(path));
  return format == nullptr ? "" : std::string(format->name);
}

std::shared_ptr<const Recording> open_recording(const std::filesystem::path& file,
                                                const OpenOptions& options) {
  const std::filesystem::path path = describing_file(file);
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
  return with_context(path.string(), [&] {
    auto recording = format->open(path, options);
    const auto& warnings = recording->info().warnings;
    require(!options.strict || warnings.empty(), ErrorCode::kDataCorrupt, "{} (`strict`)",
            fmt::join(warnings, "; "));
    return recording;
  });
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
    lenient.strict = false;
    try {
      report["readable_part"] = to_json(open_recording(path, lenient)->info());
    } catch (const Error&) {
      report["readable_part"] = nullptr;
    }
  }
  return report;
}

}  // namespace nest::io
