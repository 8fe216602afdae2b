#include "nest/io/npy_recording.h"

#include <algorithm>
#include <ostream>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/npy.h"

namespace nest::io {
namespace {

// [channels, samples] or [trials, channels, samples]; a trial is a segment.
class NpyRecording : public Recording {
 public:
  NpyRecording(const std::filesystem::path& path, const OpenOptions& options)
      : file_(NpyFile::open(path)) {
    const Shape& shape = file_.shape();
    require(shape.size() == 2 || shape.size() == 3, ErrorCode::kDataCorrupt,
            "an array of shape {} is no recording: [channels, samples] or [trials, channels, "
            "samples] is needed",
            to_string(shape));
    const DType dtype = file_.dtype();
    require(dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kI16 ||
                dtype == DType::kI32 || dtype == DType::kF16,
            ErrorCode::kUnsupported, "samples of type {} are not read", name_of(dtype));
    trials_ = shape.size() == 3 ? shape[0] : 1;
    channels_ = shape[shape.size() - 2];
    per_trial_ = shape.back();
    if (file_.header().is_fortran_order || file_.header().is_byte_swapped) copy_ = file_.all();
    info_.format = "NPY";
    info_.rate_hz = options.rate_hz;
    info_.num_samples = trials_ * per_trial_;
    info_.channels.resize(static_cast<std::size_t>(channels_));
    const double trial_s =
        options.rate_hz > 0 ? static_cast<double>(per_trial_) / options.rate_hz : 0;
    for (std::int64_t t = 0; t < trials_; ++t) {
      info_.segments.push_back({t * per_trial_, per_trial_, static_cast<double>(t) * trial_s});
    }
    if (trials_ > 1)
      info_.warnings.emplace_back("trials are shown one after the other, as segments");
  }

 private:
  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t trial = (first + done) / per_trial_;
      const std::int64_t from = (first + done) % per_trial_;
      const std::int64_t take = std::min(count - done, per_trial_ - from);
      for (std::size_t row = 0; row < channels.size(); ++row) {
        copy(trial * channels_ + channels[row], from, take,
             out + static_cast<std::int64_t>(row) * count + done);
      }
      done += take;
    }
  }

  void copy(std::int64_t row, std::int64_t from, std::int64_t count, double* out) const {
    const bool is_3d = file_.shape().size() == 3;
    Tensor rows;
    std::int64_t at = from;
    if (copy_.defined()) {
      rows = copy_;
      at += row * per_trial_;
    } else if (is_3d) {
      rows = file_.rows(row / channels_, row / channels_ + 1);
      at += row % channels_ * per_trial_;
    } else {
      rows = file_.rows(row, row + 1);
    }
    const auto convert = [&](auto zero) {
      const auto* values = rows.data<decltype(zero)>().data() + at;
      for (std::int64_t k = 0; k < count; ++k) {
        if constexpr (std::is_same_v<decltype(zero), Half>) {
          out[k] = to_float(values[k]);
        } else {
          out[k] = static_cast<double>(values[k]);
        }
      }
    };
    switch (file_.dtype()) {
      case DType::kF32:
        return convert(float{});
      case DType::kF64:
        return convert(double{});
      case DType::kF16:
        return convert(Half{});
      case DType::kI16:
        return convert(std::int16_t{});
      default:
        return convert(std::int32_t{});
    }
  }

  NpyFile file_;
  Tensor copy_;
  std::int64_t trials_ = 1;
  std::int64_t channels_ = 0;
  std::int64_t per_trial_ = 0;
};

}  // namespace

std::shared_ptr<const Recording> open_npy_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options) {
  return std::make_shared<NpyRecording>(path, options);
}

void write_npy(const std::filesystem::path& path, const Recording& recording, DType dtype) {
  const RecordingInfo& info = recording.info();
  const auto rows = static_cast<std::int64_t>(info.channels.size());
  write_file_atomic(path, [&](std::ostream& out) {
    write_npy_header(out, dtype, {rows, info.num_samples});
    constexpr std::int64_t kBlock = 1 << 18;
    for (int channel = 0; channel < static_cast<int>(rows); ++channel) {
      for (std::int64_t at = 0; at < info.num_samples; at += kBlock) {
        const std::vector<int> pick = {channel};
        const Tensor block =
            recording.read(pick, at, std::min(kBlock, info.num_samples - at), dtype);
        out.write(static_cast<const char*>(block.raw()),
                  static_cast<std::streamsize>(block.nbytes()));
      }
    }
  });
}

}  // namespace nest::io
