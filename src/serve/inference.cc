#include "serve/inference.h"

#include <atomic>
#include <mutex>
#include <set>

namespace nest::serve {
namespace {

/// One request on its way.
struct Pending {
  std::mutex mutex;
  InferenceAnswer answer;
  std::size_t left = 0;
  std::function<void(InferenceAnswer)> done;
};

void submit(Models& models, const std::shared_ptr<ServedModel>& model,
            const std::shared_ptr<Pending>& pending, std::size_t index, InferenceInput input) {
  InferenceInput again = input;
  model->submit(std::move(input), [&models, model, pending, index, again](auto answer) mutable {
    if (answer.outcome == recognize::BatchOutcome::kRefused) {
      const auto current = models.find(model->name());
      if (current != model) return submit(models, current, pending, index, std::move(again));
    }
    bool is_last = false;
    {
      const std::scoped_lock lock(pending->mutex);
      if (answer.error != nullptr && pending->answer.error == nullptr)
        pending->answer.error = answer.error;
      if (answer.output) pending->answer.results[index] = std::move(*answer.output);
      is_last = --pending->left == 0;
    }
    if (is_last) pending->done(std::move(pending->answer));
  });
}

std::vector<std::string> names_of(const Json& list) {
  if (!list.is_array()) refuse("channels", "channels is no list of names");
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const Json& item : list) {
    if (!item.is_string()) refuse("channels", "channels is no list of names");
    names.push_back(item.get<std::string>());
    if (!seen.insert(names.back()).second)
      refuse("channels", fmt::format("channel '{}' is named twice", names.back()));
  }
  return names;
}

}  // namespace

void infer(Models& models, std::shared_ptr<ServedModel> model, const std::vector<Tensor>& samples,
           const contract::SourceInfo& source, bool wants_text,
           std::function<void(InferenceAnswer)> done) {
  auto pending = std::make_shared<Pending>();
  std::vector<Tensor> signals;
  for (const Tensor& signal : samples) signals.push_back(model->prepare(signal, source));
  pending->answer.model = model;
  pending->answer.results.resize(signals.size());
  pending->left = signals.size();
  pending->done = std::move(done);
  for (std::size_t i = 0; i < signals.size(); ++i)
    submit(models, model, pending, i, {std::move(signals[i]), wants_text});
}

contract::SourceInfo source_of(const Json& parameters, const graph::SignalContract& contract,
                               std::int64_t rows) {
  contract::SourceInfo source = contract::source_of(contract);
  source.name = "signal";
  const std::string unit = contract.unit;
  if (!parameters.is_object()) return source;
  const auto given = [&](const char* key) {
    return parameters.contains(key) && !parameters.at(key).is_null();
  };
  if (given("channels")) {
    Json names = parameters.at("channels");
    // v2 parameters are scalars: names come as one text.
    if (names.is_string()) {
      Json list = Json::array();
      for (std::string rest = names.get<std::string>() + ","; !rest.empty();) {
        list.push_back(rest.substr(0, rest.find(',')));
        rest.erase(0, rest.find(',') + 1);
      }
      names = std::move(list);
    }
    source.channels = contract::named_channels(names_of(names), unit);
  }
  if (given("rate_hz")) {
    if (!parameters.at("rate_hz").is_number()) refuse("rate_hz", "rate_hz is no number");
    source.rate_hz = parameters.at("rate_hz").get<double>();
  }
  if (given("unit")) {
    if (!parameters.at("unit").is_string()) refuse("unit", "unit is no text");
    for (contract::SourceChannel& channel : source.channels)
      channel.unit = parameters.at("unit").get<std::string>();
  }
  if (rows >= 0 && source.num_channels() != rows)
    refuse("channels",
           fmt::format("the signal has {} channels; {} are needed{}", rows, source.num_channels(),
                       given("channels") ? ", as many as are named" : ""));
  return source;
}

}  // namespace nest::serve
