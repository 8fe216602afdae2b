#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/deploy/prepared_model.h"
#include "nest/eval/eval_set.h"
#include "nest/io/checkpoint.h"
#include "nest/io/recording.h"
#include "nest/io/write_recording.h"
#include "nest/recognize/activation_scales.h"
#include "terminal.h"

namespace nest {
namespace {

/// Signals that show how large the activations of a model become.
struct Calibration {
  std::string data;                    ///< dataset folder; empty: no calibration
  std::string split = "train";         ///< of the dataset
  int utterances = 100;                ///< evenly spaced over the split
  std::string fixed = "convolutions";  ///< which products get a fixed scale
};

struct ConvertOptions {
  std::string in;
  std::string out;
  io::OpenOptions recording;
  std::optional<std::string> precision;  ///< of a prepared model
  Calibration calibration;
  bool json = false;
};

void register_flags(Flags& flags, Calibration& calibration) {
  flags.group("Fixed scales of 8-bit activations (.prepared)");
  flags.add("calibrate", calibration.data,
            "dataset folder whose signals show how large they become");
  flags.add("calibrate-split", calibration.split, "which split of it");
  flags.add("calibrate-utterances", calibration.utterances,
            "how many, evenly spaced over the split");
  flags
      .add("fixed-scales", calibration.fixed,
           "of which products; the others find theirs row by row")
      .choices({"convolutions", "all"});
}

/// Gives the model fixed scales of its activations.
void calibrate(graph::Model& model, const Calibration& calibration) {
  require(calibration.utterances > 0, ErrorCode::kInvalidArgument,
          "--calibrate-utterances is {}, must be above 0", calibration.utterances);
  const eval::EvalSet set =
      eval::open_eval_set(calibration.data, {calibration.split, "", ""}, model.signal)
          .spread(static_cast<std::size_t>(calibration.utterances));
  auto& scales = model.quantization.activations = recognize::calibrate_activations(
      model, {set.utterances.size(), set.load},
      recognize::fixed_scales_from_name(calibration.fixed), command_job());
  log_info("{} activations calibrated on {} utterances", scales.size(), set.utterances.size());
}

/// The model of a file, with fixed scales where they are asked for.
std::shared_ptr<const runtime::PreparedModel> prepared_model(const ConvertOptions& options) {
  std::optional<graph::Precision> precision;
  if (options.precision) precision = graph::precision_from_name(*options.precision);
  if (options.calibration.data.empty()) return deploy::load_prepared(options.in, {}, precision);
  require(!runtime::is_prepared_file(options.in), ErrorCode::kInvalidArgument,
          "{} is prepared already; calibrate while preparing the original model", options.in);
  graph::Model model = deploy::load_model(options.in);
  if (precision) graph::set_precision(model.quantization, *precision);
  require(graph::is_integer(model.quantization.precision), ErrorCode::kInvalidArgument,
          "--calibrate is for 8-bit activations: --precision int8 or int4, not {}",
          graph::name_of(model.quantization.precision));
  calibrate(model, options.calibration);
  return runtime::prepare(std::move(model));
}

/// Weights packed for the native runtime, in a file that it maps.
int prepare(const ConvertOptions& options) {
  const auto prepared = prepared_model(options);
  const graph::Quantization& quantization = prepared->model().quantization;
  prepared->save(options.out);
  const Json report = {{"in", options.in},
                       {"out", options.out},
                       {"quantization", graph::to_json(quantization)},
                       {"weight_bytes", prepared->weight_bytes()}};
  if (options.json) {
    fmt::print("{}\n", report.dump(2));
  } else {
    fmt::print("{}: {}, {} bytes of packed weights\n", options.out, graph::describe(quantization),
               prepared->weight_bytes());
  }
  return 0;
}

int convert_recording(const ConvertOptions& options) {
  const auto recording = io::open_recording(options.in, options.recording);
  io::write_recording(options.out, *recording);
  const io::RecordingInfo& info = recording->info();
  const Json report = {{"in", options.in},
                       {"out", options.out},
                       {"from", info.format},
                       {"channels", info.channels.size()},
                       {"samples", info.num_samples},
                       {"rate_hz", info.rate_hz},
                       {"annotations", info.annotations.size()},
                       {"segments", info.segments.size()},
                       {"warnings", info.warnings}};
  if (options.json) {
    fmt::print("{}\n", report.dump(2));
  } else {
    fmt::print("{}: {} channels, {} samples, {} annotations, from {}\n", options.out,
               info.channels.size(), info.num_samples, info.annotations.size(), info.format);
  }
  return 0;
}

int convert(const ConvertOptions& options) {
  if (std::filesystem::path(options.out).extension() == ".prepared") return prepare(options);
  require(options.calibration.data.empty() && !options.precision, ErrorCode::kInvalidArgument,
          "--precision and --calibrate are for OUT.prepared, not {}", options.out);
  if (!io::recording_format(options.in).empty()) return convert_recording(options);
  const io::Checkpoint checkpoint = io::read_checkpoint(options.in);
  io::write_checkpoint(options.out, checkpoint);
  Json report;
  report["in"] = options.in;
  report["out"] = options.out;
  report["tensors"] = checkpoint.state_dict.size();
  if (options.json) {
    fmt::print("{}\n", report.dump(2));
  } else {
    fmt::print("{}: {} tensors\n", options.out, checkpoint.state_dict.size());
  }
  return 0;
}

}  // namespace

void add_convert(CommandLine& line) {
  line.add_verb(
      "convert",
      "Weights between .pt and .safetensors (bit-equal), or packed for the native runtime; EEG "
      "recordings to .edf or .npy",
      [](Flags& flags) -> CommandLine::Run {
        auto options = std::make_shared<ConvertOptions>();
        flags.positional("in", options->in, "file to read").required();
        flags
            .positional("out", options->out,
                        ".pt, .pth, .ckpt or .safetensors; .prepared; .edf or .npy")
            .required();
        flags.group("EEG recordings");
        flags.add("stream", options->recording.stream,
                  "which part of the input (see nest inspect)");
        flags.add("rate", options->recording.rate_hz,
                  "sampling rate of an input that states none [Hz]");
        flags.add("allow-truncated", options->recording.allow_truncated,
                  "read the complete part of a cut-off file");
        flags.add("precision", options->precision,
                  ".prepared: fp32, fp16, bf16, int8 or int4; default: the model's own");
        register_flags(flags, options->calibration);
        flags.add("json", options->json, "print JSON");
        return [options] { return convert(*options); };
      });
}

}  // namespace nest
