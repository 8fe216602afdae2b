#include "nest/export/preprocessing.h"

#include <algorithm>

#include "graph_to_onnx.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/signal/preprocess_options.h"
#include "nest/signal/window_norm.h"
#include "preprocessing_loops.h"
#include "save_onnx.h"

namespace nest::exports {
namespace {

signal::Sos cascade_of(const graph::SignalContract& contract) {
  signal::OnlinePreprocessorOptions options;
  options.channels = static_cast<int>(contract.num_channels);
  options.rate_hz = contract.rate_hz;
  options.bandpass_hz = contract.bandpass_hz;
  options.order = contract.bandpass_order;
  if (contract.notch_hz > 0) options.notch_hz = {contract.notch_hz};
  options.notch_q = contract.notch_q;
  return signal::design_cascade(options);
}

/// The contract's work, step by step.
class Preprocessing {
 public:
  Preprocessing(const graph::SignalContract& contract, const OnnxDialect& dialect)
      : contract_(contract), onnx_(dialect), rows_(contract.num_channels) {
    const auto& names = contract.channels;
    is_named_ = !contract.ref_electrode.empty() && contract.ref_electrode != "average";
    ref_row_ = std::find(names.begin(), names.end(), contract.ref_electrode) - names.begin();
    if (is_named_ && ref_row_ == static_cast<std::int64_t>(names.size())) ++rows_;
  }

  OnnxGraph run() {
    for (const char* name : {"samples", "signal"}) onnx_.reserve(name);
    onnx_.graph().name = "preprocessing";
    onnx_.graph().inputs = {{"samples", DType::kF64, {OnnxDim{rows_}, OnnxDim{"samples"}}}};
    onnx_.graph().outputs = {
        {"signal",
         DType::kF32,
         {OnnxDim{std::int64_t{1}}, OnnxDim{contract_.num_channels}, OnnxDim{"samples"}}}};
    onnx_.set_scope("preprocessing");
    std::string x = referenced("samples");
    const signal::Sos sos = cascade_of(contract_);
    if (!sos.empty()) x = filtered(onnx_, x, sos, rows_);
    if (rows_ > contract_.num_channels) x = onnx_.slice(x, 0, 0, contract_.num_channels);
    x = onnx_.cast(of_samples(x), DType::kF32);
    if (graph::is_of_window(contract_.normalization))
      x = onnx_.cast(of_window(onnx_.cast(x, DType::kF64)), DType::kF32);
    onnx_.name_output(onnx_.unsqueeze(x, {0}), "signal");
    return std::move(onnx_.graph());
  }

 private:
  std::string number(const std::string& name, double value) {
    return doubles(onnx_, name, {1}, {value});
  }
  std::string mean_of_rows(const std::string& x, std::int64_t count) {
    return onnx_.add("Div", {onnx_.sum(x, 0), number("rows", static_cast<double>(count))});
  }
  std::string referenced(const std::string& x) {
    if (contract_.ref_electrode == "average")
      return onnx_.add("Sub", {x, mean_of_rows(x, contract_.num_channels)});
    if (!is_named_) return x;
    return onnx_.add("Sub", {x, onnx_.slice(x, 0, ref_row_, ref_row_ + 1)});
  }

  /// Normalisation that does not wait for the end.
  std::string of_samples(const std::string& x) {
    const Shape column{contract_.num_channels, 1};
    if (contract_.normalization == graph::Normalization::kRunning)
      return running_normalized(onnx_, x, contract_.num_channels,
                                contract_.running_s * contract_.rate_hz);
    if (contract_.normalization != graph::Normalization::kFixed) return x;
    std::vector<double> divisor;
    for (const double stddev : contract_.stddev) divisor.push_back(stddev > 0 ? stddev : 1);
    const std::string centred =
        onnx_.add("Sub", {x, doubles(onnx_, "mean", column, contract_.mean)});
    return onnx_.add("Div", {centred, doubles(onnx_, "stddev", column, divisor)});
  }

