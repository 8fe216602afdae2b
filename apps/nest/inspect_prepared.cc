// A model packed for the native runtime.
#include <fmt/format.h>

#include "inspect.h"
#include "nest/runtime/prepared.h"

namespace nest {

std::optional<InspectReport> inspect_prepared(const InspectOptions& options) {
  if (!runtime::is_prepared_file(options.file)) return std::nullopt;
  const auto prepared = runtime::PreparedModel::open(options.file);
  InspectReport report;
  report.json["format"] = "prepared model";
  report.json["weight_bytes"] = prepared->weight_bytes();
  report.text =
      fmt::format("prepared for {}, {} bytes of packed weights\n",
                  graph::describe(prepared->model().quantization), prepared->weight_bytes());
  report_model(prepared->model(), options, report);
  return report;
}

}  // namespace nest
