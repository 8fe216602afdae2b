#include "nest/compress/quantization_benchmark.h"

#include <fmt/format.h>

#include "nest/core/json.h"

namespace nest::compress {
namespace {

std::string factor(double first, double other) {
  return other > 0 ? fmt::format("{:.2f}x", first / other) : "";
}

}  // namespace

QuantizationBenchmark::QuantizationBenchmark(MeasureModel measure, ValidateFn validate)
    : measure_(std::move(measure)), validate_(std::move(validate)) {}

void QuantizationBenchmark::add(std::string name, std::function<graph::Model()> make) {
  models_.emplace_back(std::move(name), std::move(make));
}

const std::vector<QuantizationBenchmark::Row>& QuantizationBenchmark::run(const Job& job) {
  rows_.clear();
  Progress progress(job, "compare", static_cast<std::int64_t>(models_.size()), "models");
  for (const auto& [name, make] : models_) {
    job.check_stop("the comparison is incomplete; run it again");
    const graph::Model model = make();
    Row row{name, measure_(model), {}};
    if (validate_) row.error = validate_(model);
    rows_.push_back(std::move(row));
    progress.advance();
  }
  return rows_;
}

Json QuantizationBenchmark::to_json() const {
  Json rows = Json::array();
  for (const Row& row : rows_) {
    Json json = {{"name", row.name},
                 {"bytes", row.measured.bytes},
                 {"ms", row.measured.ms},
                 {"divergence", row.measured.loss}};
    if (row.error) json["error"] = *row.error;
    rows.push_back(std::move(json));
  }
  return rows;
}

std::string QuantizationBenchmark::text() const {
  std::string text = fmt::format("{:<24}{:>12}{:>8}{:>10}{:>8}{:>12}{:>9}\n", "model", "bytes", "",
                                 "ms", "", "divergence", "error %");
  for (const Row& row : rows_) {
    const ModelMeasure &first = rows_.front().measured, &own = row.measured;
    text += fmt::format("{:<24}{:>12}{:>8}{:>10.3f}{:>8}{:>12.2e}{:>9}\n", row.name, own.bytes,
                        factor(static_cast<double>(first.bytes), static_cast<double>(own.bytes)),
                        own.ms, factor(first.ms, own.ms), own.loss,
                        row.error ? fmt::format("{:.2f}", 100 * *row.error) : "");
  }
  return text;
}

}  // namespace nest::compress
