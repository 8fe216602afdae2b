#pragma once

#include <string>
#include <vector>

#include "serve/models.h"
#include "serve/work_pool.h"

/// The routes of this project: decode a recording, what a model is, its golden inputs.
namespace nest::serve {

class V1 {
 public:
  V1(Models& models, WorkPool& pool) : models_(models), pool_(pool) {}

  /// Answers a request below "/v1"; `path` without it.
  void handle(const Request& request, const std::vector<std::string>& path, const Respond& respond);

 private:
  void decode(const Request& request, const Respond& respond);
  void send_signal(const Request& request, const Respond& respond);
  Response card(const ServedModel& model) const;
  Response golden(const ServedModel& model, const std::string& number) const;

  Models& models_;
  WorkPool& pool_;
};

/// A recognition for clients: {"text", "tokens": [{"text", "start_s", "end_s", "confidence"}],
/// "nbest": [{"text", "score"}]}
Json recognition_json(const decode::Recognition& recognition, const text::Tokenizer* tokenizer,
                      std::size_t nbest);

}  // namespace nest::serve
