#include "nest/stream/arrivals.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::stream {
namespace {

static_assert(std::endian::native == std::endian::little, "records are little-endian");
constexpr std::string_view kMagic = "NEST arrivals 1";
constexpr std::int64_t kMostSamples = std::int64_t{1} << 24;
constexpr std::int64_t kMostChannels = 4096;

/// What stands before the samples of a delivery.
struct Record {
  std::int64_t samples = 0;
  std::int64_t first_sample = -1;
  std::int64_t lost = 0;
  std::int64_t repeated = 0;
  std::int64_t is_reconnected = 0;
  double time_s = 0;
  double arrival_s = 0;
  double age_s = 0;
};
static_assert(sizeof(Record) == 64);

Json header_of(const Source& source) {
  Json channels = Json::array();
  for (const contract::SourceChannel& channel : source.info().channels)
    channels.push_back({{"name", channel.name}, {"unit", channel.unit}});
  return {{"name", source.info().name},
          {"rate_hz", source.info().rate_hz},
          {"channels", std::move(channels)},
          {"has_arrival_times", source.has_arrival_times()}};
}

class RecordingSource final : public Source {
 public:
  RecordingSource(std::unique_ptr<Source> source, const std::filesystem::path& file)
      : source_(std::move(source)), file_(file), out_(file, std::ios::binary) {
    out_ << kMagic << '\n' << header_of(*source_).dump() << '\n';
    check();
  }

  const SourceInfo& info() const override { return source_->info(); }
  bool is_paced() const override { return source_->is_paced(); }
  bool has_arrival_times() const override { return source_->has_arrival_times(); }

  Chunk read(signal::SignalView<double> into) override {
    const Chunk chunk = source_->read(into);
    const Record record{
        chunk.samples, chunk.first_sample, chunk.lost, chunk.repeated, chunk.is_reconnected ? 1 : 0,
        chunk.time_s,  chunk.arrival_s,    chunk.age_s};
    out_.write(reinterpret_cast<const char*>(&record), sizeof record);
    for (std::int64_t c = 0; c < into.channels; ++c) {
      out_.write(reinterpret_cast<const char*>(into.row(c)),
                 static_cast<std::streamsize>(chunk.samples * std::int64_t{sizeof(double)}));
    }
    out_.flush();
    check();
    return chunk;
  }

 private:
  void check() const {
    require(out_.good(), ErrorCode::kIo, "{}: cannot write; is the disk full?", file_.string());
  }

  std::unique_ptr<Source> source_;
  std::filesystem::path file_;
  std::ofstream out_;
};

class ArrivalsSource final : public Source {
 public:
  ArrivalsSource(const std::filesystem::path& file, bool real_time, Clock& clock)
      : file_(file), in_(file, std::ios::binary), clock_(clock), is_real_time_(real_time) {
    require(in_.good(), ErrorCode::kNotFound, "{}: cannot be opened", file.string());
    std::string line;
    require(static_cast<bool>(std::getline(in_, line)) && line == kMagic, ErrorCode::kDataCorrupt,
            "{}: is no file of arrivals: it does not begin with '{}'", file.string(), kMagic);
    std::getline(in_, line);
    const Config header = Config::from_json(parse_json(line, file.string()), file.string());
    info_.name = "arrivals:" + file.string();
    info_.rate_hz = header.at("rate_hz").as_double();
    const Json channels = header.at("channels").to_json();
    for (const Json& channel : channels)
      info_.channels.push_back({channel.at("name"), channel.at("unit")});
    require(info_.rate_hz > 0 && info_.num_channels() > 0 && info_.num_channels() <= kMostChannels,
            ErrorCode::kDataCorrupt, "{}: {} channels at {} Hz", file.string(),
            info_.num_channels(), info_.rate_hz);
    has_arrival_times_ = header.at("has_arrival_times").as_bool();
    begin_s_ = clock.now_s();
  }

  const SourceInfo& info() const override { return info_; }
  bool is_paced() const override { return is_real_time_; }
  bool has_arrival_times() const override { return has_arrival_times_; }

  Chunk read(signal::SignalView<double> into) override {
    if (at_ == held_.samples && !next()) return {};
    const std::int64_t count = std::min(into.samples, held_.samples - at_);
    Chunk chunk{.samples = count,
                .time_s = record_.time_s + static_cast<double>(at_) / info_.rate_hz,
                .arrival_s = record_.arrival_s,
                .age_s = record_.age_s};
    if (record_.first_sample >= 0) chunk.first_sample = record_.first_sample + at_;
    if (at_ == 0) {
      chunk.lost = record_.lost;
      chunk.repeated = record_.repeated;
      chunk.is_reconnected = record_.is_reconnected != 0;
    }
    for (std::int64_t c = 0; c < info_.num_channels(); ++c)
      std::copy_n(held_.row(c) + at_, count, into.row(c));
    at_ += count;
    return chunk;
  }

 private:
  /// Reads the next delivery; false at the end, which a delivery cut short is too.
  bool next() {
    in_.read(reinterpret_cast<char*>(&record_), sizeof record_);
    if (in_.gcount() != sizeof record_ || record_.samples == 0) return false;
    require(record_.samples > 0 && record_.samples <= kMostSamples && record_.lost >= 0,
            ErrorCode::kDataCorrupt, "{}: a delivery of {} samples before byte {}", file_.string(),
            record_.samples, static_cast<std::int64_t>(in_.tellg()));
    const std::int64_t channels = info_.num_channels();
    samples_.resize(static_cast<std::size_t>(channels * record_.samples));
    const auto bytes = static_cast<std::streamsize>(samples_.size() * sizeof(double));
    in_.read(reinterpret_cast<char*>(samples_.data()), bytes);
    if (in_.gcount() != bytes) return false;
    if (!has_first_) first_arrival_s_ = record_.arrival_s;
    has_first_ = true;
    held_ = {samples_.data(), channels, record_.samples};
    at_ = 0;
    if (!is_real_time_) return true;
    const double due_s = begin_s_ + record_.arrival_s - first_arrival_s_;
    record_.arrival_s = due_s;
    return clock_.wait_until(due_s);
  }

  std::filesystem::path file_;
  std::ifstream in_;
  Clock& clock_;
  bool is_real_time_;
  bool has_arrival_times_ = false;
  bool has_first_ = false;
  double begin_s_ = 0, first_arrival_s_ = 0;
  SourceInfo info_;
  Record record_;
  std::vector<double> samples_;
  signal::SignalView<double> held_;
  std::int64_t at_ = 0;
};

}  // namespace

std::unique_ptr<Source> record_arrivals(std::unique_ptr<Source> source,
                                        const std::filesystem::path& file) {
  return std::make_unique<RecordingSource>(std::move(source), file);
}

std::unique_ptr<Source> replay_arrivals(const std::filesystem::path& file, bool real_time,
                                        Clock& clock) {
  return std::make_unique<ArrivalsSource>(file, real_time, clock);
}

}  // namespace nest::stream
