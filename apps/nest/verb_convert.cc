#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/compress/post_training_quantizer.h"
#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/deploy/prepared_model.h"
#include "nest/eval/eval_set.h"
#include "nest/io/checkpoint.h"
#include "nest/io/recording.h"
#include "nest/io/write_recording.h"
#include "nest/recognize/observed_model.h"
#include "nest/text/tokenizer.h"
#include "terminal.h"

namespace nest {
namespace {

struct ConvertOptions {
  std::string in;
  std::string out;
  io::OpenOptions recording;
  deploy::LoadOptions load;
  std::string tokenizer;                      ///< file; empty: the one in the model
  std::string contract;                       ///< file or dataset folder; empty: the model's
  std::optional<graph::Precision> precision;  ///< of a prepared model
  eval::SampleOptions calibration;            ///< signals that show how large activations become
  compress::PostTrainingOptions quantizer{.fixed_scales = compress::FixedScales::kConvolutions};
  bool json = false;

  /// What the file says of the model is not all.
  bool describes_model() const {
    return !load.config.empty() || !load.model_key.empty() || !tokenizer.empty() ||
           !contract.empty();
  }
};

void set_contract(graph::Model& model, const std::string& path) {
  graph::SignalContract contract = deploy::load_contract(path);
  const std::int64_t takes = model.signal.num_channels;
  require(takes == 0 || contract.num_channels == takes, ErrorCode::kDataCorrupt,
          "{} is a contract of {} channels, but the model takes {}", path, contract.num_channels,
          takes);
  model.signal = std::move(contract);
}

graph::Model described_model(const ConvertOptions& options) {
  graph::Model model = deploy::load_model(options.in, options.load);
  if (!options.contract.empty()) set_contract(model, options.contract);
  if (options.tokenizer.empty()) return model;
  const auto tokenizer = text::load_tokenizer(options.tokenizer);
  require(tokenizer->size() <= model.vocabulary.size, ErrorCode::kDataCorrupt,
          "{} has {} tokens, but the model only {}", options.tokenizer, tokenizer->size(),
          model.vocabulary.size);
  model.vocabulary.tokenizer = tokenizer->to_json();
  return model;
}

/// Gives the model fixed scales of its activations.
void calibrate(graph::Model& model, const ConvertOptions& options) {
  const eval::EvalSet set = eval::open_sample(options.calibration, model.signal);
  graph::Model floats = model;
  floats.quantization = {};
  compress::PostTrainingQuantizer quantizer(std::move(floats), options.quantizer);
  recognize::ObservedModel observed(quantizer.prepare(), quantizer.observer());
  quantizer.calibrate(
      static_cast<std::int64_t>(set.utterances.size()),
      [&](std::int64_t i) { observed.run(set.load(static_cast<std::size_t>(i))); }, command_job());
  auto& scales = model.quantization.activations = quantizer.quantize().quantization.activations;
  log_info("{} activations calibrated on {} utterances", scales.size(), set.utterances.size());
}

/// The model of a file, with fixed scales where they are asked for.
std::shared_ptr<const runtime::PreparedModel> prepared_model(const ConvertOptions& options) {
  const bool is_calibrated = !options.calibration.data.empty();
  if (!is_calibrated && !options.describes_model()) {
    return deploy::load_prepared(options.in, {}, options.precision);
  }
  require(!runtime::is_prepared_file(options.in), ErrorCode::kInvalidArgument,
          "{} is prepared already; describe and calibrate the original model", options.in);
  graph::Model model = described_model(options);
  if (options.precision) graph::set_precision(model.quantization, *options.precision);
  if (is_calibrated) {
    require(graph::is_integer(model.quantization.precision), ErrorCode::kInvalidArgument,
            "--calibrate is for 8-bit activations: --precision int8 or int4, not {}",
            name_of(model.quantization.precision));
    calibrate(model, options);
  }
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
  return print_report(options.json, report,
                      fmt::format("{}: {}, {} bytes of packed weights\n", options.out,
                                  graph::describe(quantization), prepared->weight_bytes()));
}

int convert_recording(const ConvertOptions& options) {
  const auto recording = io::open_recording(options.in, options.recording);
  const io::RecordingInfo& info = recording->info();
  std::vector<std::string> warnings = info.warnings;
  for (std::string& loss : io::write_recording(options.out, *recording)) {
    require(!options.recording.strict, ErrorCode::kDataCorrupt, "{}: {} (`strict`)", options.out,
            loss);
    warnings.push_back(std::move(loss));
  }
  if (!warnings.empty()) log_warn("{}: {}", options.in, fmt::join(warnings, "; "));
  const Json report = {{"in", options.in},
                       {"out", options.out},
                       {"from", info.format},
                       {"channels", info.channels.size()},
                       {"samples", info.num_samples},
                       {"rate_hz", info.rate_hz},
                       {"annotations", info.annotations.size()},
                       {"segments", info.segments.size()},
                       {"warnings", warnings}};
  return print_report(
      options.json, report,
      fmt::format("{}: {} channels, {} samples, {} annotations, from {}\n", options.out,
                  info.channels.size(), info.num_samples, info.annotations.size(), info.format));
}

int convert(const ConvertOptions& options) {
  if (std::filesystem::path(options.out).extension() == ".prepared") return prepare(options);
  require(options.calibration.data.empty() && !options.precision, ErrorCode::kInvalidArgument,
          "--precision and --calibrate are for OUT.prepared, not {}", options.out);
  if (!io::recording_format(options.in).empty()) return convert_recording(options);
  const io::Checkpoint checkpoint =
      options.describes_model()
          ? deploy::to_checkpoint(described_model(options))
          : io::read_checkpoint(options.in, {.strict = options.recording.strict});
  for (const std::string& warning : checkpoint.warnings) log_warn("{}: {}", options.in, warning);
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
        flags.add("json", options->json, "print JSON");
        flags.group("Models");
        register_flags(flags, options->load);
        flags.add("tokenizer", options->tokenizer, "tokenizer file that goes into the model");
        flags.add("contract", options->contract,
                  "signal contract that goes into it: YAML, JSON, or a dataset folder");
        flags.add("precision", options->precision,
                  "of a .prepared model, not fp64; default: the model's own");
        flags.group("EEG recordings");
        register_flags(flags, options->recording);
        flags.group("Fixed scales of 8-bit activations (.prepared)");
        register_flags(flags, options->calibration,
                       {.renamed = {{"data", "calibrate"},
                                    {"split", "calibrate-split"},
                                    {"utterances", "calibrate-utterances"}}});
        register_flags(flags, options->quantizer, {.without = {"precision", "granularity"}});
        return [options] { return convert(*options); };
      });
}

}  // namespace nest
