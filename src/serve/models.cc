#include "serve/models.h"

#include <cmath>

#include "nest/core/log.h"
#include "nest/core/options.h"

namespace nest::serve {
namespace {

double mean(double sum, std::uint64_t count) {
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

double failure_share(const ModelRecord& record) {
  return mean(static_cast<double>(record.failures.load()), record.answers.load());
}

/// Why a canary is worse than what is served; "" if it is not.
std::string complaint(const ModelRecord& canary, const ModelRecord& served,
                      const CanaryOptions& options) {
  if (failure_share(canary) > failure_share(served) + options.more_failures)
    return fmt::format("{:.1f} % of its answers are failures", 100 * failure_share(canary));
  const double slow = mean(canary.seconds, canary.answers),
               usual = mean(served.seconds, served.answers);
  if (slow > usual * options.slower)
    return fmt::format("it takes {:.1f} ms in place of {:.1f}", slow * 1e3, usual * 1e3);
  const double sure = mean(canary.confidence, canary.texts),
               before = mean(served.confidence, served.texts);
  if (sure < before - options.less_sure)
    return fmt::format("its confidence is {:.2f} in place of {:.2f}", sure, before);
  return "";
}

}  // namespace

Models::Models(const package::DeploymentSettings& settings, package::VerifyOptions verifying,
               Metrics& metrics, CanaryOptions canary)
    : settings_(settings), verifying_(std::move(verifying)), metrics_(metrics), canary_(canary) {}

std::shared_ptr<ServedModel> Models::load(const std::filesystem::path& path, const Job& job) const {
  return std::make_shared<ServedModel>(package::Package::load(path, verifying_, job),
                                       settings_.inference, settings_.server, metrics_);
}

void Models::add(const std::filesystem::path& path, const Job& job) {
  auto model = load(path, job);
  const std::string name = model->name();
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(name);
    require(found == entries_.end(), ErrorCode::kInvalidArgument,
            "{} and {} are both packages of '{}'; give one another name", path.string(),
            found == entries_.end() ? "" : found->second.path.string(), name);
    entries_[name] = {path, std::move(model)};
  }
  add_gauges(name);
}

void Models::add_gauges(const std::string& name) {
  const auto value = [this, name](auto of) -> std::function<double()> {
    return [this, name, of] { return of(*find(name)); };
  };
  metrics_.gauge("nest_input_drift", "Largest log ratio of a channel's spread to the package's",
                 {{"model", name}}, value([](const ServedModel& m) { return m.drift(); }));
  metrics_.gauge(
      "nest_waiting_requests", "Requests that wait for a pass", {{"model", name}},
      value([](const ServedModel& m) { return static_cast<double>(m.figures().waiting); }));
}

void Models::add_canary(const std::filesystem::path& path, const Job& job) {
  auto canary = load(path, job);
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(canary->name());
  require(found != entries_.end(), ErrorCode::kNotFound,
          "{}: no model '{}' is served that it could replace", path.string(), canary->name());
  require(nest::to_json(canary->contract()) == nest::to_json(found->second.model->contract()),
          ErrorCode::kDataCorrupt, "{}: takes other signals than the served '{}'", path.string(),
          canary->name());
  found->second.canary = std::move(canary);
}

void Models::reload(const std::string& name, const Job& job) {
  std::filesystem::path path;
  {
    const std::scoped_lock lock(mutex_);
    path = entry_of(name).path;
  }
  std::shared_ptr<ServedModel> fresh = load(path, job);
  if (fresh->name() != name)
    refuse("model", fmt::format("the package is now '{}', no longer '{}'", fresh->name(), name));
  {
    const std::scoped_lock lock(mutex_);
    entry_of(name).model.swap(fresh);
    retire(fresh);
  }
  log_info("model '{}' is now version {}", name, find(name)->version());
  fresh->drain();  // the old one answers what it took
}

Models::Entry& Models::entry_of(const std::string& name) {
  return const_cast<Entry&>(std::as_const(*this).entry_of(name));
}

const Models::Entry& Models::entry_of(const std::string& name) const {
  if (name.empty() && entries_.size() != 1) refuse("model", "several models are served; name one");
  const auto found = name.empty() ? entries_.begin() : entries_.find(name);
  if (found == entries_.end())
    throw RequestError(404, "model",
                       fmt::format("Request for unknown model: '{}' is not found", name));
  return found->second;
}

void Models::retire(std::shared_ptr<ServedModel> model) {
  std::erase_if(retired_, [](const auto& old) { return old.use_count() == 1; });
  retired_.push_back(std::move(model));
}

void Models::judge(const std::string& name, Entry& entry) {
  const ModelRecord &canary = entry.canary->record(), &served = entry.model->record();
  if (canary.answers < canary_.least || served.answers < canary_.least) return;
  const std::string why = complaint(canary, served, canary_);
  if (why.empty()) return;
  log_warn("the new version of '{}' is taken back: {}", name, why);
  metrics_.counter("nest_fallbacks_total", "New versions that were taken back", {{"model", name}})
      .add();
  retire(std::move(entry.canary));
  entry.canary = nullptr;
}

std::shared_ptr<ServedModel> Models::pick(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  Entry& entry = entry_of(name);
  if (entry.canary != nullptr) judge(name, entry);
  if (entry.canary == nullptr) return entry.model;
  const auto before = std::floor(static_cast<double>(entry.picked) * canary_.share);
  const auto after = std::floor(static_cast<double>(++entry.picked) * canary_.share);
  return after > before ? entry.canary : entry.model;
}

std::shared_ptr<ServedModel> Models::find(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  return entry_of(name).model;
}

std::vector<std::shared_ptr<ServedModel>> Models::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<ServedModel>> models;
  for (const auto& [name, entry] : entries_) models.push_back(entry.model);
  return models;
}

bool Models::has_canary(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  return entry_of(name).canary != nullptr;
}

void Models::drain() {
  std::vector<std::shared_ptr<ServedModel>> models;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, entry] : entries_) {
      models.push_back(entry.model);
      if (entry.canary != nullptr) models.push_back(entry.canary);
    }
  }
  for (const auto& model : models) model->drain();
}

}  // namespace nest::serve
