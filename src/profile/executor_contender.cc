#include <chrono>

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
    TensorMap inputs = work_.inputs;
    TensorMap results;
    for (int step = 0; step < work_.steps; ++step) {
      results = executor_->run(work_.graph, inputs);
      if (step + 1 == work_.steps) break;
      for (const auto& [from, to] : work_.feeds) inputs[to] = results.at(from);
      if (work_.token.empty()) continue;
      Tensor token(DType::kI64, work_.inputs.at(work_.token).shape());
      best_tokens(results.at(work_.scores).data<float>(), token.mutable_data<std::int64_t>());
      inputs[work_.token] = token;
    }
    return results;
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
