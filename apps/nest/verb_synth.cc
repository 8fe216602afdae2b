#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/synth/corpus.h"
#include "terminal.h"

namespace nest {
namespace {

struct SynthArguments {
  synth::SynthOptions options;
  std::string output;
  std::string recording;
  int recording_sentences = 0;
  bool json = false;
};

int write_recording(const SynthArguments& a, const std::vector<std::string>& texts) {
  synth::write_recording(a.options, a.recording, texts);
  std::string text = fmt::format("{}: {} sentences, annotated\n", a.recording, texts.size());
  for (const std::string& sentence : texts) text += fmt::format("  {}\n", sentence);
  return print_report(
      a.json, {{"recording", a.recording}, {"sentences", texts}, {"options", to_json(a.options)}},
      text);
}

int write_corpus(const SynthArguments& a) {
  const synth::CorpusSummary summary = synth::write_corpus(a.options, a.output, command_job());
  Json json = {{"folder", a.output}, {"options", to_json(a.options)}};
  json.update(to_json(summary));
  const std::string kind = a.options.noise_only ? "noise only: nothing is evoked"
                                                : fmt::format("evoked at {} dB", a.options.snr_db);
  return print_report(
      a.json, json,
      fmt::format("{}: {} utterances ({} train, {} valid, {} test), {} of signal\n"
                  "{} channels at {} Hz, {} people x {} sessions, {}\n",
                  a.output, summary.utterances, summary.train, summary.valid, summary.test,
                  format_duration(summary.duration_s), a.options.channels, a.options.rate_hz,
                  a.options.subjects, a.options.sessions, kind));
}

int run_synth(const SynthArguments& a) {
  require(!a.output.empty() || !a.recording.empty(), ErrorCode::kInvalidArgument,
          "give --output DIR for a dataset, --recording FILE.edf for one recording, or both");
  std::vector<std::string> texts;  // drawn first, so that a bad number is known before work is done
  if (!a.recording.empty()) texts = synth::recording_sentences(a.options, a.recording_sentences);
  if (!a.output.empty()) write_corpus(a);
  if (!a.recording.empty()) write_recording(a, texts);
  return 0;
}

}  // namespace

void add_synth(CommandLine& line) {
  line.add_verb("synth", "Make synthetic EEG with text: a dataset to learn from, or a recording",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<SynthArguments>();
                  flags.add("output", a->output, "dataset folder to write");
                  flags.add("recording", a->recording, "continuous .edf to write");
                  flags.add("recording-sentences", a->recording_sentences,
                            "test sentences in the recording; 0: all, at most 10");
                  flags.add("json", a->json, "print JSON");
                  register_flags(flags, a->options);
                  return [a] { return run_synth(*a); };
                });
}

}  // namespace nest
