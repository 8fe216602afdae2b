#include "nest/deploy/prepared_model.h"

#include "nest/core/error.h"
#include "nest/graph/streaming.h"

namespace nest::deploy {

std::shared_ptr<const runtime::PreparedModel> load_prepared(const std::filesystem::path& path,
                                                            const LoadOptions& load,
                                                            const runtime::Options& options) {
  if (runtime::is_prepared_file(path)) {
    auto prepared = runtime::PreparedModel::open(path, options);
    const std::string& own = prepared->options().precision;
    require(options.precision == "fp32" || options.precision == own, ErrorCode::kInvalidArgument,
            "{} was prepared for {}; for --precision {} prepare the original model again",
            path.string(), own, options.precision);
    return prepared;
  }
  graph::Model model = load_model(path, load);
  if (graph::is_streamable(model)) graph::add_streaming_step(model);
  auto prepared = std::make_shared<runtime::PreparedModel>(std::move(model), options);
  prepared->seal();
  return prepared;
}

}  // namespace nest::deploy
