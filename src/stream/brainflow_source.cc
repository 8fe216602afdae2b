#include "brainflow_source.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "brainflow_library.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::stream {
namespace {

constexpr int kBufferSamples = 450000;  ///< BrainFlow's own usual size; the oldest fall out
constexpr double kPoll_s = 0.004;
constexpr int kBoards = 128;  ///< numbers that are tried for the list, from -3 on

struct Board {
  int number = 0;
  std::string parameters;  ///< JSON
};

Board board_of(const std::string& text) {
  const std::size_t mark = text.find('?');
  const std::string number = text.substr(0, mark);
  Board board;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), board.number);
  require(error == std::errc() && end == number.data() + number.size(), ErrorCode::kInvalidArgument,
          "brainflow:{}: '{}' is no board number; -1 is the synthetic board", text, number);
  // All parameters that BrainFlow knows must be there.
  Json parameters = {
      {"serial_port", ""},    {"mac_address", ""}, {"ip_address", ""}, {"ip_address_aux", ""},
      {"ip_address_anc", ""}, {"ip_port", 0},      {"ip_port_aux", 0}, {"ip_port_anc", 0},
      {"ip_protocol", 0},     {"other_info", ""},  {"timeout", 0},     {"serial_number", ""},
      {"file", ""},           {"file_aux", ""},    {"file_anc", ""},   {"master_board", -100}};
  std::string rest = mark == std::string::npos ? "" : text.substr(mark + 1);
  while (!rest.empty()) {
    const std::string pair = rest.substr(0, rest.find('&'));
    rest = rest.substr(std::min(rest.size(), pair.size() + 1));
    const std::size_t sign = pair.find('=');
    const std::string name = pair.substr(0, sign);
    require(sign != std::string::npos && parameters.contains(name), ErrorCode::kInvalidArgument,
            "brainflow:{}: '{}' is no NAME=VALUE of BrainFlow's input parameters", text, pair);
    const std::string value = pair.substr(sign + 1);
    if (parameters[name].is_string()) {
      parameters[name] = value;
    } else {
      parameters[name] = std::atoi(value.c_str());
    }
  }
  board.parameters = parameters.dump();
  return board;
}

/// A board's description as BrainFlow has it; nothing for a number it does not know.
std::optional<Json> description_of(const BrainFlowLibrary& lib, int board) {
  std::vector<char> text(16384);
  int length = 0;
  if (lib.get_board_descr(board, BrainFlowLibrary::kDefaultPreset, text.data(), &length,
                          static_cast<int>(text.size())) != BrainFlowLibrary::kOk)
    return std::nullopt;
  return parse_json(std::string_view(text.data(), static_cast<std::size_t>(std::max(0, length))),
                    "BrainFlow's description of a board");
}

bool has_eeg(const Json& description) {
  return description.contains("eeg_channels") && description.value("sampling_rate", 0) > 0;
}

std::vector<std::string> names_of(const Json& description, std::size_t count) {
  std::vector<std::string> names;
  std::string rest = description.value("eeg_names", "");
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    names.push_back(rest.substr(0, comma));
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  return names.size() == count ? names : std::vector<std::string>{};
}

class BrainFlowSource final : public Source {
 public:
  BrainFlowSource(const std::string& text, double timeout_s, Clock& clock, std::stop_token stop)
      : lib_(BrainFlowLibrary::instance()),
        board_(board_of(text)),
        timeout_s_(timeout_s),
        clock_(clock),
        stop_(std::move(stop)) {
    info_.name = "brainflow:" + text;
    const auto about = description_of(lib_, board_.number);
    require(about.has_value(), ErrorCode::kInvalidArgument, "{}: BrainFlow knows no such board",
            info_.name);
    require(has_eeg(*about), ErrorCode::kUnsupported, "{}: the board has no EEG channels",
            info_.name);
    about->at("eeg_channels").get_to(channels_);
    about->at("num_rows").get_to(rows_);
    counter_ = about->value("package_num_channel", -1);
    info_.rate_hz = about->at("sampling_rate").get<double>();
    const auto names = names_of(*about, channels_.size());
    const auto count = static_cast<std::int64_t>(channels_.size());
    info_.channels = names.empty() ? contract::unnamed_channels(count, "uV")
                                   : contract::named_channels(names, "uV");
    begin();
  }
  ~BrainFlowSource() override {
    lib_.stop_stream(board_.number, board_.parameters.c_str());
    lib_.release_session(board_.number, board_.parameters.c_str());
  }

  const SourceInfo& info() const override { return info_; }

