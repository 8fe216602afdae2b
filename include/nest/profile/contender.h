#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/core/options_fwd.h"
#include "nest/profile/work.h"
#include "nest/runtime/prepared.h"

namespace nest::profile {

/// One program that does a piece of work and says how long it took.
class Contender {
 public:
  virtual ~Contender() = default;
  /// "nest int8", "onnxruntime fp32"
  virtual const std::string& name() const = 0;
  /// Does the work `times` times. Returns the milliseconds of each run.
  virtual std::vector<double> run(int times) = 0;
  /// Results of one run by port name (stepwise work: of its last pass).
  virtual TensorMap outputs() = 0;
  /// What really runs: versions, instruction set, bytes.
  virtual Json info() const = 0;
};

/// The native runtime on a session: what the hot path does.
std::unique_ptr<Contender> native_contender(std::string name,
                                            std::shared_ptr<const runtime::PreparedModel> prepared,
                                            const Work& work,
                                            const runtime::MachineOptions& machine = {});

/// Any executor (LibTorch); inputs are handed over as tensors.
std::unique_ptr<Contender> executor_contender(std::string name,
                                              std::unique_ptr<graph::Executor> executor,
                                              const Work& work);

/// A program of its own that speaks the protocol of tools/peers/README.md.
struct PeerOptions {
  std::vector<std::string> command;  ///< {"node", "tools/peers/ort_peer.cjs"}
  std::string model;                 ///< the file the peer opens
  int threads = 1;
};
void visit_fields(FieldVisitor& visitor, PeerOptions& options);
/// Errors: NotFound if the program or the file is missing; Io if the peer dies; Unsupported with
/// the peer's own words if it cannot open the model.
std::unique_ptr<Contender> peer_contender(std::string name, const PeerOptions& options,
                                          const Work& work);

}  // namespace nest::profile
