#include <map>

#include "nest/data/import.h"
#include "verb.h"

namespace nest {
namespace {

Json summary(const data::Dataset& dataset) {
  std::map<std::string, std::size_t> counts;
  for (const auto& utterance : dataset.utterances()) ++counts[utterance.split];
  Json json;
  json["name"] = dataset.info().name;
  json["utterances"] = dataset.size();
  json["splits"] = counts;
  json["rate_hz"] = dataset.info().signal.rate_hz;
  json["channels"] = dataset.info().signal.num_channels;
  json["normalization_fit"] = dataset.info().normalization_fit;
  return json;
}

}  // namespace

void add_import(CommandLine& line) {
  line.add_verb(
      "import", "Make a dataset folder from EEG files and their labels",
      [](Flags& flags) -> CommandLine::Run {
        auto options = std::make_shared<data::ImportOptions>();
        auto json = std::make_shared<bool>(false);
        register_flags(flags, *options);
        flags.add("json", *json, "print JSON");
        return [options, json] {
          const Json report = summary(data::import_dataset(*options, command_job()));
          std::string text =
              fmt::format("{}: {} utterances, {} channels, {} Hz -> {}\n",
                          report["name"].get<std::string>(), report["utterances"].dump(),
                          report["channels"].dump(), report["rate_hz"].dump(), options->out);
          for (const auto& [split, count] : report["splits"].items()) {
            text += fmt::format("  {:<12}{}\n", split.empty() ? "(none)" : split, count.dump());
          }
          return print_report(*json, report, text);
        };
      });
}

}  // namespace nest
