#include <cerrno>
#include <cstring>
#include <filesystem>

#include <unistd.h>

#include "nest/core/blas_kernels.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/log.h"
#include "nest/export/torchscript.h"
#include "nest/recognize/executors.h"
#include "torch_half.h"

namespace nest {
namespace {

char** g_argv = nullptr;

std::filesystem::path torch_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "nest-torch";
  return self.parent_path() / "nest-torch";
}

/// Replaces this process; returns only by an error, which ends in `remedy`.
[[noreturn]] void hand_over(std::string_view what, std::string_view remedy = "") {
  const std::filesystem::path program = torch_program();
  require(std::filesystem::exists(program), ErrorCode::kUnsupported,
          "{} needs LibTorch, and {} is not installed; build with -DNEST_WITH_TORCH=ON{}", what,
          program.string(), remedy);
  name_blas_kernels();
  log_debug("{}: handing over to {}", what, program.string());
  ::execv(program.c_str(), g_argv);
  fail(ErrorCode::kInternal, "cannot start {}: {}", program.string(), std::strerror(errno));
}

}  // namespace

void keep_command_line(char** argv) {
  g_argv = argv;
}

void register_torch() {
  recognize::register_executor(
      "torch",
      [](const graph::Model&,
         const recognize::ExecutorOptions&) -> std::unique_ptr<graph::Executor> {
        hand_over("--executor torch", ", or use --executor native");
      });
  exports::register_torchscript(
      [](auto&&...) -> std::int64_t { hand_over("--format torchscript"); });
}

Json torch_info() {
  if (!std::filesystem::exists(torch_program())) return "not installed";
  hand_over("doctor");
}

Tuner fine_tuner(const std::string& /*data*/, const graph::Model& /*model*/,
                 const compress::FineTuneOptions& /*options*/, const std::string& /*folder*/) {
  hand_over("fine-tuning", ", or choose a method and criterion that do not train");
}

CommandLine::Run define_train(Flags& /*flags*/) {
  hand_over("train");
}

}  // namespace nest
