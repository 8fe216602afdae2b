#include "eval/candidate_search.h"

#include <algorithm>

#include <fmt/format.h>

#include "eval/small_weights.h"
#include "nest/compress/prune.h"
#include "nest/compress/quantize.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/log.h"
#include "nest/deploy/prepared_model.h"
#include "nest/eval/compression_data.h"
#include "nest/eval/summary.h"
#include "nest/graph/cost.h"

namespace nest::eval {
namespace {

std::string file_name(const std::string& name) {
  std::string file;
  for (const char c : name) {
    if (c == ' ' || c == ',' || c == '%' || c == '-') {
      if (!file.empty() && file.back() != '-') file += '-';
    } else {
      file += c;
    }
  }
  while (!file.empty() && file.back() == '-') file.pop_back();
  return "models/" + file + ".safetensors";
}

/// Of budgets for mixed precision: the last two are a hundredth of the way from 4 to 8 bits apart.
constexpr int kTries = 7;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

recognize::Bundle bundle_of(graph::Model model, const recognize::ExecutorOptions& options = {}) {
  return recognize::make_bundle(recognize::make_runnable(std::move(model), options));
}

EvalSet search_set(const CompressOptions& options, const graph::Model& model) {
  EvalSetOptions wanted = options.data.scored;
  wanted.split = search_split(options.data.data, options.search_split, options.calibration.split);
  return open_eval_set(options.data.data, wanted, model)
      .spread(static_cast<std::size_t>(options.search_utterances));
}

}  // namespace

CandidateSearch::CandidateSearch(const graph::Model& floats, std::uintmax_t float_bytes,
                                 const CompressOptions& options, const CompressTools& tools,
                                 SearchState& state, const Job& job)
    : floats_(floats),
      float_bytes_(float_bytes),
      options_(options),
      tools_(tools),
      state_(state),
      job_(job),
      bundle_(bundle_of(floats)),
      searched_(search_set(options, floats)) {
  const EvalSet few = searched_.spread(static_cast<std::size_t>(options.data.timed_utterances));
  for (std::size_t i = 0; i < few.utterances.size(); ++i) timed_.push_back(few.load(i));
}

std::string CandidateSearch::base_of(const std::string& name) {
  return name.substr(0, name.find(", "));
}

double CandidateSearch::error_of(const graph::Model& model) const {
  const Results results = errors_of(bundle_, model, searched_, job_);
  return summarize(results, results.options.summary).metrics.cer();
}

compress::TriedModel CandidateSearch::measure_floats() {
  compress::TriedModel made{
      .name = "float", .file = "", .bytes = 0, .ms = 0, .error = 0, .note = ""};
  made.bytes = static_cast<std::int64_t>(float_bytes_);
  const recognize::Bundle baseline = bundle_of(floats_, tools_.baseline);
  const auto times = utterance_times({baseline, bundle_}, timed_, job_);
  made.ms = median(times[0]);
  native_ms_ = median(times[1]);
  const auto known = state_.find(made.name);
  made.error = known ? known->error : error_of(floats_);
  made.note =
      fmt::format("on {}; native {:.3f} ms", baseline.runnable.executor.executor, native_ms_);
  state_.add(made);
  return made;
}

compress::TriedModel CandidateSearch::measured(const std::string& name, const std::string& file,
                                               const std::string& note) {
  compress::TriedModel made{
      .name = name, .file = file, .bytes = 0, .ms = 0, .error = 0, .note = note};
  const std::filesystem::path path = state_.folder() / file;
  made.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  graph::Model model = deploy::load_model(path);
  const auto known = state_.find(name);
  made.error = known ? known->error : error_of(model);
  // Anew in every run: models of different runs are only comparable in the same turns.
  const auto times = utterance_times({bundle_, bundle_of(std::move(model))}, timed_, job_);
  made.ms = native_ms_ / median_ratio(times[0], times[1]);
  state_.add(made);
  log_info("{}: {:.1f} kB, {:.3f} ms, CER {:.2f} % of the search's utterances{}", name,
           static_cast<double>(made.bytes) / 1e3, made.ms, 100 * made.error,
           note.empty() ? "" : "; " + note);
  return made;
}

graph::Model CandidateSearch::without_units(const graph::Model& before, double amount,
                                            double amount_before) {
  compress::PruneOptions options;
  options.method = compress::PruneMethod::kStructured;
  options.amount = 1 - (1 - amount) / (1 - amount_before);
  options.multiple = options_.multiple;
  for (const std::string& path : options_.keep) options.layers[path] = 0;
  return compress::prune_model(before, options,
                               {.train = tools_.train, .validate = {}, .measure = {}})
      .model;
}

graph::Model CandidateSearch::with_faster_convolutions(graph::Model bytes,
                                                       std::string& note) const {
  graph::Model in_floats = bytes;
  compress::drop_convolution_scales(in_floats);
  if (in_floats.quantization == bytes.quantization) return bytes;
  const auto times = utterance_times({bundle_of(bytes), bundle_of(in_floats)}, timed_, job_);
  const double faster = median_ratio(times[0], times[1]);
  note = fmt::format("convolutions multiply {}: {:.2f}x the time of {} here",
                     faster > 1 ? "floats" : "bytes", faster > 1 ? 1 / faster : faster,
                     faster > 1 ? "bytes" : "floats");
  return faster > 1 ? in_floats : bytes;
}

graph::Model CandidateSearch::coded(const graph::Model& base, graph::Precision precision,
                                    std::string& note) {
  const recognize::Bundle bundle = bundle_of(base);
  QuantizeDataOptions wanted;
  wanted.calibration = options_.calibration;
  wanted.calibration.data = options_.data.data;
  QuantizeData data(wanted, bundle, base, job_);
  compress::QuantizeOptions options;
  options.scales.precision = precision;
  options.scales.calibration.calibrator = compress::Calibrator::kPercentile;
  return with_faster_convolutions(compress::quantize(base, options, data.functions(), job_), note);
}

std::optional<graph::Model> CandidateSearch::mixed(const graph::Model& base,
                                                   const graph::Model& int8,
                                                   std::int64_t int8_bytes) {
  const auto wanted =
      static_cast<std::int64_t>(static_cast<double>(float_bytes_) / options_.goal.target_size);
  if (int8_bytes <= wanted) return std::nullopt;  // no width has to be narrower than 8 bits
  const std::filesystem::path part = state_.folder() / "models/mixed.part.safetensors";
  const auto fits = [&](const graph::Model& model) {
    const auto bytes = static_cast<std::int64_t>(deploy::write_model(model, part));
    std::filesystem::remove(part);
    return bytes <= wanted;
  };
  graph::Model int4 = int8;
  int4.quantization.precision = graph::Precision::kInt4;
  if (!fits(int4)) return std::nullopt;
  const recognize::Bundle bundle = bundle_of(base);
  QuantizeDataOptions of_data;
  of_data.calibration = options_.calibration;
  of_data.calibration.data = options_.data.data;
  QuantizeData data(of_data, bundle, base, job_);
  const compress::MeasureModel outputs = data.functions().measure;
  compress::MixedPrecisionQuantizer quantizer(base, int8.quantization.activations);
  const auto sensitivity = quantizer.compute_sensitivity(
      [&](const graph::Model& model) {
        compress::ModelMeasure measure = outputs(model);
        measure.bytes = graph::weight_bytes(model);
        return measure;
      },
      job_);
  // A file's codes are packed, so its size follows from no sum over layers: budgets of unpacked
  // bytes are bisected.
  auto low = static_cast<double>(graph::weight_bytes(int4)),
       high = static_cast<double>(graph::weight_bytes(int8));
  std::optional<graph::Model> best;
  for (int i = 0; i < kTries; ++i) {
    job_.check_stop("what is done is kept; go on with `resume`");
    const double budget = (low + high) / 2;
    quantizer.auto_assign_precision(sensitivity, {compress::PrecisionBudget::Of::kBytes, budget});
    graph::Model made = quantizer.quantize();
    const bool is_small = fits(made);
    (is_small ? low : high) = budget;
    if (is_small) best = std::move(made);
  }
  if (!best) log_info("no mixture of widths fits {} bytes", wanted);
  return best;
}

/// False if none of the models is within the goal's errors.
bool CandidateSearch::add_codes(const graph::Model& base, const std::string& name) {
  const graph::Model small = with_small_weights(base);
  std::optional<graph::Model> int8;
  bool is_within = false;
  for (const char* kind : {"int8", "mixed", "int4"}) {
    job_.check_stop("what is done is kept; go on with `resume`");
    const std::string full = name + ", " + kind, file = file_name(full);
    const auto known = state_.find(full);
    std::string note = known ? known->note : "";
    if (!known) {
      std::optional<graph::Model> made;
      if (kind == std::string_view("mixed")) {
        if (!int8) int8 = deploy::load_model(state_.folder() / file_name(name + ", int8"));
        made = mixed(small, *int8, found_.back().bytes);
        if (!made) continue;
      } else {
        const bool is_int8 = kind == std::string_view("int8");
        made = coded(small, is_int8 ? graph::Precision::kInt8 : graph::Precision::kInt4, note);
        if (is_int8) int8 = made;
      }
      if (tools_.train_codes && kind != std::string_view("int8"))
        made = with_small_weights(tools_.train_codes(*made, {}, 0));
      deploy::write_model(*made, state_.folder() / file);
    }
    found_.push_back(measured(full, file, note));
    is_within = is_within ||
                found_.back().error <= found_.front().error + options_.goal.max_cer_increase / 100;
  }
  return is_within;
}

/// `base` becomes what `made` makes, or what was made of that name before.
bool CandidateSearch::add_small(graph::Model& base, const std::string& name,
                                const std::function<graph::Model()>& made) {
  job_.check_stop("what is done is kept; go on with `resume`");
  const std::string file = file_name(name);
  if (state_.find(name)) {
    base = deploy::load_model(state_.folder() / file);
  } else {
    base = made();
    deploy::write_model(base, state_.folder() / file);
  }
  found_.push_back(measured(name, file, ""));
  return add_codes(base, name);
}

std::vector<compress::TriedModel> CandidateSearch::run() {
  found_ = {measure_floats()};
  Progress progress(
      job_, "search",
      static_cast<std::int64_t>(options_.amounts.size()) + 1 + (tools_.student ? 1 : 0), "sizes");
  bool is_within = add_codes(floats_, "all units");
  progress.advance();
  graph::Model base = floats_;
  double before = 0;
  for (const double amount : options_.amounts) {
    if (!is_within) {
      log_info("no model of {:.0f} % of the units lost is within the limit of errors; no more go",
               100 * before);
      break;
    }
    is_within = add_small(base, fmt::format("units -{:.0f} %", 100 * amount),
                          [&] { return without_units(base, amount, before); });
    before = amount;
    progress.advance();
  }
  if (tools_.student) {
    graph::Model student;
    add_small(student, "student", [&] { return tools_.train_student(*tools_.student, {}, 0); });
    progress.advance();
  }
  return found_;
}

}  // namespace nest::eval
