#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json.h"
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

/// Overlap of sentences, near-duplicates, subjects, sessions and samples between two splits.
///
/// {"passed", "problems": [text], "sentence": {"shared", "test", "examples"}, ...}. The same
/// samples in both splits fail always. Text is compared without case, punctuation and runs of
/// spaces.
Json audit_split(const std::vector<data::Utterance>& utterances, const SplitAuditOptions& options);

/// Was the fixed normalisation fitted on training data?
///
/// Checks the record of the fit and fits mean and deviation again: the statistics in use must be
/// nearer to those of the training split than to those of the test split or of both together.
/// `claimed` is the contract in use (the model's, else the dataset's).
Json audit_normalization(const data::Dataset& dataset, const graph::SignalContract& claimed,
                         const SplitAuditOptions& options, const Job& job = {});

}  // namespace nest::eval
