#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "op_context.h"

namespace nest::nn {

/// A pass that a device repeats on its own, for inputs of the shapes it was recorded with.
class Recording {
 public:
  virtual ~Recording() = default;
  /// As the pass that was recorded; the outputs are the caller's.
  virtual Tensors replay(const Tensors& inputs) = 0;
};

/// Inputs (undefined where absent) to outputs.
using PlainPass = std::function<Tensors(const Tensors& inputs)>;
/// Errors: of any code, if the device cannot record such a pass.
using MakeRecording =
    std::function<std::unique_ptr<Recording>(const Tensors& inputs, const PlainPass& pass)>;

/// Which passes are recorded: those of a graph whose input shapes come for the second time. So
/// shapes that come once cost nothing, and the first pass has made what libraries make once.
///
/// A graph that cannot be recorded is not tried again; it runs plainly and describe() says why.
class PassRecorder {
 public:
  /// `limit`: shapes that are remembered, over all graphs; those used longest ago go first.
  explicit PassRecorder(MakeRecording make, std::size_t limit = 32);

  /// What `plain` returns for the inputs. Errors: those of `plain`.
  Tensors run(const std::string& graph, const Tensors& inputs, const PlainPass& plain);
  /// "2 passes recorded, 117 replayed, none of 'lm': ..."
  std::string describe() const;

 private:
  struct Entry {
    std::string graph;
    std::vector<std::int64_t> shapes;
    std::unique_ptr<Recording> recording;  ///< null: came once so far
  };
  /// Moved to the front; a new one if there is none.
  Entry& find(const std::string& graph, std::vector<std::int64_t> shapes, bool& is_new);

  MakeRecording make_;
  std::size_t limit_;
  std::list<Entry> entries_;  ///< last used first
  std::map<std::string, std::string> refused_;
  std::int64_t replayed_ = 0;
};

}  // namespace nest::nn
