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

/// Where a server listens, and what it lets its clients do.
struct ServerSettings {
  std::string host = "127.0.0.1";
  int port = 8000;              ///< 0: any that is free
  int workers = 4;              ///< threads that compute
  std::string token_file = {};  ///< secret that clients send; needed beyond loopback
  std::string tls_cert = {};    ///< PEM; empty: no TLS
  std::string tls_key = {};
  int max_connections = 12000;  ///< beyond them the longest idle one is closed
  int max_sessions = 1024;      ///< streams, those that wait to be resumed included
  int max_queue = 256;          ///< requests that wait for a worker
  double max_body_mb = 64;
  double max_message_kb = 1024;    ///< of one WebSocket message
  double max_requests_per_s = 0;   ///< of one address; 0: no limit
  double header_timeout_s = 10;    ///< from the first byte to the end of the header
  double body_timeout_s = 60;      ///< from the end of the header to that of the body
  double idle_timeout_s = 120;     ///< without a request or a message
  double session_limit_s = 86400;  ///< life of one stream
  double resume_s = 30;            ///< how long a broken stream waits for its client
  double drain_s = 30;             ///< how long work may last after a stop was requested
  double batch_delay_ms = 0;       ///< how long a request may wait for others to share a pass
  double deadline_ms = 100;        ///< of a stream's hop, from its last sample to its event
};
void visit_fields(FieldVisitor& visitor, ServerSettings& settings);
/// Errors: FieldError naming the field, its value and the limit.
void validate(const ServerSettings& settings);

struct DeploymentSettings {
  ModelSettings model;
  PreprocessingSettings preprocessing;
  InferenceSettings inference;
  ServerSettings server;
};
void visit_fields(FieldVisitor& visitor, DeploymentSettings& settings);

}  // namespace nest::package
