#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/package/model_packager.h"
#include "nest/text/character_tokenizer.h"
#include "tests/runtime/families.h"

/// Packages of a few hundred kilobytes: one of every family.
namespace nest::package::toy {

inline graph::Model model(const runtime::Family& family) {
  graph::Model made = runtime::make_model(family);
  // Large weights, so that the most likely token changes from frame to frame.
  for (auto& [name, tensor] : made.weights) {
    if (tensor.dtype() != DType::kF32 || name.find("running_var") != std::string::npos) continue;
    for (float& value : tensor.mutable_data<float>()) value *= 3;
  }
  made.signal.rate_hz = 64;
  made.signal.num_channels = 6;
  made.signal.channels = {"Fp1", "Fp2", "C3", "C4", "O1", "O2"};
  made.signal.unit = "uV";
  made.signal.bandpass_hz = {1, 25};
  made.signal.normalization = graph::Normalization::kZscore;
  made.vocabulary.tokenizer =
      text::CharacterTokenizer::train(std::vector<std::string>{"ab cdef"}, {})->to_json();
  return made;
}

inline PackageOptions options() {
  PackageOptions options;
  options.name = "toy";
  options.golden = 2;
  options.golden_s = 4;
  return options;
}

/// A CTC model's package in a folder.
inline Manifest write(const std::filesystem::path& folder, const PackageOptions& with = options()) {
  return ModelPackager(model(runtime::kFamilies[0])).create_package(folder, with);
}

}  // namespace nest::package::toy
