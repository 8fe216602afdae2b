// A folder that nest train wrote.
#include <algorithm>

#include "inspect_kinds.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"

namespace nest::deploy {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {"best.pt",   "last.pt",   "run.json",
                                  "log.jsonl", "curve.svg", "tokenizer.json"};

Json history_of(const fs::path& log) {
  Json history = Json::array();
  if (!fs::exists(log)) return history;
  for (const std::string& line : read_lines(log)) {
    history.push_back(parse_json(line, fmt::format("{}:{}", log.string(), history.size() + 1)));
  }
  return history;
}

/// The model of the best weights, or of the last ones.
Inspection model_of(const fs::path& folder, const InspectOptions& options) {
  for (const char* name : {"best.pt", "last.pt"}) {
    if (fs::exists(folder / name)) return *inspect_weights(folder / name, options);
  }
  return {};
}

std::string cell(const Json& entry, const char* key, double factor) {
  const bool is_there = entry.contains(key) && entry[key].is_number();
  return is_there ? fmt::format("{:.4g}", factor * entry[key].get<double>()) : "-";
}

}  // namespace

std::optional<Inspection> inspect_run(const fs::path& path, const InspectOptions& options) {
  const bool is_run =
      fs::is_directory(path) && std::ranges::any_of(kFiles, [&](const char* name) {
        return std::string_view(name) != "tokenizer.json" && fs::exists(path / name);
      });
  if (!is_run) return std::nullopt;
  Inspection found = model_of(path, options);
  for (const char* unwanted : {"tensors", "extra", "config", "warnings"}) {
    found.description.erase(unwanted);
  }
  Json& json = found.description;
  json["kind"] = "run";
  for (const char* name : kFiles) {
    if (fs::exists(path / name)) json["files"].push_back(name);
  }
  json["history"] = history_of(path / "log.jsonl");
  if (fs::exists(path / "run.json")) json.update(load_json(path / "run.json"));
  return found;
}

std::string run_text(const Json& json) {
  const Json& history = json["history"];
  const Json options = json.value("options", Json::object());
  std::string text = fmt::format("run  {} epochs done", history.size());
  if (options.contains("epochs")) text += fmt::format(" of {}", options["epochs"].dump());
  text += "\n";
  if (json.contains("run")) {
    const Json& run = json["run"];
    text += fmt::format("data {}\nconfig {}, {}\n", run.value("data", ""), run.value("config", ""),
                        run.value("model_key", ""));
  }
  if (history.empty()) return text;
  text += fmt::format("{:>8} {:>15} {:>15} {:>8} {:>8}\n", "epoch", "training loss",
                      "validation loss", "WER %", "CER %");
  constexpr std::size_t kLast = 5;
  std::size_t best = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].value("is_best", false)) best = i;
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (i != best && i + kLast < history.size()) continue;
    const Json& entry = history[i];
    text +=
        fmt::format("{:>8} {:>15} {:>15} {:>8} {:>8}{}\n", cell(entry, "epoch", 1),
                    cell(entry, "train_loss", 1), cell(entry, "loss", 1), cell(entry, "wer", 100),
                    cell(entry, "cer", 100), i == best ? "  best" : "");
  }
  return text;
}

}  // namespace nest::deploy
