#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/core/options_fwd.h"
#include "nest/data/dataset.h"
#include "nest/graph/model.h"

namespace nest::eval {

struct SplitAuditOptions {
  std::string train = "train";
  std::string test = "test";
  /// What must not be in both splits: "sentence", "subject", "session". A closed set of commands
  /// shares its sentences by nature: leave "sentence" out and claim nothing about new ones.
  std::vector<std::string> disjoint = {"sentence"};
  double near_duplicate = 0.95;  ///< similarity 1 - distance / longer length, of longer sentences
  double max_near_duplicates = 0.1;  ///< share of test utterances with such a training sentence
  int threads = 0;
};
void visit_fields(FieldVisitor& visitor, SplitAuditOptions& options);

/// Names (sentences, subjects, sessions) of the test split that are in training too.
struct Overlap {
  std::size_t test = 0;             ///< distinct names of the test split
  std::size_t shared = 0;           ///< of them in training
  std::size_t test_utterances = 0;  ///< with a shared name
  std::vector<std::string> examples;
};

struct NearDuplicates {
  double similarity = 0;  ///< that counts as one
  std::size_t test_utterances = 0;
  double share = 0;
  double limit = 0;  ///< share that is tolerated
};

struct SharedSamples {
  std::size_t test_utterances = 0;
  std::vector<std::string> examples;
};

struct SplitAudit {
  std::vector<std::string> problems;  ///< in words; none: passed
  std::size_t train_utterances = 0;
  std::size_t test_utterances = 0;
  std::vector<std::string> must_be_disjoint;
  Overlap sentence;
  NearDuplicates near_duplicate;
  Overlap subject;
  Overlap session;
  SharedSamples samples;

  bool passed() const { return problems.empty(); }
};
Json to_json(const SplitAudit& audit);

/// Overlap of sentences, near-duplicates, subjects, sessions and samples between two splits.
///
/// The same samples in both splits fail always. Text is compared without case, punctuation and runs
/// of spaces. Errors: InvalidArgument for an unknown name in options.disjoint.
SplitAudit audit_split(const std::vector<data::Utterance>& utterances,
                       const SplitAuditOptions& options, const Job& job = {});

/// How far the statistics in use are from a fit on each part; see audit_normalization().
struct NormalizationDistance {
  double train = 0;
  double test = 0;
  double train_and_test = 0;
};

struct NormalizationAudit {
  std::vector<std::string> problems;
  graph::Normalization method = graph::Normalization::kNone;  ///< of the contract
  Json record;                                    ///< the dataset's, of its fit; null: none
  std::optional<NormalizationDistance> distance;  ///< nothing if the method fits nothing

  bool passed() const { return problems.empty(); }
};
Json to_json(const NormalizationAudit& audit);

/// Was the fixed normalisation fitted on training data?
///
/// Checks the record of the fit and fits mean and deviation again: the statistics in use must be
/// nearer to those of the training split than to those of the test split or of both together.
/// `claimed` is the contract in use (the model's, else the dataset's).
NormalizationAudit audit_normalization(const data::Dataset& dataset,
                                       const graph::SignalContract& claimed,
                                       const SplitAuditOptions& options, const Job& job = {});

}  // namespace nest::eval
