#include "nest/core/launcher.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "nest/core/error.h"

namespace nest {
namespace {

struct ProcessVariables {
  const char* index;
  const char* count;
  const char* local_index;
};

constexpr ProcessVariables kProcesses[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_RANK"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    // SLURM_NTASKS stands in a batch script as well, whose process is alone.
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"},
};

struct ArrayVariables {
  std::string_view index;
  std::string_view count;  ///< empty: there is none
};

constexpr std::string_view kSlurmIndex = "SLURM_ARRAY_TASK_ID";
constexpr ArrayVariables kArrays[] = {
    {kSlurmIndex, "SLURM_ARRAY_TASK_COUNT"},
    {"JOB_COMPLETION_INDEX", ""},
    {"AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"},
    {"BATCH_TASK_INDEX", "BATCH_TASK_COUNT"},
    {"CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"},
};

/// "--array=0-3" has four tasks, the last of which is 3; no other array of four has.
bool is_whole_array_of_slurm(const Lookup& lookup, int count) {
  const std::optional<int> last = number_in(lookup, "SLURM_ARRAY_TASK_MAX");
  return last && *last + 1 == count;
}

}  // namespace

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<int> number_in(const Lookup& lookup, const std::string& name) {
  const std::optional<std::string> text = lookup(name);
  if (!text || text->empty()) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  require(error == std::errc() && end == text->data() + text->size() && value >= 0,
          ErrorCode::kInvalidArgument, "environment variable {}='{}' is not a number", name, *text);
  return value;
}

Launched launched_process(const Lookup& lookup) {
  for (const ProcessVariables& names : kProcesses) {
    const std::optional<int> index = number_in(lookup, names.index);
    const std::optional<int> count = number_in(lookup, names.count);
    if (!index || !count) continue;
    require(*index < *count, ErrorCode::kInvalidArgument, "{}={} does not fit {}={}", names.index,
            *index, names.count, *count);
    return {*index, *count, number_in(lookup, names.local_index).value_or(0)};
  }
  return {};
}

std::optional<ArrayTask> array_task(const Lookup& lookup) {
  for (const ArrayVariables& names : kArrays) {
    const std::optional<int> index = number_in(lookup, std::string(names.index));
    if (!index) continue;
    ArrayTask task{*index, number_in(lookup, std::string(names.count)), std::string(names.index)};
    if (names.index == kSlurmIndex && task.count && !is_whole_array_of_slurm(lookup, *task.count)) {
      task.count.reset();
    }
    return task;
  }
  return std::nullopt;
}

}  // namespace nest
