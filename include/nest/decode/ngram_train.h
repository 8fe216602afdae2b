#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"

namespace nest::decode {

/// Options of `nest lm train`.
struct NGramTrainOptions {
  int order = 3;
};
void visit_fields(FieldVisitor& visitor, NGramTrainOptions& options);

/// What training found: n-grams and discounts D1, D2, D3+ of every order.
struct NGramTrainReport {
  std::uint64_t sentences = 0;
  std::uint64_t words = 0;  ///< without <s> and </s>
  struct Order {
    std::uint64_t ngrams = 0;
    double discounts[3] = {0, 0, 0};
    bool is_fallback = false;  ///< too few counts of counts: 0.5, 1, 1.5 were used
  };
  std::vector<Order> orders;
};
Json to_json(const NGramTrainReport& report);

/// Interpolated modified Kneser-Ney: counts sentences, then writes an ARPA file.
///
/// Lower orders count distinct predecessors, except after <s>; discounts come from the counts of
/// counts of each order; unigrams are interpolated with the uniform distribution over the
/// vocabulary, <unk> and </s>. Nothing is pruned.
/// Source: Chen & Goodman 1998; Heafield et al. 2013 (which this equals without pruning).
class NGramTrainer {
 public:
  explicit NGramTrainer(const NGramTrainOptions& options);
  ~NGramTrainer();
  NGramTrainer(const NGramTrainer&) = delete;
  NGramTrainer& operator=(const NGramTrainer&) = delete;

  /// Errors: DataCorrupt for a word with white space or one of <s>, </s>, <unk>.
  void add_sentence(const std::vector<std::string>& words);
  /// Errors: DataCorrupt if no sentence was added; Interrupted.
  NGramTrainReport write_arpa(std::ostream& out, const Job& job = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::decode
