#pragma once

#include <functional>
#include <optional>
#include <string>

namespace nest {

/// A variable's value, std::nullopt if it is not set.
using Lookup = std::function<std::optional<std::string>(const std::string&)>;
/// That of this process's environment.
std::optional<std::string> environment_variable(const std::string& name);

/// The variable as a number, std::nullopt if it is not set or empty.
/// Errors: InvalidArgument for what is no number from 0 on.
std::optional<int> number_in(const Lookup& lookup, const std::string& name);

/// One of the processes that a launcher started together.
struct Launched {
  int index = 0;
  int count = 1;
  int local_index = 0;  ///< among those of its machine
};
/// By the variables of torchrun (RANK, WORLD_SIZE, LOCAL_RANK), Open MPI (OMPI_COMM_WORLD_RANK,
/// ..._SIZE, ..._LOCAL_RANK) or a step of Slurm (SLURM_PROCID, SLURM_STEP_NUM_TASKS,
/// SLURM_LOCALID), the first that are set; alone without any.
/// Errors: InvalidArgument for an index that does not fit the count.
Launched launched_process(const Lookup& lookup);

/// One of the tasks of an array, which start one by one.
struct ArrayTask {
  int index = 0;
  std::optional<int> count = {};  ///< nothing where the cluster does not say
  std::string variable = {};      ///< that the index is from
};
/// By the variables of Slurm (SLURM_ARRAY_TASK_ID, ..._COUNT), Kubernetes (JOB_COMPLETION_INDEX),
/// AWS Batch (AWS_BATCH_JOB_ARRAY_INDEX, ..._SIZE), Google Batch (BATCH_TASK_INDEX, ..._COUNT) or
/// Cloud Run jobs (CLOUD_RUN_TASK_INDEX, ..._COUNT), the first whose index is set; std::nullopt
/// without any. Slurm's count is left out if its array is not 0-N: it is that of some tasks of a
/// longer array, run again.
std::optional<ArrayTask> array_task(const Lookup& lookup);

}  // namespace nest
