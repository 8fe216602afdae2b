#include <algorithm>
#include <cmath>

#include "io/companions.h"
#include "io/departures.h"
#include "io/mat_file.h"
#include "nest/core/error.h"
#include "nest/io/byte_source.h"
#include "nest/io/channel_type.h"

namespace nest::io {
namespace {

constexpr double kVoltsPerMicrovolt = 1e-6;
constexpr double kBoundaryCode = -99;  // where event types are numbers

// What is read of a dataset; the rest (history, source models, ...) may be anything.
const std::vector<std::string> kFields = {"srate",   "nbchan",   "pnts",   "trials",
                                          "data",    "chanlocs", "labels", "event",
                                          "latency", "duration", "type"};

// The fields of the dataset: of the struct EEG, or variables of the file itself.
class EegFields {
 public:
  explicit EegFields(const std::filesystem::path& path) : file_(MatFile::open(path)) {
    if (file_.has("EEG")) root_ = file_.read("EEG", kFields);
  }
  const std::vector<std::string>& warnings() const { return file_.warnings(); }
  std::optional<MatValue> get(const std::string& name) const {
    if (root_) return root_->field(name);
    if (!file_.has(name)) return std::nullopt;
    return file_.read(name, kFields);
  }
  double number(const std::string& name) const {
    const auto value = get(name);
    require(value.has_value(), ErrorCode::kDataCorrupt, "EEG.{} is missing", name);
    return with_context("EEG." + name, [&] { return value->number(); });
  }
  std::int64_t count(const std::string& name) const {
    const double value = number(name);
    require(value >= 1 && value <= 1e12 && value == std::floor(value), ErrorCode::kDataCorrupt,
            "EEG.{}: {} is no count", name, value);
    return static_cast<std::int64_t>(value);
  }

 private:
  MatFile file_;
  std::optional<MatValue> root_;
};

std::string text_or_number(const std::optional<MatValue>& value, const std::string& field,
                           Departures& departures) {
  if (!value) return "";
  if (value->is_text()) return departures.utf8(value->raw_text(), field);
  if (value->is_numeric() && value->numel() > 0) return fmt::format("{}", value->number());
  return "";
}

double number_or(const std::optional<MatValue>& value, double fallback) {
  return value && value->is_numeric() && value->numel() > 0 ? value->number() : fallback;
}

// EEGLAB finds "boundary" at the beginning of a type, in any letters, and -99 among numbers.
bool is_boundary(const std::optional<MatValue>& type) {
  if (!type) return false;
  if (type->is_text()) return lower_ascii(type->text()).starts_with("boundary");
  return type->is_numeric() && type->numel() == 1 && type->number() == kBoundaryCode;
}

struct Boundary {
  double sample = 0;
  double removed_samples = 0;
};

// The stated file, or the one of the dataset's name if the dataset was renamed.
std::filesystem::path data_file(const std::filesystem::path& set,
                                const std::filesystem::path& stated) {
  const auto beside = set.parent_path() / stated.filename();
  if (std::filesystem::exists(beside)) return beside;
  auto renamed = set;
  return renamed.replace_extension(stated.extension());
}

class EeglabRecording : public Recording {
 public:
  EeglabRecording(const std::filesystem::path& path, const OpenOptions& options) {
    const EegFields eeg(path);
    info_.format = "EEGLAB";
    info_.rate_hz = eeg.number("srate");
    require(info_.rate_hz > 0 && info_.rate_hz < 1e8, ErrorCode::kDataCorrupt,
            "EEG.srate: {} Hz is impossible", info_.rate_hz);
    num_channels_ = eeg.count("nbchan");
    per_trial_ = eeg.count("pnts");
    const std::int64_t trials = eeg.count("trials");
    require(per_trial_ <= (std::int64_t{1} << 60) / trials, ErrorCode::kDataCorrupt,
            "EEG.pnts {} times EEG.trials {} is impossible", per_trial_, trials);
    info_.num_samples = per_trial_ * trials;
    name_channels(eeg);
    find_data(eeg, path, options.allow_truncated);
    info_.warnings.insert(info_.warnings.end(), eeg.warnings().begin(), eeg.warnings().end());
    const auto boundaries = read_events(eeg);
    make_segments(boundaries);
    for (std::string& line : departures_.lines()) info_.warnings.push_back(std::move(line));
  }

