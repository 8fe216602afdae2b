#include <iterator>

#include "front_end.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

struct FrontEndEntry {
  const char* type;
  FrontEnd (*read)(Section&, const PartOptions&);
};

constexpr FrontEndEntry kFrontEnds[] = {
    {"SpatialCNN", read_spatial_cnn},
    {"EEGNet", read_eegnet},
    {"DeepConvNet", read_deep_conv_net},
    {"FilterBank", read_filter_bank},
};

}  // namespace

std::vector<std::string> front_end_types() {
  std::vector<std::string> types;
  for (const FrontEndEntry& entry : kFrontEnds) types.emplace_back(entry.type);
  return types;
}

FrontEnd read_front_end(const std::string& type, Section& section, const PartOptions& options) {
  for (const FrontEndEntry& entry : kFrontEnds) {
    if (type == entry.type) return entry.read(section, options);
  }
  fail(ErrorCode::kDataCorrupt, "{}: unknown front end '{}' (known: {})", section.where(), type,
       fmt::join(front_end_types(), ", "));
}

ValueId build_front_end(const FrontEnd& front_end, const Scope& scope, ValueId eeg) {
  return front_end.build(scope, scope.node("planes", Unsqueeze{1}, {eeg}));
}

Padding time_padding(bool is_causal, std::int64_t kernel, std::int64_t symmetric) {
  return is_causal ? Padding{kernel - 1, 0} : Padding{symmetric, symmetric};
}

std::int64_t read_channels(Section& section, const PartOptions& options) {
  return section.integer("n_channels", {.aliases = {"in_channels"},
                                        .expected = options.channels,
                                        .because = "the model's n_channels",
                                        .forced = options.forced_channels});
}

}  // namespace nest::graph
