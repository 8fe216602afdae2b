#include <chrono>

#include "native_run.h"
#include "nest/profile/contender.h"

namespace nest::profile {
namespace {

class NativeContender final : public Contender {
 public:
  NativeContender(std::string name, std::shared_ptr<const runtime::PreparedModel> prepared,
                  const Work& work, const runtime::MachineOptions& machine)
      : name_(std::move(name)),
        machine_(machine),
        native_(std::move(prepared), work, {machine, false}) {}

  const std::string& name() const override { return name_; }

  std::vector<double> run(int times) override {
    using Clock = std::chrono::steady_clock;
    std::vector<double> ms(static_cast<std::size_t>(times));
    for (double& each : ms) {
      const auto begin = Clock::now();
      native_.once([](const runtime::Session&) {});
      each = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    }
    return ms;
  }

  TensorMap outputs() override {
    native_.once([](const runtime::Session&) {});
    const runtime::Session& session = native_.session();
    TensorMap outputs;
    for (const graph::Port& port : native_.prepared().model().graph(native_.work().graph).outputs) {
      outputs.emplace(port.name,
                      Tensor::from<float>(session.shape(port.name), session.output(port.name)));
    }
    return outputs;
  }

  Json info() const override {
    const runtime::PreparedModel& prepared = native_.prepared();
    return {{"isa", name_of(runtime::choose_isa(machine_.isa))},
            {"threads", machine_.threads},
            {"quantization", graph::to_json(prepared.model().quantization)},
            {"weight_bytes", prepared.weight_bytes()},
            {"arena_bytes", native_.session().arena_bytes()},
            {"plan", prepared.report(native_.work().graph, native_.work().bindings, {}, machine_)}};
  }

 private:
  std::string name_;
  runtime::MachineOptions machine_;
  NativeRun native_;
};

}  // namespace

std::unique_ptr<Contender> native_contender(std::string name,
                                            std::shared_ptr<const runtime::PreparedModel> prepared,
                                            const Work& work,
                                            const runtime::MachineOptions& machine) {
  return std::make_unique<NativeContender>(std::move(name), std::move(prepared), work, machine);
}

}  // namespace nest::profile
