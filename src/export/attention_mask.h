#pragma once

#include <string>

#include "lowering.h"

/// Who may look at whom.
namespace nest::exports {

/// The pairs of a query and a key that an Attention node admits, as far as something excludes any:
/// its window or chunks, its masks, keys before a stream's beginning.
class AttentionMask {
 public:
  AttentionMask(const Lowering& at, const graph::Attention& op);

  /// bool, broadcasts to [B, H, Q, K], true = attend; "" if nothing is excluded.
  const std::string& edge() const { return edge_; }
  /// A query may be left without any key.
  bool may_be_empty() const { return may_be_empty_; }
  /// Position of key j less that of query i: int64 [Q, K].
  std::string distance() const;

 private:
  void find_positions();
  void exclude(const std::string& is_excluded);
  void admit(const std::string& is_admitted);
  void add_window(const graph::Attention& op);
  void add_chunks(const graph::Attention& op);

  const Lowering& at_;
  std::string own_;    ///< positions of the queries, int64 [Q, 1]
  std::string other_;  ///< of the keys, int64 [K]
  std::string edge_;
  bool may_be_empty_ = false;
};

/// softmax along the last axis over what `mask` admits, which broadcasts to the scores ("": all);
/// zeros for a row that may be empty and is.
std::string masked_softmax(OnnxBuilder& onnx, const std::string& scores, const std::string& mask,
                           bool may_be_empty);

}  // namespace nest::exports
