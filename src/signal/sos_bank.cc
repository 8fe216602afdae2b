#include "sos_bank.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "nest/core/error.h"
#include "nest/signal/design.h"

namespace nest::signal {

SosBank::SosBank(Sos sos, int channels) : sos_(std::move(sos)), channels_(channels) {
  require(channels >= 1, ErrorCode::kInvalidArgument, "filter: {} channels; at least one is needed",
          channels);
  for (const SosSection& s : sos_) {
    require(std::isfinite(s.b0 + s.b1 + s.b2 + s.a1 + s.a2), ErrorCode::kInvalidArgument,
            "filter: a coefficient is not finite");
  }
  const auto sections = static_cast<std::int64_t>(sos_.size());
  storage_ = Tensor(DType::kF64, {groups_of(channels), sections, 2, kGroup});
  state_ = storage_.mutable_data<double>().data();
}

void SosBank::reset() noexcept {
  std::fill_n(state_, static_cast<std::size_t>(storage_.numel()), 0.0);
}

void SosBank::require_steady_state() {
  if (steady_.empty()) steady_ = sos_steady_state(sos_);
}

void SosBank::start_steady(const double* values) noexcept {
  reset();
  for (int c = 0; c < channels_; ++c) {
    for (std::size_t s = 0; s < steady_.size(); ++s) {
      double* z = where(c, s);
      z[0] = steady_[s][0] * values[c];
      z[kGroup] = steady_[s][1] * values[c];
    }
  }
}

Tensor SosBank::state() const {
  Tensor result(DType::kF64, {static_cast<std::int64_t>(sos_.size()), channels_, 2});
  double* to = result.mutable_data<double>().data();
  for (std::size_t s = 0; s < sos_.size(); ++s) {
    for (int c = 0; c < channels_; ++c) {
      const double* z = where(c, s);
      *to++ = z[0];
      *to++ = z[kGroup];
    }
  }
  return result;
}

void SosBank::set_state(const Tensor& state) {
  const Shape expected{static_cast<std::int64_t>(sos_.size()), channels_, 2};
  require(state.dtype() == DType::kF64 && state.shape() == expected, ErrorCode::kInvalidArgument,
          "filter state: {} {} given, float64 {} needed", name_of(state.dtype()),
          to_string(state.shape()), to_string(expected));
  reset();
  const double* from = state.data<double>().data();
  for (std::size_t s = 0; s < sos_.size(); ++s) {
    for (int c = 0; c < channels_; ++c) {
      double* z = where(c, s);
      z[0] = *from++;
      z[kGroup] = *from++;
    }
  }
}

}  // namespace nest::signal
