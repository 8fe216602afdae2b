#include "nest/package/deployment_settings.h"

#include "nest/core/field_error.h"
#include "nest/core/options.h"

namespace nest::package {

void visit_fields(FieldVisitor& visitor, ModelSettings& s) {
  visitor.field("type", s.type, "what kind of model it is", {}, kNoFlag);
  visitor.field("checkpoint", s.checkpoint, "package or model file", {}, kNoFlag);
  static constexpr std::string_view kDevices[] = {"cpu"};
  visitor.field("device", s.device, "what runs it: the native runtime's cpu", {},
                {.choices = kDevices, .has_flag = false});
}

void visit_fields(FieldVisitor& visitor, PreprocessingSettings& s) {
  visitor.field("sample_rate", s.sample_rate, "Hz", above(0), kNoFlag);
  visitor.field("bandpass", s.bandpass, "low and high edge, Hz", above(0), kNoFlag);
  visitor.field("notch_freq", s.notch_freq, "Hz; 0: none", at_least(0), kNoFlag);
}

void visit_fields(FieldVisitor& visitor, InferenceSettings& s) {
  visitor.field("batch_size", s.batch_size, "most signals that one pass of the model takes",
                between(1, 1024));
  visitor.field("beam_size", s.beam_size, "hypotheses kept; 1 is greedy", between(1, 1000),
                {.flag = "beam,beam-size"});
  visitor.field("max_length", s.max_length, "most tokens of an attention model's text",
                between(1, 10000));
}

void visit_fields(FieldVisitor& visitor, ServerSettings& s) {
  visitor.field("host", s.host, "address to listen on; beyond loopback a token is needed");
  visitor.field("port", s.port, "port to listen on; 0: any that is free", between(0, 65535));
  visitor.field("workers", s.workers, "threads that compute", between(1, 1024));
  visitor.field("token_file", s.token_file, "file with the secret that clients send");
  visitor.field("tls_cert", s.tls_cert, "certificate chain (PEM)");
  visitor.field("tls_key", s.tls_key, "its private key (PEM)");
  visitor.group("Limits");
  visitor.field("max_connections", s.max_connections,
                "open connections; beyond them the longest idle one is closed", between(1, 1e6));
  visitor.field("max_sessions", s.max_sessions, "streams at a time", between(0, 1e6));
  visitor.field("max_queue", s.max_queue, "requests that wait for a worker", between(1, 1e6));
  visitor.field("max_body_mb", s.max_body_mb, "size of a request", above(0).to(1e4));
  visitor.field("max_message_kb", s.max_message_kb, "size of a WebSocket message",
                above(0).to(1e6));
  visitor.field("max_requests_per_s", s.max_requests_per_s,
                "requests of one address a second; 0: no limit", at_least(0));
  visitor.field("header_timeout_s", s.header_timeout_s, "time for a request's header", above(0));
  visitor.field("body_timeout_s", s.body_timeout_s, "time for a request's body", above(0));
  visitor.field("idle_timeout_s", s.idle_timeout_s, "time without a request or message", above(0));
  visitor.field("session_limit_s", s.session_limit_s, "life of a stream", above(0));
  visitor.field("resume_s", s.resume_s, "how long a broken stream waits for its client",
                at_least(0));
  visitor.field("drain_s", s.drain_s, "how long work may last after a stop was requested",
                at_least(0));
  visitor.field("batch_delay_ms", s.batch_delay_ms,
                "how long a request may wait for others to share a pass", at_least(0));
  visitor.field("deadline_ms", s.deadline_ms,
                "of a stream's hop, from its last sample to its event", above(0));
}

void validate(const ServerSettings& settings) {
  check_fields(settings);
  require_field(settings.tls_cert.empty() == settings.tls_key.empty(), "tls_key",
                "and `tls_cert` belong together; give both or none");
}

void visit_fields(FieldVisitor& visitor, DeploymentSettings& s) {
  visitor.part("model", s.model);
  visitor.part("preprocessing", s.preprocessing);
  visitor.part("inference", s.inference);
  visitor.part("server", s.server);
}

}  // namespace nest::package
