#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scope.h"
#include "section.h"

namespace nest::graph {

/// A front end as its section describes it: samples to feature frames.
struct FrontEnd {
  std::int64_t channels = 0;
  std::int64_t features = 0;
  double rate_hz = 0;  ///< the sampling rate its kernels are made for; 0: any
  /// Adds its nodes: eeg [B, 1, C, T] -> features [B, F, frames].
  std::function<ValueId(const Scope&, ValueId)> build;
  /// Initial values by weight name below the front end; see Model::presets.
  TensorMap presets = {};
};

/// What the whole model decides for its parts.
struct PartOptions {
  bool is_causal = false;                       ///< no part may look ahead
  std::optional<std::int64_t> channels;         ///< what the top level says
  std::optional<std::int64_t> forced_channels;  ///< what the data decides
  std::optional<std::int64_t> forced_rate_hz;
};

/// Samples of zeros on both sides of a convolution: `symmetric` on each, or all before if causal.
struct Padding {
  std::int64_t left = 0;
  std::int64_t right = 0;
};
Padding time_padding(bool is_causal, std::int64_t kernel, std::int64_t symmetric);

/// Reads a front end's section (without finishing it). One file a front end; the table is in
/// front_ends.cc. Errors: DataCorrupt.
FrontEnd read_front_end(const std::string& type, Section& section, const PartOptions& options);
std::vector<std::string> front_end_types();
/// [B, C, T] -> features [B, F, frames].
ValueId build_front_end(const FrontEnd& front_end, const Scope& scope, ValueId eeg);

FrontEnd read_spatial_cnn(Section& section, const PartOptions& options);
FrontEnd read_eegnet(Section& section, const PartOptions& options);
FrontEnd read_deep_conv_net(Section& section, const PartOptions& options);
FrontEnd read_filter_bank(Section& section, const PartOptions& options);
/// n_channels, agreeing with the model's if that is given.
std::int64_t read_channels(Section& section, const PartOptions& options);

}  // namespace nest::graph
