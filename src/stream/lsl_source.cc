#include "lsl_source.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <dlfcn.h>

#include "nest/core/error.h"
#include "nest/core/shared_library.h"

namespace nest::stream {
namespace {

/// The part of liblsl's C interface that is used here (lsl_c.h, protocol 1.10 and later).
struct LslLibrary {
  using Handle = void*;
  int (*resolve_byprop)(Handle*, unsigned, const char*, const char*, int, double) = nullptr;
  Handle (*create_inlet)(Handle, int, int, int) = nullptr;
  void (*destroy_inlet)(Handle) = nullptr;
  void (*destroy_streaminfo)(Handle) = nullptr;
  int (*get_channel_count)(Handle) = nullptr;
  double (*get_nominal_srate)(Handle) = nullptr;
  unsigned long (*pull_chunk_f)(Handle, float*, double*, unsigned long, unsigned long, double,
                                int*) = nullptr;

  static const LslLibrary& instance() {
    static const LslLibrary library;
    return library;
  }

 private:
  LslLibrary() {
    void* handle = open_shared_library({"liblsl.so", "liblsl.so.2", "liblsl.so.1", "liblsl64.so"},
                                       "install Lab Streaming Layer's library to use lsl: sources");
    load(handle, "lsl_resolve_byprop", resolve_byprop);
    load(handle, "lsl_create_inlet", create_inlet);
    load(handle, "lsl_destroy_inlet", destroy_inlet);
    load(handle, "lsl_destroy_streaminfo", destroy_streaminfo);
    load(handle, "lsl_get_channel_count", get_channel_count);
    load(handle, "lsl_get_nominal_srate", get_nominal_srate);
    load(handle, "lsl_pull_chunk_f", pull_chunk_f);
  }

  template <class F>
  static void load(void* handle, const char* name, F*& function) {
    function = reinterpret_cast<F*>(::dlsym(handle, name));
    require(function != nullptr, ErrorCode::kUnsupported, "liblsl.so has no function {}", name);
  }
};

class LslSource : public Source {
 public:
  LslSource(const std::string& stream_name, double timeout_s, Clock& clock, std::stop_token stop)
      : lsl_(LslLibrary::instance()), timeout_s_(timeout_s), clock_(clock), stop_(std::move(stop)) {
    LslLibrary::Handle stream = nullptr;
    const int found = lsl_.resolve_byprop(&stream, 1, "name", stream_name.c_str(), 1, timeout_s);
    require(found >= 1, ErrorCode::kNotFound, "lsl:{}: no stream of this name within {} s",
            stream_name, timeout_s);
    info_.name = "lsl:" + stream_name;
    // Names and units stand in a description that not every sender fills.
    info_.channels = contract::unnamed_channels(lsl_.get_channel_count(stream), "");
    info_.rate_hz = lsl_.get_nominal_srate(stream);
    inlet_ = lsl_.create_inlet(stream, 360, 0, 1);
    lsl_.destroy_streaminfo(stream);
    require(inlet_ != nullptr, ErrorCode::kIo, "{}: cannot subscribe", info_.name);
    require(info_.rate_hz > 0 && info_.num_channels() > 0, ErrorCode::kDataCorrupt,
            "{}: {} channels at {} Hz; a regular signal is needed", info_.name,
            info_.num_channels(), info_.rate_hz);
  }
  ~LslSource() override { lsl_.destroy_inlet(inlet_); }
  LslSource(const LslSource&) = delete;
  LslSource& operator=(const LslSource&) = delete;

  const SourceInfo& info() const override { return info_; }

  Chunk read(signal::SignalView<double> into) override {
    const auto channels = static_cast<std::size_t>(info_.num_channels());
    samples_.resize(channels * static_cast<std::size_t>(into.samples));
    stamps_.resize(static_cast<std::size_t>(into.samples));
    const double deadline_s = clock_.now_s() + timeout_s_;
    unsigned long values = 0;
    while (values == 0 && !stop_.stop_requested()) {
      require(clock_.now_s() < deadline_s, ErrorCode::kIo, "{}: no data for {} s", info_.name,
              timeout_s_);
      int error = 0;
      values = lsl_.pull_chunk_f(inlet_, samples_.data(), stamps_.data(), samples_.size(), 1, 0.1,
                                 &error);
      // A first sample that arrives alone: take what else is already there.
      if (values > 0 && values < samples_.size()) {
        values += lsl_.pull_chunk_f(inlet_, samples_.data() + values,
                                    stamps_.data() + values / channels, samples_.size() - values,
                                    stamps_.size() - values / channels, 0.0, &error);
      }
    }
    return deliver(values / channels, into);
  }

 private:
  Chunk deliver(std::size_t count, signal::SignalView<double> into) {
    Chunk chunk;
    chunk.samples = static_cast<std::int64_t>(count);
    if (count == 0) return chunk;
    chunk.arrival_s = clock_.now_s();
    if (first_stamp_ == 0) first_stamp_ = stamps_.front();
    chunk.time_s = stamps_.front() - first_stamp_;
    if (expected_s_ > 0) {
      chunk.lost =
          std::max<std::int64_t>(0, std::llround((chunk.time_s - expected_s_) * info_.rate_hz));
    }
    expected_s_ = stamps_[count - 1] - first_stamp_ + 1 / info_.rate_hz;
    const auto channels = static_cast<std::size_t>(info_.num_channels());
    for (std::size_t t = 0; t < count; ++t) {
      for (std::size_t c = 0; c < channels; ++c) {
        into.row(static_cast<std::int64_t>(c))[t] = static_cast<double>(samples_[t * channels + c]);
      }
    }
    return chunk;
  }

  const LslLibrary& lsl_;
  LslLibrary::Handle inlet_ = nullptr;
  double timeout_s_;
  Clock& clock_;
  std::stop_token stop_;
  SourceInfo info_;
  std::vector<float> samples_;
  std::vector<double> stamps_;
  double first_stamp_ = 0;
  double expected_s_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_lsl_source(const std::string& stream_name, double timeout_s,
                                        Clock& clock, std::stop_token stop) {
  return std::make_unique<LslSource>(stream_name, timeout_s, clock, std::move(stop));
}

}  // namespace nest::stream
