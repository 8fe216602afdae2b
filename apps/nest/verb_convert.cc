#include <memory>

#include <fmt/format.h>

#include "convert_eeg.h"
#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/io/checkpoint.h"

namespace nest {
namespace {

struct ConvertOptions {
  std::string in;
  std::string out;
  ConvertEegOptions eeg;
  bool json = false;
};

int convert(const ConvertOptions& options) {
  if (is_eeg_conversion(options.in, options.out)) {
    const Json report = convert_eeg(options.in, options.out, options.eeg);
    if (options.json) {
      fmt::print("{}\n", report.dump(2));
    } else {
      fmt::print("{}: {} channels, {} samples, {} annotations, from {}\n", options.out,
                 report["channels"].dump(), report["samples"].dump(), report["annotations"].dump(),
                 report["from"].get<std::string>());
    }
    return 0;
  }
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
      "convert", "Weights between .pt and .safetensors (bit-equal); EEG recordings to .edf or .npy",
      [](Flags& flags) -> CommandLine::Run {
        auto options = std::make_shared<ConvertOptions>();
        flags.positional("in", options->in, "file to read").required();
        flags.positional("out", options->out, ".pt, .pth, .ckpt or .safetensors; .edf or .npy")
            .required();
        register_flags(flags, options->eeg);
        flags.add("json", options->json, "print JSON");
        return [options] { return convert(*options); };
      });
}

}  // namespace nest
