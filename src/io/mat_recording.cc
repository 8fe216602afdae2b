#include <algorithm>

#include "io/mat_file.h"
#include "io/stated_rate.h"
#include "io/zuco_recording.h"
#include "nest/core/error.h"
#include "nest/core/utf8.h"

namespace nest::io {
namespace {

bool is_matrix(const MatFile::Variable& variable) {
  return variable.is_numeric && variable.dims.size() == 2 && variable.dims[0] > 0 &&
         variable.dims[1] > 1;
}

double stated_rate(const MatFile& file, std::vector<std::string>& warnings) {
  for (const auto& variable : file.variables()) {
    if (!is_rate_name(variable.name) || !variable.is_numeric || numel(variable.dims) != 1) continue;
    try {
      const double rate_hz = file.read(variable.name).number();
      if (is_rate(rate_hz)) return rate_hz;
    } catch (const Error& error) {  // complex, or damaged
      if (error.code() != ErrorCode::kDataCorrupt) throw;
      warnings.push_back(fmt::format("no rate: {}", error.what()));
    }
  }
  return 0;
}

Tensor transposed(const Tensor& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.dim(0));
  const auto columns = static_cast<std::size_t>(matrix.dim(1));
  Tensor result(DType::kF64, {matrix.dim(1), matrix.dim(0)});
  const auto from = matrix.data<double>();
  const auto to = result.mutable_data<double>();
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
  return result;
}

}  // namespace

std::shared_ptr<const Recording> open_mat_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options) {
  const MatFile file = MatFile::open(path);
  if (is_zuco(file) && (options.stream.empty() || options.stream == "sentenceData")) {
    return open_zuco(path, options);
  }
  const MatFile::Variable* chosen = nullptr;
  for (const auto& variable : file.variables()) {
    if (!is_matrix(variable)) continue;
    const bool is_larger = chosen == nullptr || numel(variable.dims) > numel(chosen->dims);
    const bool is_named = utf8_or_latin1(variable.name) == options.stream;
    if (options.stream.empty() ? is_larger : is_named) chosen = &variable;
  }
  if (chosen == nullptr) {
    std::string names;
    for (const auto& variable : file.variables()) {
      names += fmt::format("{}{} {}", names.empty() ? "" : ", ", utf8_or_latin1(variable.name),
                           to_string(variable.dims));
    }
    fail(ErrorCode::kNotFound, "no numeric matrix{}; the file has: {}",
         options.stream.empty() ? "" : " '" + options.stream + "'", names);
  }
  RecordingInfo info;
  info.format = "MATLAB";
  info.stream = utf8_or_latin1(chosen->name);
  info.warnings = file.warnings();
  Tensor samples = file.read(chosen->name).matrix();
  if (samples.dim(0) > samples.dim(1)) {
    samples = transposed(samples);
    info.warnings.push_back(
        fmt::format("{} has more rows than columns: taken as [samples, channels]", info.stream));
  }
  info.channels.resize(static_cast<std::size_t>(samples.dim(0)));
  info.rate_hz = options.rate_hz > 0 ? options.rate_hz : stated_rate(file, info.warnings);
  for (const auto& variable : file.variables()) {
    if (&variable == chosen || !is_matrix(variable)) continue;
    const auto [low, high] = std::minmax({variable.dims[0], variable.dims[1]});
    info.other_streams.push_back({utf8_or_latin1(variable.name), 0, low, high});
  }
  return make_recording(std::move(info), std::move(samples));
}

}  // namespace nest::io
