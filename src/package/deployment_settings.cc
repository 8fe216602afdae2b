#include "nest/package/deployment_settings.h"

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
  visitor.field("host", s.host, "address to listen on");
  visitor.field("port", s.port, "port to listen on; 0: any that is free", between(0, 65535));
  visitor.field("workers", s.workers, "threads that compute", between(1, 1024));
}

void visit_fields(FieldVisitor& visitor, DeploymentSettings& s) {
  visitor.part("model", s.model);
  visitor.part("preprocessing", s.preprocessing);
  visitor.part("inference", s.inference);
  visitor.part("server", s.server);
}

}  // namespace nest::package
