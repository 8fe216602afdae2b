#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/io/recording.h"

namespace nest::io {

struct MatNode;
struct MatRoot;

/// A value of a MATLAB file: number array, text, struct array or cell array. Keeps its file's
/// variable alive.
class MatValue {
 public:
  bool is_numeric() const;
  bool is_text() const;
  bool is_struct() const;
  bool is_cell() const;
  /// MATLAB's dimensions (column-major), at least two.
  Shape dims() const;
  std::int64_t numel() const;
  std::vector<std::string> field_names() const;

  /// Field of element `index` of a struct array; nothing if absent or empty.
  std::optional<MatValue> field(const std::string& name, std::int64_t index = 0) const;
  /// Element of a cell array; nothing if it is empty.
  std::optional<MatValue> cell(std::int64_t index) const;
  /// UTF-8; bytes that are none are taken for Latin-1. Errors: DataCorrupt if this is no text.
  std::string text() const;
  /// The same, but bytes that should be UTF-8 as they are.
  std::string raw_text() const;
  /// All numbers in file (column-major) order. Errors: DataCorrupt if not real numbers.
  std::vector<double> numbers() const;
  /// The first number. Errors: DataCorrupt.
  double number() const;
  /// A matrix as row-major float64 [rows, columns]. Errors: DataCorrupt if not two-dimensional.
  Tensor matrix() const;

 private:
  friend class MatFile;
  MatValue(std::shared_ptr<const MatRoot> root, const MatNode* node)
      : root_(std::move(root)), node_(node) {}
  std::shared_ptr<const MatRoot> root_;
  const MatNode* node_;
};

/// A MATLAB file of version 5 to 7 (also compressed), read by an own parser that bounds every
/// length, or of version 7.3, read through HDF5.
///
/// A variable is held in memory as a whole while a MatValue of it lives.
/// State: thread-safe (version 7.3 one call at a time; HDF5 is not reentrant).
class MatFile {
 public:
  /// Errors: NotFound, Io; DataCorrupt naming the byte or what HDF5 cannot read.
  static MatFile open(const std::filesystem::path& path);

  struct Variable {
    std::string name;
    Shape dims;
    bool is_numeric = false;
    std::uint64_t offset = 0;  ///< byte where it begins (versions 5 to 7)
  };
  const std::vector<Variable>& variables() const { return variables_; }
  /// Variables that are damaged and left out.
  const std::vector<std::string>& warnings() const { return warnings_; }
  bool has(const std::string& name) const;
  /// Errors: NotFound that lists the variables; DataCorrupt.
  /// With `fields` only these of structs are read, at any depth.
  MatValue read(const std::string& name, const std::vector<std::string>& fields = {}) const;

 private:
  std::filesystem::path path_;
  std::vector<Variable> variables_;
  std::vector<std::string> warnings_;
};

/// A numeric matrix variable as a recording. The stream is the variable's name; without one the
/// largest matrix is taken. More rows than columns: it is taken as [samples, channels] (a warning
/// says so). The rate is options.rate_hz or a scalar named fs, srate, sfreq, rate or sampling_rate.
/// A ZuCo file (a struct `sentenceData`) is opened by open_zuco().
std::shared_ptr<const Recording> open_mat_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options = {});

/// An EEGLAB dataset (struct EEG or its fields at top level, whatever the file's name) with data
/// inside or in a file beside it, which is read lazily: .fdt (sample after sample) or .dat of early
/// versions (channel after channel). Epochs are segments, and so is what follows a boundary: an
/// event whose type begins with "boundary" in any letters, or is the number -99. Microvolts become
/// volts. Only the fields that are needed are read.
std::shared_ptr<const Recording> open_eeglab(const std::filesystem::path& path,
                                             const OpenOptions& options = {});

}  // namespace nest::io
