#include "nest/eval/shard.h"

#include <charconv>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "nest/core/error.h"

namespace nest::eval {
namespace {

constexpr std::string_view kAuto = "auto";
constexpr std::string_view kPlace = "{shard}";

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Of how many the parts are, if the name says so: 4 for "auto/4".
std::optional<std::size_t> given_count(std::string_view name) {
  if (name == kAuto) return std::nullopt;
  const std::optional<std::size_t> count = name.substr(kAuto.size()).starts_with('/')
                                               ? number(name.substr(kAuto.size() + 1))
                                               : std::nullopt;
  require(count && *count >= 1, ErrorCode::kInvalidArgument,
          "shard '{}': write auto or auto/N, for example auto/4", name);
  return count;
}

}  // namespace

std::string to_string(const Shard& shard) {
  return fmt::format("{}/{}", shard.index + 1, shard.count);
}

Shard shard_from(std::string_view name, const Lookup& lookup) {
  if (!name.starts_with(kAuto)) return shard_from_name(name);
  std::optional<std::size_t> count = given_count(name);
  const Launched process = launched_process(lookup);
  const std::optional<ArrayTask> task = array_task(lookup);
  require(task || process.count > 1 || !count || *count == 1, ErrorCode::kInvalidArgument,
          "shard '{}': no variable of a launcher says which part this is; write 1/{} and so on",
          name, count.value_or(1));
  const auto together = static_cast<std::size_t>(process.count);
  auto index = static_cast<std::size_t>(process.index);
  if (task) index += static_cast<std::size_t>(task->index) * together;
  if (!count) {
    require(!task || task->count, ErrorCode::kInvalidArgument,
            "{}={}, but of how many tasks is not known; write `shard` auto/N",
            task ? task->variable : "", task ? task->index : 0);
    count = together * static_cast<std::size_t>(task ? *task->count : 1);
  }
  require(index < *count, ErrorCode::kInvalidArgument,
          "shard '{}': the launcher says part {} (counted from 0) of {}; start as many as there "
          "are parts, with indices from 0",
          name, index, *count);
  return {index, *count};
}

std::string path_of_shard(std::string path, const Shard& shard, std::string_view name) {
  const std::string text = fmt::format("{}-of-{}", shard.index + 1, shard.count);
  bool is_its_own = false;
  for (std::size_t at = 0; (at = path.find(kPlace, at)) != std::string::npos; at += text.size()) {
    path.replace(at, kPlace.size(), text);
    is_its_own = true;
  }
  require(is_its_own || path.empty() || shard.count == 1 || !name.starts_with(kAuto),
          ErrorCode::kInvalidArgument,
          "every part would write {}; put {} into the name, for example part-{}.json", path, kPlace,
          kPlace);
  return path;
}

void require_all(std::span<const Shard> shards, std::span<const std::string> files) {
  const std::size_t count = shards.empty() ? 1 : shards.front().count;
  std::set<std::size_t> seen;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    require(shards[i].count == count, ErrorCode::kInvalidArgument,
            "{} is part {}, but {} is one of {}", files[i], to_string(shards[i]), files.front(),
            count);
    require(count == 1 || seen.insert(shards[i].index).second, ErrorCode::kInvalidArgument,
            "{}: part {} is there twice", files[i], to_string(shards[i]));
  }
  for (std::size_t i = 0; count > 1 && i < count; ++i) {
    require(seen.contains(i), ErrorCode::kInvalidArgument,
            "part {} is missing; evaluate it, then merge", to_string({i, count}));
  }
}

}  // namespace nest::eval
