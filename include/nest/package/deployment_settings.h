#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/core/options_fwd.h"

namespace nest::package {

/// Which model runs, and where.
struct ModelSettings {
  std::string type = "nest";
  std::string checkpoint = "models/nest.pt";
  std::string device = "cpu";
};
void visit_fields(FieldVisitor& visitor, ModelSettings& settings);

/// What a signal is expected to be. A package carries its own contract: what is said here must
/// agree with it.
struct PreprocessingSettings {
  double sample_rate = 500;
  std::vector<double> bandpass = {0.5, 40};
  double notch_freq = 50;
};
void visit_fields(FieldVisitor& visitor, PreprocessingSettings& settings);

struct InferenceSettings {
  int batch_size = 1;  ///< most signals that one pass of the model takes
  int beam_size = 5;
  int max_length = 100;
};
void visit_fields(FieldVisitor& visitor, InferenceSettings& settings);

/// Where a server listens, and how many threads compute.
struct ServerSettings {
  std::string host = "127.0.0.1";
  int port = 8000;  ///< 0: any that is free
  int workers = 4;
};
void visit_fields(FieldVisitor& visitor, ServerSettings& settings);

struct DeploymentSettings {
  ModelSettings model;
  PreprocessingSettings preprocessing;
  InferenceSettings inference;
  ServerSettings server;
};
void visit_fields(FieldVisitor& visitor, DeploymentSettings& settings);

}  // namespace nest::package
