#include "nest/data/summary.h"
#include "nest/deploy/inspect.h"
#include "nest/eval/document.h"
#include "nest/export/onnx_importer.h"
#include "nest/export/onnx_inspection.h"
#include "verb.h"

namespace nest {
namespace {

struct InspectArguments : VerbArguments {
  std::string file;
  deploy::InspectOptions options;
  std::string svg;   ///< where to write a picture
  bool dot = false;  ///< Graphviz source instead of the text
};

int inspect_dataset(const InspectArguments& a) {
  const data::Dataset dataset = data::Dataset::open(a.file, {.strict_files = a.options.strict});
  const data::DatasetSummary summary = data::summarize(dataset);
  Json json = to_json(summary, dataset);
  json["kind"] = "dataset";
  print_report(a.json, json, "dataset  " + data::summary_text(summary, dataset));
  require(dataset.problems().empty(), ErrorCode::kDataCorrupt, "{}: {} utterances cannot be used",
          a.file, dataset.problems().size());
  return 0;
}

int run_inspect(const InspectArguments& a) {
  if (std::filesystem::exists(std::filesystem::path(a.file) / "dataset.json")) {
    return inspect_dataset(a);
  }
  if (exports::is_onnx_name(a.file)) {
    const Json onnx = exports::inspect_onnx(a.file);
    return print_report(a.json, onnx, exports::onnx_text(onnx));
  }
  if (const auto document = eval::read_document(a.file)) {
    return print_report(a.json, document->description, document->text);
  }
  const deploy::Inspection found = deploy::inspect(a.file, a.options);
  if (!a.svg.empty()) deploy::draw_graph(found, a.file, a.options.graph, a.svg);
  if (a.dot) {
    fmt::print("{}", deploy::dot_source(found, a.file, a.options.graph));
  } else {
    print_report(a.json, found.description, a.json ? "" : deploy::inspection_text(found));
  }
  require(found.problem.empty(), ErrorCode::kDataCorrupt, "{}", found.problem);
  return 0;
}

}  // namespace

void add_inspect(CommandLine& line) {
  add_verb<InspectArguments>(
      line, "inspect",
      "What is in a file or folder: model, recording, dataset, training run, results",
      [](Flags& flags, InspectArguments& a) {
        flags.positional("file", a.file, "the file or folder").required();
        flags.add("graph", a.options.graph, "only this graph of a model");
        flags.add("model-key", a.options.model_key, "one model of a configuration");
        flags.add("dot", a.dot, "print Graphviz source instead of a table");
        flags.add("svg", a.svg, "draw a graph to this file (needs Graphviz)");
        flags.add("stream", a.options.stream,
                  "one part of a recording with several, by name or id");
        flags.add("strict", a.options.strict, "any warning is an error");
      },
      run_inspect);
}

}  // namespace nest