  /// (x - center) / scale, zero where the scale is.
  std::string scaled(const std::string& x, const std::string& center, const std::string& scale) {
    const std::string zero = number("zero", 0), one = number("one", 1);
    const std::string is_flat = onnx_.add("Equal", {scale, zero});
    const std::string divisor = onnx_.add("Where", {is_flat, one, scale});
    const std::string ratio = onnx_.add("Div", {onnx_.add("Sub", {x, center}), divisor});
    return onnx_.add("Where", {is_flat, zero, ratio});
  }
  std::string mean_of_columns(const std::string& x) {
    const std::string count = onnx_.cast(onnx_.length(x, 1), DType::kF64);
    return onnx_.add("Div", {onnx_.sum(x, 1), count});
  }
  std::string median_of_columns(const std::string& x) {
    const std::string count = onnx_.unsqueeze(onnx_.length(x, 1), {0});
    const std::string sorted =
        onnx_.add_many("TopK", {x, count}, {true, true}, {attribute("axis", std::int64_t{1})})
            .front();
    const std::string two = onnx_.integers({2}), one = onnx_.integers({1});
    const auto column = [&](const std::string& at) {
      return onnx_.add("Gather", {sorted, at}, {attribute("axis", std::int64_t{1})});
    };
    const std::string upper = column(onnx_.add("Div", {onnx_.add("Sub", {count, one}), two}));
    const std::string lower = column(onnx_.add("Div", {count, two}));
    return onnx_.add("Mul", {onnx_.add("Add", {upper, lower}), number("half", 0.5)});
  }
  std::string of_window(const std::string& x) {
    if (contract_.normalization == graph::Normalization::kZscore) {
      const std::string mean = mean_of_columns(x);
      const std::string off = onnx_.add("Sub", {x, mean});
      return scaled(x, mean, onnx_.add("Sqrt", {mean_of_columns(onnx_.add("Mul", {off, off}))}));
    }
    const signal::WindowNormOptions options;
    const std::string center = median_of_columns(x);
    const std::string spread = median_of_columns(onnx_.add("Abs", {onnx_.add("Sub", {x, center})}));
    const std::string ratio =
        scaled(x, center, onnx_.add("Mul", {spread, number("mad_to_sigma", 1.4826)}));
    const std::string low = number("low", -options.clip), high = number("high", options.clip);
    const std::string robust = onnx_.add("Min", {onnx_.add("Max", {ratio, low}), high});
    if (contract_.normalization == graph::Normalization::kRobust) return robust;
    return whitened(onnx_.cast(onnx_.cast(robust, DType::kF32), DType::kF64), options.shrinkage);
  }

  /// C^{-1/2} x by the coupled Newton-Schulz iteration (Higham 2008, eq. 6.35); the ridge bounds
  /// the condition number, and with it the iterations.
  std::string whitened(const std::string& x, double shrinkage) {
    const std::int64_t n = contract_.num_channels;
    std::vector<double> unit(static_cast<std::size_t>(n * n), 0);
    for (std::int64_t i = 0; i < n; ++i) unit[static_cast<std::size_t>(i * (n + 1))] = 1;
    const std::string identity = doubles(onnx_, "identity", {n, n}, unit);
    const std::string product = onnx_.add("MatMul", {x, onnx_.transpose(x, {1, 0})});
    const std::string count = onnx_.cast(onnx_.length(x, 1), DType::kF64);
    const std::string covariance = onnx_.add("Div", {product, count});
    const std::string diagonal = onnx_.add("Mul", {covariance, identity});
    const std::string trace = onnx_.sum(onnx_.sum(diagonal, 0), 1);
    const std::string ridge =
        onnx_.add("Mul", {trace, number("shrinkage", shrinkage / static_cast<double>(n))});
    const std::string shrunk = onnx_.add("Add", {covariance, onnx_.add("Mul", {identity, ridge})});
    // Silence stays silence: its scale is one, its product with the inverse zero.
    const std::string is_silent = onnx_.add("Equal", {trace, number("zero", 0)});
    const std::string bound = onnx_.add(
        "Where",
        {is_silent, number("one", 1), onnx_.add("Mul", {trace, number("bound", 1 + shrinkage)})});
    std::string y = onnx_.add("Div", {shrunk, bound}), z = identity;
    const std::string three = doubles(onnx_, "three", {n, n}, scaled_by(unit, 3));
    constexpr int kIterations = 30;
    for (int i = 0; i < kIterations; ++i) {
      const std::string t = onnx_.add(
          "Mul", {onnx_.add("Sub", {three, onnx_.add("MatMul", {z, y})}), number("half", 0.5)});
      y = onnx_.add("MatMul", {y, t});
      z = onnx_.add("MatMul", {t, z});
    }
    const std::string root = onnx_.add("Div", {z, onnx_.add("Sqrt", {bound})});
    const std::string white = onnx_.add("MatMul", {root, x});
    return onnx_.add("Where", {is_silent, x, white});
  }
  static std::vector<double> scaled_by(std::vector<double> values, double factor) {
    for (double& value : values) value *= factor;
    return values;
  }

  const graph::SignalContract& contract_;
  OnnxBuilder onnx_;
  std::int64_t rows_;
  std::int64_t ref_row_ = 0;
  bool is_named_ = false;
};

}  // namespace

ExportedGraph export_preprocessing(const std::filesystem::path& path,
                                   const graph::SignalContract& contract, int opset) {
  validate(OnnxOptions{.opset = opset});
  require(contract.rate_hz > 0 && contract.num_channels > 0, ErrorCode::kInvalidArgument,
          "a signal contract without a rate or channels has no preprocessing");
  OnnxModel onnx;
  onnx.ir_version = ir_version_of(opset);
  onnx.opsets[""] = opset;
  onnx.graph = Preprocessing(contract, {.opset = opset}).run();
  onnx.metadata = {{"signal_contract", nest::to_json(contract).dump()}};
  return save_onnx(path, onnx);
}

}  // namespace nest::exports