  Chunk read(signal::SignalView<double> into) override {
    const double deadline_s = clock_.now_s() + timeout_s_;
    while (begin_ == end_) {
      if (stop_.stop_requested()) return {};
      require(clock_.now_s() < deadline_s, ErrorCode::kIo, "{}: no data for {} s", info_.name,
              timeout_s_);
      pull();
      if (begin_ == end_ && !clock_.wait_until(clock_.now_s() + kPoll_s)) return {};
    }
    return deliver(into);
  }

 private:
  void check(int status, const char* what) const {
    require(status == BrainFlowLibrary::kOk, ErrorCode::kIo,
            "{}: BrainFlow cannot {} (exit code {}); is the board on, and free?", info_.name, what,
            status);
  }

  void begin() {
    lib_.set_log_level(BrainFlowLibrary::kNoLog);
    check(lib_.prepare_session(board_.number, board_.parameters.c_str()), "prepare a session");
    const int status =
        lib_.start_stream(kBufferSamples, "", board_.number, board_.parameters.c_str());
    if (status != BrainFlowLibrary::kOk)
      lib_.release_session(board_.number, board_.parameters.c_str());
    check(status, "start the stream");
  }

  /// Takes everything that the board has delivered.
  void pull() {
    int count = 0;
    check(lib_.get_board_data_count(BrainFlowLibrary::kDefaultPreset, &count, board_.number,
                                    board_.parameters.c_str()),
          "count samples");
    if (count <= 0) return;
    samples_.resize(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(count));
    check(lib_.get_board_data(count, BrainFlowLibrary::kDefaultPreset, samples_.data(),
                              board_.number, board_.parameters.c_str()),
          "deliver samples");
    begin_ = 0;
    end_ = stride_ = count;
    arrival_s_ = clock_.now_s();
  }

  double at(int row, std::int64_t sample) const {
    return samples_[static_cast<std::size_t>(row) * static_cast<std::size_t>(stride_) +
                    static_cast<std::size_t>(sample)];
  }

  /// How far the counter of packages goes from one sample to the next; it counts modulo 256.
  std::int64_t step_to(std::int64_t sample) {
    if (counter_ < 0) return 1;
    const auto now = static_cast<std::int64_t>(std::llround(at(counter_, sample)));
    const std::int64_t before = std::exchange(package_, now);
    if (before < 0) return 1;
    if (now < 256 && before < 256) return now == before ? 1 : (now - before + 256) % 256;
    return std::max<std::int64_t>(1, now - before);
  }

  /// One run of packages without a hole.
  Chunk deliver(signal::SignalView<double> into) {
    next_ += step_to(begin_) - 1;
    Chunk chunk{.arrival_s = arrival_s_, .first_sample = next_};
    std::int64_t end = begin_ + 1;
    while (end < end_ && end - begin_ < into.samples) {
      const std::int64_t before = package_;
      if (step_to(end) != 1) {
        package_ = before;
        break;
      }
      ++end;
    }
    chunk.samples = end - begin_;
    chunk.time_s = static_cast<double>(next_) / info_.rate_hz;
    for (std::size_t c = 0; c < channels_.size(); ++c)
      for (std::int64_t t = begin_; t < end; ++t)
        into.row(static_cast<std::int64_t>(c))[t - begin_] = at(channels_[c], t);
    next_ += chunk.samples;
    begin_ = end;
    return chunk;
  }

  const BrainFlowLibrary& lib_;
  Board board_;
  double timeout_s_;
  Clock& clock_;
  std::stop_token stop_;
  SourceInfo info_;
  std::vector<int> channels_;  ///< rows of EEG
  int rows_ = 0;
  int counter_ = -1;  ///< row of the packages' numbers
  std::int64_t package_ = -1;
  std::int64_t next_ = 0;        ///< number of the next sample
  std::vector<double> samples_;  ///< [rows, stride]
  std::int64_t stride_ = 0, begin_ = 0, end_ = 0;
  double arrival_s_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_brainflow_source(const std::string& board, double timeout_s,
                                              Clock& clock, std::stop_token stop) {
  return std::make_unique<BrainFlowSource>(board, timeout_s, clock, std::move(stop));
}

std::vector<std::string> list_brainflow_boards() {
  const BrainFlowLibrary& lib = BrainFlowLibrary::instance();
  lib.set_log_level(BrainFlowLibrary::kNoLog);
  std::vector<std::string> boards;
  for (int number = -3; number < kBoards; ++number) {
    const auto about = description_of(lib, number);
    if (!about || !has_eeg(*about)) continue;
    boards.push_back(fmt::format("{}  {}: {} EEG channels at {} Hz", number,
                                 about->value("name", "?"), about->at("eeg_channels").size(),
                                 about->value("sampling_rate", 0)));
  }
  return boards;
}

}  // namespace nest::stream
