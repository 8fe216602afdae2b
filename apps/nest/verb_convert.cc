#include <fmt/ranges.h>

#include "nest/eval/prepare_model.h"
#include "nest/export/onnx_importer.h"
#include "nest/io/write_recording.h"
#include "verb.h"

namespace nest {
namespace {

struct ConvertOptions : VerbArguments {
  std::string in;
  std::string out;
  io::OpenOptions recording;
  eval::PrepareModelOptions model;
  graph::Family family = graph::Family::kBlock;  ///< of what an ONNX file becomes
};

/// Weights packed for the native runtime, in a file that it maps.
int prepare(const ConvertOptions& options) {
  const auto prepared = eval::prepare_model(options.in, options.model, command_job());
  const graph::Quantization& quantization = prepared->model().quantization;
  prepared->save(options.out);
  const Json report = {{"in", options.in},
                       {"out", options.out},
                       {"quantization", graph::to_json(quantization)},
                       {"weight_bytes", prepared->weight_bytes()}};
  return print_report(options.json, report,
                      fmt::format("{}: {}, {} bytes of packed weights\n", options.out,
                                  graph::describe(quantization), prepared->weight_bytes()));
}

void warn(const std::string& file, const std::vector<std::string>& warnings) {
  if (!warnings.empty()) log_warn("{}: {}", file, fmt::join(warnings, "; "));
}

int convert_recording(const ConvertOptions& options) {
  const auto converted = io::convert_recording(options.in, options.out, options.recording);
  warn(options.in, converted.warnings);
  return print_report(options.json, to_json(converted), converted_text(converted));
}

/// A model of another program, with what the flags say of it.
io::Checkpoint onnx_checkpoint(const ConvertOptions& options) {
  io::write_checkpoint(options.out, deploy::to_checkpoint(exports::import_onnx(
                                        options.in, {.family = options.family})));
  return deploy::to_checkpoint(deploy::describe_model(options.out, options.model.describe));
}

int convert(const ConvertOptions& options) {
  if (std::filesystem::path(options.out).extension() == ".prepared") return prepare(options);
  require(options.model.calibration.data.empty() && !options.model.precision,
          ErrorCode::kInvalidArgument, "--precision and --calibrate are for OUT.prepared, not {}",
          options.out);
  if (!io::recording_format(options.in).empty()) return convert_recording(options);
  const io::Checkpoint checkpoint =
      exports::is_onnx_name(options.in) ? onnx_checkpoint(options)
      : options.model.describe.is_empty()
          ? io::read_checkpoint(options.in, {.strict = options.recording.strict})
          : deploy::to_checkpoint(deploy::describe_model(options.in, options.model.describe));
  warn(options.in, checkpoint.warnings);
  io::write_checkpoint(options.out, checkpoint);
  const std::size_t tensors = checkpoint.state_dict.size();
  const Json report = {{"in", options.in},
                       {"out", options.out},
                       {"tensors", tensors},
                       {"warnings", checkpoint.warnings}};
  return print_report(options.json, report, fmt::format("{}: {} tensors\n", options.out, tensors));
}

}  // namespace

void add_convert(CommandLine& line) {
  add_verb<ConvertOptions>(
      line, "convert",
      "Weights between .pt and .safetensors (bit-equal), from .onnx, or packed for the native "
      "runtime; EEG recordings to .edf or .npy",
      [](Flags& flags, ConvertOptions& options) {
        flags.positional("in", options.in, "file to read").required();
        flags
            .positional("out", options.out,
                        ".pt, .pth, .ckpt or .safetensors; .prepared; .edf or .npy")
            .required();
        flags.group("Models");
        register_flags(flags, options.model.describe);
        flags.add("family", options.family,
                  "what an .onnx file becomes: block (one graph), or ctc (encoder and head)");
        flags.add("precision", options.model.precision,
                  "of a .prepared model, not fp64; default: the model's own");
        flags.group("EEG recordings");
        register_flags(flags, options.recording);
        flags.group("Fixed scales of 8-bit activations (.prepared)");
        register_flags(flags, options.model.calibration,
                       {.renamed = {{"data", "calibrate"},
                                    {"split", "calibrate-split"},
                                    {"utterances", "calibrate-utterances"}}});
        register_flags(flags, options.model.quantizer, {.without = {"precision", "granularity"}});
      },
      convert);
}

}  // namespace nest
