#include "continuous.h"

#include <cmath>
#include <map>
#include <tuple>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/rng.h"
#include "nest/io/edf.h"
#include "nest/synth/corpus.h"

namespace nest::synth {
namespace {

// Streams of random numbers: utterances count from 0, recordings from here.
constexpr std::uint64_t kRecordingStream = std::uint64_t{1} << 40;
constexpr std::uint64_t kContinuousStream = std::uint64_t{1} << 41;

}  // namespace

void ContinuousScript::add(std::string text, Script part, double pause_s) {
  const double begin_s = script.duration_s;
  for (const CharacterEvent& event : part.events) {
    script.events.push_back({event.character, begin_s + event.onset_s});
  }
  script.duration_s += part.duration_s + pause_s;
  parts.push_back({begin_s, std::move(text), std::move(part)});
}

std::vector<PlannedRecording> plan_recordings(const SynthOptions& options,
                                              const std::vector<PlannedUtterance>& plan) {
  std::map<std::tuple<std::string, int, int>, std::vector<PlannedUtterance>> groups;
  for (const PlannedUtterance& planned : plan) {
    groups[{planned.split, planned.subject, planned.session}].push_back(planned);
  }
  std::vector<PlannedRecording> recordings;
  const auto most = static_cast<std::size_t>(options.per_recording);
  for (const auto& [key, utterances] : groups) {
    const auto& [split, subject, session] = key;
    for (std::size_t begin = 0; begin < utterances.size(); begin += most) {
      PlannedRecording recording;
      recording.name =
          fmt::format("{}_s{:02}_r{}_{:03}", split, subject + 1, session + 1, begin / most);
      const std::size_t end = std::min(begin + most, utterances.size());
      for (std::size_t i = begin; i < end; ++i) recording.utterances.push_back(utterances[i]);
      recording.stream = take_stream(options) + kContinuousStream + recordings.size();
      recordings.push_back(std::move(recording));
    }
  }
  return recordings;
}

ContinuousScript plan_continuous(const Generator& generator, const PlannedRecording& planned) {
  const SynthOptions& o = generator.options();
  Rng rng(o.seed, "pauses", planned.stream);
  const auto pause_s = [&] { return o.pause_s - o.pause_spread_s * std::log(1 - rng.uniform()); };
  const PlannedUtterance& first = planned.utterances.front();
  ContinuousScript made{{{}, pause_s(), first.subject, first.session, planned.stream}, {}};
  for (const PlannedUtterance& u : planned.utterances) {
    made.add(u.text, generator.plan(u.text, u.subject, u.session, u.stream), pause_s());
  }
  made.script.duration_s = std::ceil(made.script.duration_s);
  return made;
}

void write_annotated(const Generator& generator, const ContinuousScript& made,
                     const std::filesystem::path& file) {
  io::RecordingInfo info;
  for (const ContinuousScript::Part& part : made.parts) {
    info.annotations.push_back({part.begin_s, part.script.duration_s, part.text, ""});
  }
  for (const std::string& name : generator.channel_names()) {
    info.channels.push_back({.name = name, .unit = "V", .file_unit = "uV"});
  }
  info.rate_hz = generator.options().rate_hz;
  io::EdfWriteOptions edf;
  edf.patient = "X X X Synthetic";
  const auto recording = io::make_recording(std::move(info), generator.render(made.script));
  for (const std::string& loss : io::write_edf(file, *recording, edf)) {
    log_warn("{}: {}", file.string(), loss);
  }
}

void write_recording(const SynthOptions& options, const std::filesystem::path& file,
                     const std::vector<std::string>& sentences) {
  require(!sentences.empty(), ErrorCode::kInvalidArgument, "a recording needs a sentence");
  const Generator generator(options);
  const std::uint64_t stream = take_stream(options) + kRecordingStream;
  ContinuousScript made{{{}, 0, 0, 0, stream}, {}};
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    made.add(sentences[i], generator.plan(sentences[i], 0, 0, stream + 1 + i), options.pause_s);
  }
  made.script.duration_s = std::ceil(made.script.duration_s);
  write_annotated(generator, made, file);
}

}  // namespace nest::synth