 private:
  void name_channels(const EegFields& eeg) {
    require(num_channels_ <= 100000, ErrorCode::kDataCorrupt, "EEG.nbchan: {} channels",
            num_channels_);
    info_.channels.resize(static_cast<std::size_t>(num_channels_));
    const auto locations = eeg.get("chanlocs");
    for (std::int64_t i = 0; i < num_channels_; ++i) {
      ChannelInfo& channel = info_.channels[static_cast<std::size_t>(i)];
      if (locations) {
        channel.name = text_or_number(locations->field("labels", i),
                                      fmt::format("EEG.chanlocs({}).labels", i + 1), departures_);
        channel.type = channel_type_from_name(text_or_number(
            locations->field("type", i), fmt::format("EEG.chanlocs({}).type", i + 1), departures_));
      }
      if (channel.name.empty()) channel.name = fmt::format("EEG {:03}", i + 1);
      channel.unit = "V";
      channel.file_unit = "uV";
    }
  }

  void find_data(const EegFields& eeg, const std::filesystem::path& path, bool allow_truncated) {
    const auto data = eeg.get("data");
    require(data.has_value(), ErrorCode::kDataCorrupt, "EEG.data is missing");
    if (data->is_numeric()) {
      require(data->numel() == num_channels_ * info_.num_samples, ErrorCode::kDataCorrupt,
              "EEG.data has {} values, {} channels of {} samples need {}", data->numel(),
              num_channels_, info_.num_samples, num_channels_ * info_.num_samples);
      inside_ = data->numbers();
      return;
    }
    const std::filesystem::path stated = std::filesystem::path(data->raw_text()).filename();
    const auto beside = data_file(path, stated);
    outside_ = ByteSource::open(beside);
    // .fdt holds sample after sample; .dat of early versions, channel after channel
    is_transposed_ = lower_ascii(stated.extension().string()) == ".dat";
    const std::int64_t frames = static_cast<std::int64_t>(outside_->size()) / (4 * num_channels_);
    if (frames >= info_.num_samples) return;
    const std::string what =
        fmt::format("truncated: {} has {} samples of {} channels, the header declares {}",
                    beside.filename().string(), frames, num_channels_, info_.num_samples);
    require(allow_truncated && !is_transposed_, ErrorCode::kDataCorrupt,
            "{}; the complete part of a .fdt file reads with `allow_truncated`", what);
    info_.warnings.push_back(what);
    info_.num_samples = frames;
  }

