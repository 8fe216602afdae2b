#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/graph/signal_contract.h"

namespace nest::package {

inline constexpr const char* kPackageSchema = "nest.package/1";

/// What is known of one file of a package.
struct FileEntry {
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// An input and what the model must make of it.
struct GoldenVector {
  std::string input;   ///< file: float32 [source channels, samples], contract::source_of(signal)
  std::string output;  ///< file: float32 [frames, width], of the native model
  std::string text;
  std::string onnx_output;  ///< the same of the exported graphs, which have float weights
  std::string onnx_text;
};

/// manifest.json: what a package is, and what must be true of it.
struct Manifest {
  std::string name;
  std::string version;
  std::string description;
  std::string licence;
  std::string nest_version;  ///< that wrote it
  Json model;                ///< {"name", "family", "parameters", "precision"}
  graph::SignalContract signal;
  std::map<std::string, FileEntry> files;  ///< every one but the manifest and what proves it
  std::vector<GoldenVector> golden;
  double tolerance = 0;  ///< of golden outputs, times the largest magnitude
  double onnx_tolerance = 0;
  Json onnx;               ///< {"preprocessing": FILE, "graphs": {NAME: FILE}, ...}
  Json metrics;            ///< error rates with intervals, null if unknown
  Json streamed;           ///< the same of whole recordings
  Json audit;              ///< the verdict
  Json input_statistics;   ///< {"mean", "stddev"} a channel, of the golden inputs
  std::string public_key;  ///< hex; "" if it is not signed
};
Json to_json(const Manifest& manifest);
/// Errors: DataCorrupt naming the key; Unsupported for a later schema.
Manifest manifest_from_json(const Json& json);

}  // namespace nest::package
