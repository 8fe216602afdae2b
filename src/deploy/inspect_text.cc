#include "inspect_kinds.h"
#include "nest/core/utf8.h"

namespace nest::deploy {
namespace {

std::string array_line(const Json& array) {
  if (array.contains("not_read")) {
    return fmt::format("not read: {}\n", array["not_read"].get<std::string>());
  }
  std::string text = fmt::format("{} {}", array["dtype"].get<std::string>(), array["shape"].dump());
  for (const char* key : {"min", "max", "mean", "not_finite"}) {
    if (array.contains(key)) text += fmt::format("  {} {}", key, array[key].dump());
  }
  return text + "\n";
}

std::string arrays_text(const Json& json) {
  std::string text;
  for (const auto& [name, array] : json["arrays"].items()) {
    text += fmt::format("{:<24} {}", name, array_line(array));
  }
  return text;
}

std::string model_text(const Json& json) {
  if (!json.contains("model")) return "";
  std::string text = fmt::format("model {} ({}), {} parameters, {} channels, vocabulary {}\n",
                                 json["model"].get<std::string>(),
                                 json["family"].get<std::string>(), json["parameters"].dump(),
                                 json["signal"]["num_channels"].dump(), json["vocabulary"].dump());
  for (const auto& [name, table] : json["graphs"].items()) text += "\n" + table.get<std::string>();
  return text;
}

std::string config_text(const Json& json) {
  std::string text = model_text(json);
  for (const Json& model : json.value("models", Json::array())) {
    text += fmt::format("{:<28} {:<12} {:>12} parameters\n", model["key"].get<std::string>(),
                        model["family"].get<std::string>(), model["parameters"].dump());
  }
  return text;
}

std::string prepared_text(const Inspection& inspection) {
  const Json& json = inspection.description;
  return fmt::format("prepared for {}, {} bytes of packed weights\n",
                     graph::describe(inspection.model->quantization), json["weight_bytes"].dump()) +
         model_text(json);
}

std::string checkpoint_text(const Json& json) {
  constexpr std::size_t kShown = 400;  // a run's history can be megabytes; --json has it whole
  std::string text = fmt::format("config {}\n", json["config"].dump());
  for (const auto& [key, value] : json["extra"].items()) {
    std::string shown = value.dump();
    if (shown.size() > kShown) {
      shown = fmt::format("{}… ({} bytes)", utf8_with_replacements(shown.substr(0, kShown)),
                          shown.size());
    }
    text += fmt::format("extra.{} {}\n", key, shown);
  }
  text += model_text(json);
  if (json.contains("model_error")) {
    text += fmt::format("model none: {}\n", json["model_error"].get<std::string>());
  }
  text += fmt::format("\n{} tensors with {} elements, {} bytes\n", json["tensors"].size(),
                      json["elements"].dump(), json["bytes"].dump());
  for (const Json& tensor : json["tensors"]) {
    text += fmt::format("  {:<56} {:<9} {}{}\n", tensor["name"].get<std::string>(),
                        tensor["dtype"].get<std::string>(), to_string(tensor["shape"].get<Shape>()),
                        tensor.value("is_read", true) ? "" : "  not read");
  }
  for (const Json& warning : json["warnings"]) {
    text += fmt::format("warning: {}\n", warning.get<std::string>());
  }
  return text;
}

}  // namespace

std::string inspection_text(const Inspection& inspection) {
  const Json& json = inspection.description;
  const auto kind = json["kind"].get<std::string>();
  if (kind == "prepared model") return prepared_text(inspection);
  if (kind == "array") return "array  " + array_line(json);
  if (kind == "arrays") return arrays_text(json);
  if (kind == "configuration") return config_text(json);
  if (kind == "checkpoint") return checkpoint_text(json);
  if (kind == "recording") return recording_text(json);
  if (kind == "run") return run_text(json) + model_text(json);
  return fmt::format("tokenizer  {}  {} tokens  special {}\n", json["tokenizer"].get<std::string>(),
                     json["size"].dump(), json["special"].dump());
}

}  // namespace nest::deploy
