#include "io/array_recording.h"

#include "nest/core/error.h"

namespace nest::io {
namespace {

bool is_sample_type(DType dtype) {
  return dtype != DType::kBool && dtype != DType::kBF16;
}

class ArrayRecording : public Recording {
 public:
  ArrayRecording(RecordingInfo info, NpyFile file, double rate_hz) : file_(std::move(file)) {
    const Shape& shape = file_.shape();
    require(is_signal_array(file_.header()), ErrorCode::kDataCorrupt,
            "an array {} of shape {} is no recording: numbers [channels, samples] or [trials, "
            "channels, samples] are needed",
            name_of(file_.dtype()), to_string(shape));
    info_ = std::move(info);
    trials_ = shape.size() == 3 ? shape[0] : 1;
    channels_ = shape[shape.size() - 2];
    per_trial_ = shape.back();
    if (file_.header().is_fortran_order || file_.header().is_byte_swapped) copy_ = file_.all();
    info_.rate_hz = rate_hz;
    info_.num_samples = trials_ * per_trial_;
    info_.channels.resize(static_cast<std::size_t>(channels_));
    const double trial_s = rate_hz > 0 ? static_cast<double>(per_trial_) / rate_hz : 0;
    for (std::int64_t t = 0; t < trials_; ++t) {
      info_.segments.push_back({t * per_trial_, per_trial_, static_cast<double>(t) * trial_s});
    }
    if (trials_ > 1) info_.notes.emplace_back("trials are shown one after the other, as segments");
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
      case DType::kI8:
        return convert(std::int8_t{});
      case DType::kU8:
        return convert(std::uint8_t{});
      case DType::kI16:
        return convert(std::int16_t{});
      case DType::kI32:
        return convert(std::int32_t{});
      default:
        return convert(std::int64_t{});
    }
  }

  NpyFile file_;
  Tensor copy_;
  std::int64_t trials_ = 1;
  std::int64_t channels_ = 0;
  std::int64_t per_trial_ = 0;
};

}  // namespace

bool is_signal_array(const NpyHeader& header) {
  const Shape& shape = header.shape;
  return (shape.size() == 2 || shape.size() == 3) && numel(shape) > 0 &&
         is_sample_type(header.dtype);
}

std::shared_ptr<const Recording> make_array_recording(RecordingInfo info, NpyFile file,
                                                      double rate_hz) {
  return std::make_shared<ArrayRecording>(std::move(info), std::move(file), rate_hz);
}

}  // namespace nest::io
