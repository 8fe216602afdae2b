#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/data/manifest.h"

namespace nest::data {

/// What stays together.
enum class SplitBy { kSubject, kSession, kText, kUtterance };
EnumTable enum_table(SplitBy of);  ///< "subject", "session" (of one subject), "text", "utterance"

struct SplitOptions {
  SplitBy by = SplitBy::kSubject;
  /// What stays together in the validation part, if something else: test people whom nobody trained
  /// on, validate on utterances of the others.
  std::optional<SplitBy> validation_by = {};
  double validation_fraction = 0.1;
  double test_fraction = 0.1;
  std::uint64_t seed = 0;
  /// Only utterances that now have this split are assigned anew ("" = all). With "train" and
  /// test_fraction 0 a validation part is carved out of the training part alone.
  std::string only = {};
  /// Groups named here go where the list says, before the rest is drawn.
  std::vector<std::string> train = {};
  std::vector<std::string> validation = {};
  std::vector<std::string> test = {};
};
void visit_fields(FieldVisitor& visitor, SplitOptions& options);
/// Errors: FieldError.
void validate(const SplitOptions& options);

/// The name of the group an utterance is in: "s01", "s01/r2", its text, its id.
std::string split_group(const Utterance& utterance, SplitBy by);

/// Sets Utterance::split to "train", "validation" or "test", whole groups at a time.
///
/// Groups are sorted, shuffled by the seed and cut by their numbers of utterances, so the result
/// does not depend on the order of the manifest. The test part is drawn first, then validation.
/// Returns a line for each part that was asked for and stayed empty, to be shown.
/// Errors: InvalidArgument for unknown listed groups, listing the known ones, and if nothing is
/// left to train on.
[[nodiscard]] std::vector<std::string> assign_splits(std::vector<Utterance>& utterances,
                                                     const SplitOptions& options);

/// Whether the options ask for any part.
bool draws_splits(const SplitOptions& options);

}  // namespace nest::data
