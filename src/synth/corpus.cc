#include "nest/synth/corpus.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "continuous.h"
#include "corpus_plan.h"
#include "grammar.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/core/rng.h"
#include "nest/data/dataset.h"
#include "nest/io/npy.h"
#include "nest/synth/generator.h"

namespace nest::synth {
namespace {

constexpr std::size_t kUsualSentences = 10;  // of a recording
// Sentences of a take are none of the first ones of its corpus.
constexpr std::int64_t kCorpusSentences = 5000;

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
  if (!o.continuous) {  // of each utterance by itself: blinks are clipped
    info.signal.normalization = graph::Normalization::kRobust;
  }
  if (o.mains_hz < o.rate_hz / 2) info.signal.notch_hz = o.mains_hz;
  return info;
}

/// Of one utterance; where its signal lies is left open.
data::Utterance manifest_line(const PlannedUtterance& planned, const Script& script) {
  data::Utterance line;
  line.id = planned.id;
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

/// New sentences of a take, none of the corpus.
std::vector<std::string> draw_take(const SynthOptions& options) {
  const std::int64_t wanted = options.sentences;
  const std::vector<std::string> known = draw_sentences(options.seed, kCorpusSentences);
  const std::set<std::string> corpus(known.begin(), known.end());
  const std::uint64_t seed = Rng(options.seed, "take", options.take)();
  std::vector<std::string> fresh;
  for (const std::string& text : draw_sentences(seed, wanted + kCorpusSentences)) {
    if (static_cast<std::int64_t>(fresh.size()) == wanted) break;
    if (!corpus.contains(text)) fresh.push_back(text);
  }
  return fresh;
}

struct Rendered {
  std::vector<data::Utterance> lines;
  double duration_s = 0;
};

Rendered write_single(const Generator& generator, const PlannedUtterance& planned,
                      const std::filesystem::path& folder) {
  const Script script =
      generator.plan(planned.text, planned.subject, planned.session, planned.stream);
  data::Utterance line = manifest_line(planned, script);
  line.signal = "signals/" + planned.id + ".npy";
  io::write_npy(folder / line.signal, generator.render(script));
  return {{std::move(line)}, script.duration_s};
}

Rendered write_continuous(const Generator& generator, const PlannedRecording& planned,
                          const std::filesystem::path& folder) {
  const ContinuousScript made = plan_continuous(generator, planned);
  const std::string file = "signals/" + planned.name + ".edf";
  write_annotated(generator, made, folder / file);
  Rendered rendered{{}, made.script.duration_s};
  const double rate_hz = generator.options().rate_hz;
  for (std::size_t i = 0; i < made.parts.size(); ++i) {
    const ContinuousScript::Part& part = made.parts[i];
    data::Utterance line = manifest_line(planned.utterances[i], part.script);
    line.signal = file;
    line.ranges = {
        {std::llround(part.begin_s * rate_hz), std::llround(part.script.duration_s * rate_hz)}};
    rendered.lines.push_back(std::move(line));
  }
  return rendered;
}

/// Writes all files; what stands in the manifest.
std::vector<Rendered> write_signals(const Generator& generator,
                                    const std::vector<PlannedUtterance>& plan,
                                    const std::filesystem::path& folder, const Job& job) {
  const SynthOptions& options = generator.options();
  std::vector<PlannedRecording> recordings;
  if (options.continuous) recordings = plan_recordings(options, plan);
  const std::size_t count = options.continuous ? recordings.size() : plan.size();
  std::vector<Rendered> rendered(count);
  Progress progress(job, "synth", static_cast<std::int64_t>(count),
                    options.continuous ? "recordings" : "utterances");
  parallel_for(count, options.threads, [&](std::size_t i) {
    job.check_stop("the folder is incomplete; run the same command again");
    rendered[i] = options.continuous ? write_continuous(generator, recordings[i], folder)
                                     : write_single(generator, plan[i], folder);
    progress.advance();
  });
  return rendered;
}

}  // namespace

std::vector<PlannedUtterance> plan_corpus(const SynthOptions& options) {
  validate(options);
  const bool is_take = options.take > 0;
  const std::vector<std::string> sentences =
      is_take ? draw_take(options) : draw_sentences(options.seed, options.sentences);
  const auto share = [&](double fraction) {
    return static_cast<std::int64_t>(std::lround(fraction * static_cast<double>(sentences.size())));
  };
  const std::int64_t test = is_take ? options.sentences : share(options.test_fraction);
  const std::int64_t valid = is_take ? 0 : share(options.valid_fraction);
  const std::int64_t train = options.sentences - test - valid;
  require_field(train > 0 || is_take, "sentences", "is {}: no training sentence is left",
                options.sentences);
  std::vector<PlannedUtterance> plan;
  for (std::int64_t i = 0; i < options.sentences; ++i) {
    const std::string split = i < train ? "train" : i < train + valid ? "valid" : "test";
    const std::int64_t times = split == "train" ? options.repetitions : 1;
    for (std::int64_t r = 0; r < times; ++r) {
      const auto number = static_cast<std::int64_t>(plan.size());
      const auto turn = static_cast<int>(number % (options.subjects * options.sessions));
      plan.push_back({fmt::format("u{:05}", number), sentences[static_cast<std::size_t>(i)], split,
                      turn % options.subjects, turn / options.subjects,
                      take_stream(options) + static_cast<std::uint64_t>(number)});
    }
  }
  return plan;
}

std::string summary_text(const CorpusSummary& summary, const SynthOptions& options) {
  return fmt::format(
      "{} utterances ({} train, {} valid, {} test), {} of signal\n"
      "{} channels at {} Hz, {} people x {} sessions, {}\n",
      summary.utterances, summary.train, summary.valid, summary.test,
      format_duration(summary.duration_s), options.channels, options.rate_hz, options.subjects,
      options.sessions,
      options.noise_only ? "noise only: nothing is evoked"
                         : fmt::format("evoked at {} dB", options.snr_db));
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
  std::vector<data::Utterance> lines;
  CorpusSummary summary;
  for (Rendered& rendered : write_signals(generator, plan, folder, job)) {
    summary.duration_s += rendered.duration_s;
    std::ranges::move(rendered.lines, std::back_inserter(lines));
  }
  data::Dataset dataset(folder, dataset_info(generator), lines);
  if (options.continuous && options.take == 0) dataset.fit_normalization("train", job);
  dataset.write(folder);
  for (const PlannedUtterance& planned : plan) {
    ++summary.utterances;
    summary.train += planned.split == "train";
    summary.valid += planned.split == "valid";
    summary.test += planned.split == "test";
    summary.characters += static_cast<std::int64_t>(planned.text.size());
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

}  // namespace nest::synth
