#include "nest/compress/post_training_quantizer.h"

#include "nest/compress/layers.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/graph/cost.h"

namespace nest::compress {

EnumTable enum_table(FixedScales /*of*/) {
  static constexpr EnumName kNames[] = {{FixedScales::kConvolutions, "convolutions"},
                                        {FixedScales::kAll, "all"}};
  return {"kind of product", kNames};
}

void visit_fields(FieldVisitor& visitor, PostTrainingOptions& o) {
  visitor.field("precision", o.precision, "int8 or int4 weights, with 8-bit activations");
  visitor.field("granularity", o.granularity,
                "scales of int8 weights: per_channel (the default) or per_tensor");
  visitor.field("fixed_scales", o.fixed_scales,
                "of which products; the others find theirs row by row");
  visitor.part("", o.calibration);
}

void validate(const PostTrainingOptions& o) {
  check_fields(o);
  require_field(graph::is_integer(o.precision), "precision",
                "is {}; fixed scales are for 8-bit activations: int8 or int4",
                name_of(o.precision));
}

double SizeChange::compression_ratio() const {
  return quantized_bytes == 0
             ? 0
             : static_cast<double>(original_bytes) / static_cast<double>(quantized_bytes);
}
double SizeChange::reduction() const {
  return original_bytes == 0
             ? 0
             : 1 - static_cast<double>(quantized_bytes) / static_cast<double>(original_bytes);
}

SizeChange measure_size(const graph::Model& original, const graph::Model& quantized) {
  return {graph::weight_bytes(original), graph::weight_bytes(quantized)};
}

PostTrainingQuantizer::PostTrainingQuantizer(graph::Model model, PostTrainingOptions options)
    : model_(std::move(model)), options_(std::move(options)), statistics_(options_.calibration) {
  validate(options_);
  require_float(model_);
}

const graph::Model& PostTrainingQuantizer::prepare() {
  statistics_.clear();
  batches_ = 0;
  return model_;
}

void PostTrainingQuantizer::calibrate(std::int64_t batches,
                                      const std::function<void(std::int64_t)>& run,
                                      const Job& job) {
  Progress progress(job, "calibrate", batches, "signals");
  for (std::int64_t i = 0; i < batches; ++i) {
    job.check_stop("no scale was found; run it again");
    run(i);
    statistics_.end_batch();
    ++batches_;
    progress.advance(1);
  }
}

graph::Model PostTrainingQuantizer::quantize() const {
  require(batches_ > 0, ErrorCode::kInvalidArgument,
          "no signal was calibrated on; fixed scales need at least one");
  graph::Model made = model_;
  made.quantization.precision = options_.precision;
  if (options_.precision == graph::Precision::kInt8)
    made.quantization.granularity = options_.granularity;
  made.quantization.activations = statistics_.scales();
  if (options_.fixed_scales == FixedScales::kConvolutions) keep_convolutions(made);
  graph::validate(made.quantization, made);
  return made;
}

DynamicQuantizer::DynamicQuantizer(graph::Model model, graph::Precision precision)
    : model_(std::move(model)), precision_(precision) {
  require_float(model_);
  require(graph::is_integer(precision), ErrorCode::kInvalidArgument,
          "{} has no scales to find as activations come; int8 or int4 have", name_of(precision));
}

graph::Model DynamicQuantizer::quantize(const std::vector<std::string>& kinds) const {
  graph::Model made = model_;
  if (kinds.empty()) {
    made.quantization.precision = precision_;
    return made;
  }
  for (const std::string& kind : kinds) {
    require(kind != "conv", ErrorCode::kInvalidArgument,
            "a convolution has no scale of its own in every row; calibrate a fixed one (`method` "
            "static)");
    bool is_there = false;
    for (const Layer& layer : layers_of(made)) {
      if (layer.kind != kind) continue;
      made.quantization.layers[layer.name] = {precision_};
      is_there = true;
    }
    require(is_there, ErrorCode::kInvalidArgument,
            "the model has no '{}' with a matrix product; it has {}", kind,
            kinds_text(layers_of(made)));
  }
  return made;
}

}  // namespace nest::compress
