#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"

namespace nest::text {

inline constexpr int kMaxBleuOrder = 4;

enum class BleuTokenization {
  kNone,  ///< white space
  k13a,   ///< mteval-v13a's rules for Western languages, as WMT uses them
  kChar,  ///< one token a code point, spaces left out
};
EnumTable enum_table(BleuTokenization of);  ///< "none", "13a", "char"
enum class BleuSmoothing {
  kNone,   ///< 0 as soon as one order has no match
  kExp,    ///< the k-th order without a match counts 1 / 2^k matches (NIST; method 3)
  kFloor,  ///< an order without a match counts `smooth_value` matches (method 1)
  kAddK,   ///< `smooth_value` added to matches and totals above order 1 (method 2)
};
EnumTable enum_table(BleuSmoothing of);  ///< "none", "exp", "floor", "add-k"

/// Source for the smoothing methods: Chen & Cherry 2014.
struct BleuOptions {
  BleuTokenization tokenization = BleuTokenization::kNone;
  BleuSmoothing smoothing = BleuSmoothing::kNone;
  std::optional<double> smooth_value;  ///< default 0.1 for floor, 1 for add-k
  int max_order = kMaxBleuOrder;
  bool effective_order = false;  ///< leave out orders longer than the hypothesis (single sentences)

  /// 13a and exponential smoothing: what sacrebleu reports unless told otherwise.
  static BleuOptions sacrebleu();
};
void visit_fields(FieldVisitor& visitor, BleuOptions& options);

std::vector<std::string> bleu_tokens(std::string_view text, BleuTokenization tokenization);

/// Sufficient statistics; those of a corpus are the sums of those of its sentences.
struct BleuStats {
  std::int64_t hypothesis_length = 0;
  std::int64_t reference_length = 0;  ///< closest to the hypothesis, the shorter of two
  std::array<std::int64_t, kMaxBleuOrder> matches{};  ///< clipped by the most in one reference
  std::array<std::int64_t, kMaxBleuOrder> totals{};

  BleuStats& operator+=(const BleuStats& other);
  bool operator==(const BleuStats&) const = default;
};

/// Errors: InvalidArgument without any reference; DataCorrupt for text that is not UTF-8.
BleuStats bleu_stats(std::span<const std::string> references, std::string_view hypothesis,
                     const BleuOptions& options);

struct BleuScore {
  double score = 0;     ///< 0 to 100
  double fraction = 0;  ///< 0 to 1
  double brevity_penalty = 1;
  std::array<double, kMaxBleuOrder> precisions{};  ///< 0 to 100
  BleuStats stats;
};

/// BLEU = BP · exp(mean_n ln p_n), BP = min(1, exp(1 - reference length / hypothesis length)).
/// Source: Papineni et al. 2002; Post 2018.
BleuScore bleu_score(const BleuStats& stats, const BleuOptions& options);
Json to_json(const BleuScore& score);

/// "bleu|refs:1|case:mixed|eff:no|tok:13a|smooth:exp|order:4"
std::string signature(const BleuOptions& options, std::size_t num_references);

}  // namespace nest::text
