#include "nest/synth/corpus.h"

#include <algorithm>
#include <cmath>

#include "corpus_plan.h"
#include "grammar.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/data/dataset.h"
#include "nest/io/edf.h"
#include "nest/io/npy.h"
#include "nest/synth/generator.h"

namespace nest::synth {
namespace {

// Streams of random numbers: utterances count from 0, recordings from here.
constexpr std::uint64_t kRecordingStream = std::uint64_t{1} << 40;
constexpr std::size_t kUsualSentences = 10;  // of a recording

std::string subject_name(int subject) {
  return fmt::format("s{:02}", subject + 1);
}
std::string session_name(int session) {
  return fmt::format("r{}", session + 1);
}

data::DatasetInfo dataset_info(const Generator& generator) {
  const SynthOptions& o = generator.options();
  data::DatasetInfo info;
  info.name = o.noise_only ? "synthetic-noise-only" : "synthetic";
  info.description =
      fmt::format("Synthetic EEG made by nest synth; no person was recorded. Options: {}",
                  nest::to_json(o).dump());
  info.signal.rate_hz = o.rate_hz;
  info.signal.channels = generator.channel_names();
  info.signal.num_channels = o.channels;
  info.signal.unit = "V";
  info.signal.bandpass_hz = {1.0, 40.0};
  info.signal.normalization =
      graph::Normalization::kRobust;  // of each utterance by itself: blinks are clipped
  if (o.mains_hz < o.rate_hz / 2) info.signal.notch_hz = o.mains_hz;
  return info;
}

data::Utterance manifest_line(const PlannedUtterance& planned, const Script& script) {
  data::Utterance line;
  line.id = planned.id;
  line.signal = "signals/" + planned.id + ".npy";
  line.text = planned.text;
  line.subject = subject_name(planned.subject);
  line.session = session_name(planned.session);
  line.split = planned.split;
  Json onsets = Json::array();
  for (const CharacterEvent& event : script.events) {
    onsets.push_back(std::round(event.onset_s * 1e4) / 1e4);
  }
  line.extra["onsets_s"] = std::move(onsets);
  return line;
}

}  // namespace

std::vector<PlannedUtterance> plan_corpus(const SynthOptions& options) {
  validate(options);
  const std::vector<std::string> sentences = draw_sentences(options.seed, options.sentences);
  const auto share = [&](double fraction) {
    return static_cast<std::int64_t>(std::lround(fraction * static_cast<double>(sentences.size())));
  };
  const std::int64_t test = share(options.test_fraction);
  const std::int64_t valid = share(options.valid_fraction);
  const std::int64_t train = options.sentences - test - valid;
  require_field(train > 0, "sentences", "is {}: no training sentence is left", options.sentences);
  std::vector<PlannedUtterance> plan;
  for (std::int64_t i = 0; i < options.sentences; ++i) {
    const std::string split = i < train ? "train" : i < train + valid ? "valid" : "test";
    const std::int64_t times = split == "train" ? options.repetitions : 1;
    for (std::int64_t r = 0; r < times; ++r) {
      const auto number = static_cast<std::int64_t>(plan.size());
      const auto turn = static_cast<int>(number % (options.subjects * options.sessions));
      plan.push_back({fmt::format("u{:05}", number), sentences[static_cast<std::size_t>(i)], split,
                      turn % options.subjects, turn / options.subjects,
                      static_cast<std::uint64_t>(number)});
    }
  }
  return plan;
}

Json to_json(const CorpusSummary& summary) {
  return {{"utterances", summary.utterances}, {"train", summary.train},
          {"valid", summary.valid},           {"test", summary.test},
          {"characters", summary.characters}, {"duration_s", summary.duration_s}};
}

CorpusSummary write_corpus(const SynthOptions& options, const std::filesystem::path& folder,
                           const Job& job) {
  const Generator generator(options);
  const std::vector<PlannedUtterance> plan = plan_corpus(options);
  std::vector<data::Utterance> lines(plan.size());
  std::vector<double> durations(plan.size());
  Progress progress(job, "synth", static_cast<std::int64_t>(plan.size()), "utterances");
  parallel_for(plan.size(), options.threads, [&](std::size_t i) {
    job.check_stop("the folder is incomplete; run the same command again");
    const PlannedUtterance& planned = plan[i];
    const Script script =
        generator.plan(planned.text, planned.subject, planned.session, planned.stream);
    lines[i] = manifest_line(planned, script);
    durations[i] = script.duration_s;
    io::write_npy(folder / lines[i].signal, generator.render(script));
    progress.advance();
  });
  data::Dataset(folder, dataset_info(generator), lines).write(folder);

  CorpusSummary summary;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    ++summary.utterances;
    summary.train += plan[i].split == "train";
    summary.valid += plan[i].split == "valid";
    summary.test += plan[i].split == "test";
    summary.characters += static_cast<std::int64_t>(plan[i].text.size());
    summary.duration_s += durations[i];
  }
  return summary;
}

std::vector<std::string> recording_sentences(const SynthOptions& options, int count) {
  require_field(count >= 0 && count <= 10000, "recording_sentences",
                "is {}; it must be from 1 to 10000, or 0 for all test sentences, at most {}", count,
                kUsualSentences);
  std::vector<std::string> texts;
  for (const PlannedUtterance& planned : plan_corpus(options)) {
    if (planned.split == "test") texts.push_back(planned.text);
  }
  const auto wanted = static_cast<std::size_t>(count);
  require_field(!texts.empty() && wanted <= texts.size(), "recording_sentences",
                "is {}, but the test split has {}; raise `sentences` or `test_fraction`", count,
                texts.size());
  texts.resize(wanted > 0 ? wanted : std::min(texts.size(), kUsualSentences));
  return texts;
}

void write_recording(const SynthOptions& options, const std::filesystem::path& file,
                     const std::vector<std::string>& sentences, double pause_s) {
  require(!sentences.empty(), ErrorCode::kInvalidArgument, "a recording needs a sentence");
  require_field(pause_s >= 0 && pause_s <= 60, "pause_s", "is {}; it must be from 0 to 60",
                pause_s);
  const Generator generator(options);
  Script whole{{}, 0, 0, 0, kRecordingStream};
  io::RecordingInfo info;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const Script part = generator.plan(sentences[i], 0, 0, kRecordingStream + 1 + i);
    for (const CharacterEvent& event : part.events) {
      whole.events.push_back({event.character, whole.duration_s + event.onset_s});
    }
    info.annotations.push_back({whole.duration_s, part.duration_s, sentences[i], ""});
    whole.duration_s += part.duration_s + pause_s;
  }
  whole.duration_s = std::ceil(whole.duration_s);
  for (const std::string& name : generator.channel_names()) {
    info.channels.push_back({.name = name, .unit = "V", .file_unit = "uV"});
  }
  info.rate_hz = options.rate_hz;
  io::EdfWriteOptions edf;
  edf.patient = "X X X Synthetic";
  const auto recording = io::make_recording(std::move(info), generator.render(whole));
  for (const std::string& loss : io::write_edf(file, *recording, edf)) {
    log_warn("{}: {}", file.string(), loss);
  }
}

}  // namespace nest::synth
