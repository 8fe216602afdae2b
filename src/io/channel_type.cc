#include "nest/io/channel_type.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string>

namespace nest::io {
namespace {

struct Words {
  ChannelType type;
  std::span<const std::string_view> words;
};

// What a name contains, in lower case and without separators.
constexpr std::string_view kEogParts[] = {"eog"};
constexpr std::string_view kEcgParts[] = {"ecg", "ekg"};
constexpr std::string_view kEmgParts[] = {"emg"};
constexpr std::string_view kStimParts[] = {"trig", "stim", "marker"};
constexpr std::string_view kMiscParts[] = {"sampleno", "timestamp", "battery", "packet", "counter"};
constexpr Words kParts[] = {{ChannelType::kEog, kEogParts},
                            {ChannelType::kEcg, kEcgParts},
                            {ChannelType::kEmg, kEmgParts},
                            {ChannelType::kStim, kStimParts},
                            {ChannelType::kMisc, kMiscParts}};

// How a name begins.
constexpr std::string_view kEogBeginnings[] = {"veo", "heo"};
constexpr std::string_view kEmgBeginnings[] = {"chin", "legl", "legr", "leg/"};
constexpr std::string_view kStimBeginnings[] = {"sti", "status", "ttl", "din", "event", "digi"};
constexpr std::string_view kMiscBeginnings[] = {
    "aux",  "misc",  "exg",  "acc",  "gyr",   "mag",   "gsr",   "eda",  "spo2", "sao2",
    "ppg",  "bvp",   "plet", "puls", "temp",  "audio", "mic",   "phot", "resp", "snore",
    "flow", "airfl", "abdo", "ibi",  "burst", "suppr", "light", "pupil"};
constexpr Words kBeginnings[] = {{ChannelType::kEog, kEogBeginnings},
                                 {ChannelType::kEmg, kEmgBeginnings},
                                 {ChannelType::kStim, kStimBeginnings},
                                 {ChannelType::kMisc, kMiscBeginnings}};

// Whole names: electrodes beside and below the eyes, and what sleep laboratories call them.
constexpr std::string_view kEogNames[] = {"loc", "roc", "lo1", "lo2", "io1", "io2", "so1", "so2"};

// Words for types.
constexpr std::string_view kEegTypes[] = {"eeg"};
constexpr std::string_view kEogTypes[] = {"eog", "veog", "heog"};
constexpr std::string_view kEcgTypes[] = {"ecg", "ekg"};
constexpr std::string_view kEmgTypes[] = {"emg"};
constexpr std::string_view kMegTypes[] = {"meg",
                                          "mag",
                                          "grad",
                                          "megmag",
                                          "meggradaxial",
                                          "meggradplanar",
                                          "megrefmag",
                                          "megrefgradaxial",
                                          "megrefgradplanar"};
constexpr std::string_view kIntracranialTypes[] = {"ieeg", "seeg", "ecog", "dbs"};
constexpr std::string_view kStimTypes[] = {"trig", "stim", "status", "event"};
constexpr std::string_view kMiscTypes[] = {
    "misc", "aux", "audio", "eyegaze", "gsr",   "pupil", "ppg",  "resp",   "sysclock", "temp",
    "adc",  "dac", "ref",   "other",   "accel", "gyro",  "magn", "fitera", "hlu"};
constexpr Words kTypes[] = {
    {ChannelType::kEeg, kEegTypes},   {ChannelType::kEog, kEogTypes},
    {ChannelType::kEcg, kEcgTypes},   {ChannelType::kEmg, kEmgTypes},
    {ChannelType::kMeg, kMegTypes},   {ChannelType::kIntracranial, kIntracranialTypes},
    {ChannelType::kStim, kStimTypes}, {ChannelType::kMisc, kMiscTypes}};

template <class Fits>
ChannelType find_type(std::span<const Words> lists, const Fits& fits) {
  for (const Words& list : lists) {
    if (std::any_of(list.words.begin(), list.words.end(), fits)) return list.type;
  }
  return ChannelType::kUnknown;
}

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '_' || c == '-' || c == '.') continue;
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

// "dc1": an input for foreign devices.
bool is_direct_input(std::string_view label) {
  return label.starts_with("dc") && label.size() > 2 &&
         std::all_of(label.begin() + 2, label.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

ChannelType channel_type_from_name(std::string_view name) {
  const std::string wanted = plain(name);
  return find_type(kTypes, [&](std::string_view word) { return wanted == word; });
}

ChannelType guess_channel_type(std::string_view name, std::string_view unit) {
  std::string label = plain(name);
  if (label.starts_with("eeg")) label.erase(0, 3);  // EDF writes "EEG " before everything
  const auto is_part = [&](std::string_view word) { return label.find(word) != std::string::npos; };
  const auto is_beginning = [&](std::string_view word) { return label.starts_with(word); };
  ChannelType type = find_type(kParts, is_part);
  if (type == ChannelType::kUnknown) type = find_type(kBeginnings, is_beginning);
  if (type != ChannelType::kUnknown) return type;
  if (std::find(std::begin(kEogNames), std::end(kEogNames), label) != std::end(kEogNames)) {
    return ChannelType::kEog;
  }
  const bool is_no_voltage = !unit.empty() && !volts_per_unit(unit);
  return is_no_voltage || is_direct_input(label) ? ChannelType::kMisc : ChannelType::kEeg;
}

ChannelType type_of(const ChannelInfo& channel) {
  return channel.type != ChannelType::kUnknown
             ? channel.type
             : guess_channel_type(channel.name, channel.file_unit);
}

}  // namespace nest::io
