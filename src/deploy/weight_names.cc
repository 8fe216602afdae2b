#include "weight_names.h"

#include <algorithm>
#include <vector>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/deploy/model_file.h"
#include "nest/runtime/prepared.h"

namespace nest::deploy {
namespace {

constexpr std::string_view kWrapper = "module.";
constexpr std::string_view kCompiled = "_orig_mod.";

/// Without what torch.compile adds, at the beginning and behind any dot.
std::string without_compiled(std::string_view name) {
  std::string plain;
  while (!name.empty()) {
    const bool is_part_begin = plain.empty() || plain.back() == '.';
    if (is_part_begin && name.starts_with(kCompiled)) {
      name.remove_prefix(kCompiled.size());
      continue;
    }
    plain += name.front();
    name.remove_prefix(1);
  }
  return plain;
}

}  // namespace

WeightNames::WeightNames(const io::Checkpoint& checkpoint) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : checkpoint.state_dict) names.push_back(without_compiled(name));
  for (const io::UnreadTensor& tensor : checkpoint.unread) {
    names.push_back(without_compiled(tensor.name));
  }
  const auto is_wrapped = [&](const std::string& name) {
    return std::string_view(name).substr(wrappers_ * kWrapper.size()).starts_with(kWrapper);
  };
  while (!names.empty() && std::ranges::all_of(names, is_wrapped)) ++wrappers_;
}

std::string WeightNames::plain(std::string_view name) const {
  return without_compiled(name).substr(wrappers_ * kWrapper.size());
}

TensorMap plain_weights(const io::Checkpoint& checkpoint) {
  const WeightNames names(checkpoint);
  TensorMap weights;
  for (const auto& [name, tensor] : checkpoint.state_dict) {
    const std::string plain = names.plain(name);
    require(weights.emplace(plain, tensor).second, ErrorCode::kDataCorrupt,
            "tensor '{}' stands there twice, as '{}' too", plain, name);
  }
  return weights;
}

void require_model_file(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return;  // who opens it says so
  static const std::filesystem::path kPackaged = "models/model.safetensors";
  const std::string extension = path.extension().string();
  require(extension != ".onnx", ErrorCode::kInvalidArgument,
          "{} is an ONNX model; make a model file of it first: nest convert {} model.safetensors",
          path.string(), path.string());
  require(extension != ".nestpkg", ErrorCode::kInvalidArgument,
          "{} is a packed package; its model is {} in it: unpack it (it is a ZIP file)",
          path.string(), kPackaged.string());
  if (!std::filesystem::is_directory(path)) return;
  for (const auto& [inside, what] :
       {std::pair{std::filesystem::path("best.pt"), "the folder of a training run"},
        std::pair{kPackaged, "a package"}}) {
    require(!std::filesystem::exists(path / inside), ErrorCode::kInvalidArgument,
            "{} is {}; its model is {}", path.string(), what, (path / inside).string());
  }
  fail(ErrorCode::kInvalidArgument,
       "{} is a folder; a model is a file (.pt, .safetensors, .prepared)", path.string());
}

io::Checkpoint read_weights(const std::filesystem::path& path) {
  require_model_file(path);
  require(!runtime::is_prepared_file(path), ErrorCode::kInvalidArgument,
          "{} is prepared for the native runtime: its weights are packed and no floats any more; "
          "name the model that it was made of (.pt, .safetensors)",
          path.string());
  io::Checkpoint checkpoint = io::read_checkpoint(path);
  for (const std::string& warning : checkpoint.warnings) log_warn("{}: {}", path.string(), warning);
  return checkpoint;
}

}  // namespace nest::deploy
