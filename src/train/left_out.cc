#include "left_out.h"

#include <fmt/ranges.h>

#include "nest/core/log.h"
#include "nest/graph/frames.h"

namespace nest::train {
namespace {

constexpr std::size_t kNamed = 5;

/// Frames that a CTC alignment needs at least: a blank stands between equal tokens.
std::int64_t needed_frames(const std::vector<std::int64_t>& tokens) {
  auto frames = static_cast<std::int64_t>(tokens.size());
  for (std::size_t i = 1; i < tokens.size(); ++i) frames += tokens[i] == tokens[i - 1] ? 1 : 0;
  return frames;
}

}  // namespace

Json warn_of_problems(const data::Dataset& dataset) {
  Json list = Json::array();
  for (const data::Problem& problem : dataset.problems()) list.push_back(to_json(problem));
  if (!list.empty()) {
    log_warn("{}: {} of {} utterances are left out: {}", dataset.folder().string(), list.size(),
             list.size() + dataset.size(), data::problems_text(dataset.problems()));
  }
  return list;
}

Json warn_of_long_targets(const graph::Model& model, const Source& training) {
  std::vector<std::string> ids;
  if (model.family != graph::Family::kCtc) return ids;
  for (std::size_t i = 0; i < training.size(); ++i) {
    const Example example = training.load(i);
    const std::int64_t frames = graph::num_frames(model, training.num_samples(i));
    if (frames < needed_frames(example.tokens)) ids.push_back(example.id);
  }
  if (ids.empty()) return Json::array();
  const std::vector<std::string> named(
      ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), kNamed)));
  log_warn(
      "{} of {} training utterances have a text too long for their frames and are left out: {}{}",
      ids.size(), training.size(), fmt::join(named, ", "),
      ids.size() > kNamed ? fmt::format(" and {} more", ids.size() - kNamed) : "");
  return ids;
}

}  // namespace nest::train
