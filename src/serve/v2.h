#pragma once

#include <string>
#include <vector>

#include "serve/models.h"
#include "serve/work_pool.h"

/// The Open Inference Protocol, version 2, over HTTP.
namespace nest::serve {

class V2 {
 public:
  V2(Models& models, WorkPool& pool) : models_(models), pool_(pool) {}

  /// Answers a request below "/v2"; `path` without it. `is_ready` is what health says.
  void handle(const Request& request, const std::vector<std::string>& path, bool is_ready,
              const Respond& respond);

 private:
  Response model_metadata(const ServedModel& model) const;
  Response model_config(const ServedModel& model) const;
  Response statistics(const ServedModel& model) const;
  Response index() const;
  void handle_model(const Request& request, const std::vector<std::string>& path,
                    const Respond& respond);
  void infer(const Request& request, const std::string& name, const Respond& respond);
  void repository(const Request& request, const std::vector<std::string>& path,
                  const Respond& respond);

  Models& models_;
  WorkPool& pool_;
};

}  // namespace nest::serve
