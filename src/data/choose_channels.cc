#include <algorithm>
#include <map>

#include <fmt/ranges.h>

#include "data/source_recording.h"
#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/io/channel_type.h"

namespace nest::data {
namespace {

io::ChannelType stated_type(const SourceRecording& recording, const io::ChannelInfo& channel) {
  const auto row = recording.channels.find(channel.name);
  const bool is_told =
      row != recording.channels.end() && row->second.type != io::ChannelType::kUnknown;
  return is_told ? row->second.type : channel.type;
}

/// Sorts the channels of one recording into signal and the rest.
class Chooser {
 public:
  Chooser(const SourceRecording& recording, const io::RecordingInfo& info,
          const RecordingOptions& options)
      : recording_(recording), info_(info), options_(options) {
    for (const io::ChannelInfo& channel : info.channels) names_.push_back(channel.name);
    for (const std::string& name : options.exclude) {
      const auto row = contract::find_electrode(names_, name).row;
      if (row >= 0) excluded_.push_back(row);
    }
  }

  ChannelChoice choose() {
    if (options_.channels.empty()) {
      pick_by_type();
    } else {
      pick_by_name();
    }
    require(!picks_.empty(), ErrorCode::kDataCorrupt,
            "{}: no channel is left: {}; name those you want with `channels`, or their types with "
            "`channel_types`",
            recording_.file.string(), left_out_text());
    ChannelChoice choice;
    for (const std::int64_t row : picks_) {
      choice.names.push_back(contract::electrode_name(name(row)));
    }
    choice.summary = fmt::format("{} channels", picks_.size());
    if (!left_out_.empty()) choice.summary += "; left out: " + left_out_text();
    if (!notes_.empty()) choice.summary += fmt::format("; {}", fmt::join(notes_, ", "));
    return choice;
  }

 private:
  const std::string& name(std::int64_t row) const { return names_[static_cast<std::size_t>(row)]; }
  std::int64_t count() const { return static_cast<std::int64_t>(names_.size()); }
  static bool is_in(const std::vector<std::int64_t>& rows, std::int64_t row) {
    return std::find(rows.begin(), rows.end(), row) != rows.end();
  }

  void pick_by_name() {
    for (const std::string& wanted : options_.channels) {
      const contract::ElectrodeMatch found = contract::find_electrode(names_, wanted);
      require(found.row >= 0, ErrorCode::kNotFound, "{}: no channel '{}'; there are: {}",
              recording_.file.string(), wanted, fmt::join(names_, ", "));
      if (is_in(excluded_, found.row)) continue;
      picks_.push_back(found.row);
      if (found.is_alias) notes_.push_back(fmt::format("{} is {} here", wanted, name(found.row)));
    }
    for (std::int64_t row = 0; row < count(); ++row) {
      if (is_in(picks_, row)) continue;
      left_out_[is_in(excluded_, row) ? "excluded" : "not asked for"].push_back(name(row));
    }
  }

  void pick_by_type() {
    for (std::int64_t row = 0; row < count(); ++row) {
      const io::ChannelInfo& channel = info_.channels[static_cast<std::size_t>(row)];
      const io::ChannelType guessed = io::guess_channel_type(channel.name, channel.file_unit);
      const io::ChannelType stated = stated_type(recording_, channel);
      const auto type = stated == io::ChannelType::kUnknown ? guessed : stated;
      const auto& wanted = options_.channel_types;
      if (is_in(excluded_, row)) {
        left_out_["excluded"].push_back(name(row));
      } else if (std::find(wanted.begin(), wanted.end(), name_of(type)) == wanted.end()) {
        left_out_[std::string(name_of(type))].push_back(name(row));
      } else {
        picks_.push_back(row);
        if (type != guessed && type == io::ChannelType::kEeg) {
          notes_.push_back(fmt::format("{} is called EEG, which its name is not", name(row)));
        }
      }
    }
  }

  // "VEOG, HEOG (eog), STI 014 (stim)"
  std::string left_out_text() const {
    std::vector<std::string> groups;
    for (const auto& [why, names] : left_out_) {
      groups.push_back(fmt::format("{} ({})", fmt::join(names, ", "), why));
    }
    return fmt::format("{}", fmt::join(groups, ", "));
  }

  const SourceRecording& recording_;
  const io::RecordingInfo& info_;
  const RecordingOptions& options_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> excluded_;
  std::vector<std::int64_t> picks_;
  std::map<std::string, std::vector<std::string>> left_out_;
  std::vector<std::string> notes_;
};

}  // namespace

ChannelChoice choose_channels(const SourceRecording& recording, const io::RecordingInfo& info,
                              const RecordingOptions& options) {
  return Chooser(recording, info, options).choose();
}

}  // namespace nest::data
