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
  report.json["precision"] = prepared->options().precision;
  report.json["fixed_scales"] = prepared->options().activation_scales;
  report.json["weight_bytes"] = prepared->weight_bytes();
  report.text =
      fmt::format("prepared for {}, {} bytes of packed weights, {} activations of fixed scale\n",
                  prepared->options().precision, prepared->weight_bytes(),
                  prepared->options().activation_scales.size());
  report_model(prepared->model(), options, report);
  return report;
}

}  // namespace nest