  std::vector<Boundary> read_events(const EegFields& eeg) {
    std::vector<Boundary> boundaries;
    const auto events = eeg.get("event");
    if (!events || !events->is_struct()) return boundaries;
    for (std::int64_t i = 0; i < events->numel(); ++i) {
      const std::string where = fmt::format("EEG.event({})", i + 1);
      const auto type = events->field("type", i);
      const double latency = number_or(events->field("latency", i), NAN);  // from 1, in samples
      if (!std::isfinite(latency)) {
        departures_.add("event without a latency left out", where);
        continue;
      }
      const double duration = number_or(events->field("duration", i), 0);
      if (is_boundary(type)) boundaries.push_back({latency - 1, duration});
      Annotation note;
      note.onset_s = (latency - 1) / info_.rate_hz;
      note.duration_s = std::isfinite(duration) && duration > 0 ? duration / info_.rate_hz : 0;
      note.text = text_or_number(type, where + ".type", departures_);
      info_.annotations.push_back(std::move(note));
    }
    std::stable_sort(info_.annotations.begin(), info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
    std::stable_sort(boundaries.begin(), boundaries.end(),
                     [](const auto& a, const auto& b) { return a.sample < b.sample; });
    return boundaries;
  }

  // Epochs end where they end; a boundary event marks where samples were cut out.
  void make_segments(const std::vector<Boundary>& boundaries) {
    info_.segments = {{0, info_.num_samples, 0}};
    const auto cut = [&](std::int64_t sample, double removed_s) {
      Segment& last = info_.segments.back();
      if (sample <= last.first_sample || sample >= info_.num_samples) return;
      last.num_samples = sample - last.first_sample;
      const double end_s = last.time_s + static_cast<double>(last.num_samples) / info_.rate_hz;
      info_.segments.push_back({sample, info_.num_samples - sample, end_s + removed_s});
    };
    if (per_trial_ < info_.num_samples) {
      for (std::int64_t at = per_trial_; at < info_.num_samples; at += per_trial_) cut(at, 0);
      return;
    }
    for (const Boundary& boundary : boundaries) {
      if (!(boundary.sample > 0 && boundary.sample < static_cast<double>(info_.num_samples)))
        continue;
      const bool is_known = std::isfinite(boundary.removed_samples) && boundary.removed_samples > 0;
      cut(static_cast<std::int64_t>(std::ceil(boundary.sample)),
          is_known ? boundary.removed_samples / info_.rate_hz : 0);
    }
  }

  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    if (outside_ == nullptr) {
      for (const int channel : channels) {
        const double* from = inside_.data() + first * num_channels_ + channel;
        for (std::int64_t k = 0; k < count; ++k) {
          *out++ = from[k * num_channels_] * kVoltsPerMicrovolt;
        }
      }
      return;
    }
    std::vector<std::byte> bytes;
    if (is_transposed_) {
      bytes.resize(static_cast<std::size_t>(4 * count));
      for (const int channel : channels) {
        outside_->read_at(static_cast<std::uint64_t>((channel * info_.num_samples + first) * 4),
                          bytes);
        for (std::int64_t k = 0; k < count; ++k) {
          *out++ = static_cast<double>(load_le<float>(bytes.data() + 4 * k)) * kVoltsPerMicrovolt;
        }
      }
      return;
    }
    const std::int64_t step =
        std::max<std::int64_t>(1, (std::int64_t{1} << 20) / (4 * num_channels_));
    for (std::int64_t at = 0; at < count; at += step) {
      const std::int64_t take = std::min(step, count - at);
      bytes.resize(static_cast<std::size_t>(take * num_channels_ * 4));
      outside_->read_at(static_cast<std::uint64_t>((first + at) * num_channels_ * 4), bytes);
      for (std::size_t row = 0; row < channels.size(); ++row) {
        const std::byte* from = bytes.data() + 4 * channels[row];
        double* target = out + static_cast<std::int64_t>(row) * count + at;
        for (std::int64_t k = 0; k < take; ++k) {
          target[k] = static_cast<double>(load_le<float>(from + 4 * k * num_channels_)) *
                      kVoltsPerMicrovolt;
        }
      }
    }
  }

  std::int64_t num_channels_ = 0;
  std::int64_t per_trial_ = 0;
  std::vector<double> inside_;  // column-major, as MATLAB stores it
  std::shared_ptr<const ByteSource> outside_;
  bool is_transposed_ = false;  // of the file outside: channel after channel
  Departures departures_;
};

}  // namespace

std::optional<bool> is_eeglab_dataset(const std::filesystem::path& path) {
  try {
    const MatFile file = MatFile::open(path);
    const bool has_struct = std::any_of(
        file.variables().begin(), file.variables().end(),
        [](const auto& variable) { return variable.name == "EEG" && !variable.is_numeric; });
    const auto has = [&](const char* name) { return file.has(name); };
    return has_struct || (has("srate") && has("nbchan") && has("pnts") && has("data"));
  } catch (const Error&) {  // its reader says what is wrong
    return std::nullopt;
  }
}

std::vector<std::filesystem::path> eeglab_companions(const std::filesystem::path& set) {
  try {
    const MatFile file = MatFile::open(set);
    const bool has_struct = file.has("EEG");
    const MatValue holder = file.read(has_struct ? "EEG" : "data", {"data"});
    const auto data = has_struct ? holder.field("data") : std::optional(holder);
    if (data && data->is_text()) return {data_file(set, data->raw_text())};
  } catch (const Error&) {  // its reader says what is wrong
  }
  return {};
}

std::shared_ptr<const Recording> open_eeglab(const std::filesystem::path& path,
                                             const OpenOptions& options) {
  return std::make_shared<EeglabRecording>(path, options);
}

}  // namespace nest::io
