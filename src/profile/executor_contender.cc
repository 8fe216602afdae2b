#include <chrono>

#include "executor_run.h"
#include "nest/profile/contender.h"

namespace nest::profile {
namespace {

class ExecutorContender final : public Contender {
 public:
  ExecutorContender(std::string name, std::unique_ptr<graph::Executor> executor, const Work& work)
      : name_(std::move(name)), executor_(std::move(executor)), work_(work) {}

  const std::string& name() const override { return name_; }

  std::vector<double> run(int times) override {
    using Clock = std::chrono::steady_clock;
    std::vector<double> ms(static_cast<std::size_t>(times));
    for (double& each : ms) {
      const auto begin = Clock::now();
      outputs();
      each = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    }
    return ms;
  }

  TensorMap outputs() override {
    return run_passes(*executor_, work_, [](const TensorMap&) {});
  }

  Json info() const override { return {{"executor", executor_->describe()}}; }

 private:
  std::string name_;
  std::unique_ptr<graph::Executor> executor_;
  Work work_;
};

}  // namespace

std::unique_ptr<Contender> executor_contender(std::string name,
                                              std::unique_ptr<graph::Executor> executor,
                                              const Work& work) {
  return std::make_unique<ExecutorContender>(std::move(name), std::move(executor), work);
}

}  // namespace nest::profile
