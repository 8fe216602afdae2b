#include "nest/eval/evaluator.h"
#include "nest/eval/recording_set.h"
#include "nest/recognize/decoding_options.h"
#include "verb.h"

namespace nest {
namespace {

struct DecodeArguments : VerbArguments {
  recognize::DecodingOptions recognizer;
  eval::EvalOptions eval;
  eval::EvalSetOptions set;
  eval::RecordingSetOptions recording;
  std::string data;
  std::string input;
  std::string output;
};

eval::EvalSet open_set(DecodeArguments& a, const graph::Model& model) {
  if (!a.data.empty()) return eval::open_eval_set(a.data, a.set, model);
  a.recording.resample = a.set.resample;
  return eval::open_recording_set(a.input, a.recording, model.signal);
}

int run_decode(DecodeArguments& a) {
  require(!a.recognizer.model.empty() && a.data.empty() != a.input.empty(),
          ErrorCode::kInvalidArgument,
          "nest decode needs --model, and --data (a dataset) or --input (a recording)");
  a.eval.batch_size = a.recognizer.recognize.decode.batch_size;
  const recognize::Bundle bundle = recognize::load_bundle(a.recognizer);
  const eval::EvalSet set = open_set(a, bundle.model());
  const auto results =
      eval::ModelEvaluator(recognize::RecognizerFactory(bundle, a.recognizer.recognize), a.eval,
                           bundle.tokenizer)
          .evaluate(set, command_job());
  const std::string text =
      a.json ? eval::decoded_json_lines(results, set) : eval::decoded_text(results);
  if (a.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_text_file(a.output, text);
  }
  if (results.failures.empty()) return 0;
  log_error("{} utterances could not be decoded", results.failures.size());
  return exit_code(ErrorCode::kCheckFailed);
}

}  // namespace

void add_decode(CommandLine& line) {
  add_verb<DecodeArguments>(
      line, "decode", "Text of a recording, or of every utterance of a dataset",
      [](Flags& flags, DecodeArguments& a) {
        flags.add("data,test-data", a.data, "dataset folder");
        flags.add("input", a.input, "EEG recording of any format, in place of a dataset");
        register_flags(flags, a.set);
        flags.add("output", a.output, "write there instead of standard output");
        flags.group("Recording (--input)");
        register_flags(flags, a.recording);
        register_flags(flags, a.recognizer);
        register_flags(flags, a.eval);
      },
      run_decode, "one JSON object a line, with times and n-best");
}

}  // namespace nest
