#include "nest/deploy/prepared_model.h"

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "weight_names.h"

namespace nest::deploy {
namespace {

/// What a prepared file cannot be asked for any more.
void check_request(const std::string& path, const runtime::PreparedModel& prepared,
                   std::optional<graph::Precision> precision,
                   const runtime::PrepareOptions& options) {
  const graph::Quantization& own = prepared.model().quantization;
  require(!precision || (*precision == own.precision && own.layers.empty()),
          ErrorCode::kInvalidArgument,
          "{} was prepared for {}; for {} prepare the original model again: nest convert", path,
          graph::describe(own), name_of(precision.value_or(own.precision)));
  require((options.sparse || !prepared.options().sparse) &&
              (options.rewrite || !prepared.options().rewrite),
          ErrorCode::kInvalidArgument,
          "{} was prepared with blocks of zeros left out and layers rewritten; to run without, "
          "prepare the original model again",
          path);
}

}  // namespace

std::shared_ptr<const runtime::PreparedModel> load_prepared(
    const std::filesystem::path& path, const LoadOptions& load,
    std::optional<graph::Precision> precision, const runtime::PrepareOptions& options) {
  require_model_file(path);
  if (runtime::is_prepared_file(path)) {
    auto prepared = runtime::PreparedModel::open(path);
    check_request(path.string(), *prepared, precision, options);
    return prepared;
  }
  graph::Model model = load_model(path, load);
  if (precision) graph::set_precision(model.quantization, *precision);
  return runtime::prepare(std::move(model), options);
}

std::uintmax_t write_model(const graph::Model& model, const std::filesystem::path& path) {
  if (path.extension() == ".prepared") {
    runtime::prepare(model)->save(path);
  } else {
    save_model(model, path);
    if (model.quantization != graph::Quantization{} && path.extension() != ".safetensors")
      log_info(
          "{} holds float weights that become codes when it is loaded; a .safetensors or .prepared "
          "file holds the codes",
          path.string());
  }
  return std::filesystem::file_size(path);
}

}  // namespace nest::deploy
