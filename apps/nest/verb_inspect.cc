#include <memory>

#include <fmt/format.h>

#include "inspect.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"

namespace nest {
namespace {

InspectReport inspect(const InspectOptions& options) {
  for (const auto& kind : {inspect_prepared, inspect_array, inspect_config, inspect_weights,
                           inspect_tokenizer, inspect_recording}) {
    if (std::optional<InspectReport> report = kind(options)) return *report;
  }
  fail(ErrorCode::kDataCorrupt,
       "{}: neither weights (.pt, .safetensors), a prepared model, arrays (.npy, .npz), a "
       "tokenizer (.json) nor a "
       "known "
       "EEG recording ({} bytes)",
       options.file, MappedFile::open(options.file)->size());
}

}  // namespace

void add_inspect(CommandLine& line) {
  line.add_verb("inspect",
                "What is in a file: weights, configuration, arrays, tokenizer, EEG recording",
                [](Flags& flags) -> CommandLine::Run {
                  auto options = std::make_shared<InspectOptions>();
                  flags.positional("file", options->file, "the file").required();
                  flags.add("graph", options->graph, "only this graph of a model");
                  flags.add("model-key", options->model_key, "one model of a configuration");
                  flags.add("dot", options->dot, "print Graphviz source instead of a table");
                  flags.add("svg", options->svg, "draw a graph to this file (needs Graphviz)");
                  flags.add("stream", options->stream, "one part of a recording with several");
                  flags.add("json", options->json, "print JSON");
                  return [options] {
                    const InspectReport report = inspect(*options);
                    fmt::print("{}", options->json ? report.json.dump(2) + "\n" : report.text);
                    require(report.problem.empty(), ErrorCode::kDataCorrupt, "{}", report.problem);
                    return 0;
                  };
                });
}

}  // namespace nest
