#include <fmt/format.h>

#include "nest/compress/prune.h"
#include "nest/core/json.h"
#include "nest/core/json_number.h"

namespace nest::compress {

Json to_json(const PruneOutcome& outcome) {
  Json json;
  json["groups"] = Json::array();
  for (const GroupPlan& item : outcome.groups) {
    json["groups"].push_back({{"name", item.group.name},
                              {"kind", name_of(item.group.kind)},
                              {"before", item.group.count},
                              {"after", item.kept()},
                              {"is_exact", item.group.is_exact}});
  }
  json["iterations"] = Json::array();
  for (const PruneIteration& i : outcome.iterations) {
    json["iterations"].push_back(
        {{"iteration", i.iteration}, {"sparsity", i.sparsity}, {"cer", number_or_null(i.error)}});
  }
  json["sensitivities"] = outcome.sensitivities;
  return json;
}

std::string outcome_text(const PruneOutcome& outcome) {
  std::string text;
  for (const GroupPlan& item : outcome.groups) {
    text +=
        fmt::format("{}: {} of {} units ({}{})\n", item.group.name, item.kept(), item.group.count,
                    name_of(item.group.kind), item.group.is_exact ? "" : ", inexact");
  }
  for (const PruneIteration& i : outcome.iterations) {
    text += fmt::format("iteration {}: {:.2f} % zeros, CER {:.2f} %\n", i.iteration,
                        100 * i.sparsity, 100 * i.error);
  }
  for (const auto& [name, rise] : outcome.sensitivities)
    text += fmt::format("{}: {:+.2f} points alone\n", name, 100 * rise);
  return text;
}

}  // namespace nest::compress
