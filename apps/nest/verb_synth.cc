#include <cmath>

#include "nest/synth/corpus.h"
#include "verb.h"

namespace nest {
namespace {

struct SynthArguments : VerbArguments {
  synth::SynthOptions options;
  std::string output;
  std::string recording;
  int recording_sentences = 0;
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
  return print_report(a.json, json,
                      fmt::format("{}: {}", a.output, synth::summary_text(summary, a.options)));
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
  add_verb<SynthArguments>(
      line, "synth", "Make synthetic EEG with text: a dataset to learn from, or a recording",
      [](Flags& flags, SynthArguments& a) {
        flags.add("output", a.output, "dataset folder to write");
        flags.add("recording", a.recording, "continuous .edf to write");
        flags.add("recording-sentences", a.recording_sentences,
                  "test sentences in the recording; 0: all, at most 10");
        register_flags(flags, a.options);
      },
      run_synth);
}

}  // namespace nest
