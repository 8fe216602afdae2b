#include "nest/eval/split_audit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/core/utf8.h"
#include "nest/text/edit_distance.h"
#include "nest/text/unicode.h"

namespace nest::eval {
namespace {

constexpr std::size_t kMinNearLength = 20;  ///< shorter sentences are too alike by chance
constexpr std::size_t kExamples = 5;

/// Lower case, letters and digits, single spaces.
std::string canonical(const std::string& text) {
  std::string kept;
  for (const char32_t c : text::decode_utf8(text::lowercase(text::nfc(text)))) {
    if (text::is_space(c) || text::is_word_character(c)) append_utf8(kept, c);
  }
  std::string result;
  for (const std::string& word : text::split_words(kept)) {
    result += (result.empty() ? "" : " ") + word;
  }
  return result.empty() ? text : result;
}

struct Side {
  std::vector<const data::Utterance*> utterances;
  std::vector<std::string> sentences;
};

Side side_of(const std::vector<data::Utterance>& utterances, const std::string& split) {
  Side side;
  for (const data::Utterance& utterance : utterances) {
    if (utterance.split != split) continue;
    side.utterances.push_back(&utterance);
    side.sentences.push_back(canonical(utterance.text));
  }
  return side;
}

/// How many test items have a name that is in training too, with examples.
Overlap overlap(const std::vector<std::string>& train, const std::vector<std::string>& test) {
  const std::set<std::string> known(train.begin(), train.end());
  std::set<std::string> shared;
  Overlap found;
  for (const std::string& name : test) {
    if (name.empty() || !known.contains(name)) continue;
    ++found.test_utterances;
    shared.insert(name);
  }
  found.test = std::set<std::string>(test.begin(), test.end()).size();
  found.shared = shared.size();
  for (const std::string& name : shared) {
    if (found.examples.size() < kExamples) found.examples.push_back(name);
  }
  return found;
}

std::vector<std::string> names_of(const Side& side, bool with_session) {
  std::vector<std::string> names;
  for (const data::Utterance* u : side.utterances) {
    const bool known = !u->subject.empty() || !u->session.empty();
    names.push_back(!with_session ? u->subject : known ? u->subject + "/" + u->session : "");
  }
  return names;
}

/// Share of test utterances that are nearly a (different) training sentence.
NearDuplicates near_duplicates(const Side& train, const Side& test,
                               const SplitAuditOptions& options, const Job& job) {
  const std::set<std::string> known(train.sentences.begin(), train.sentences.end());
  std::vector<std::vector<text::Symbol>> candidates;
  for (const std::string& sentence : known) candidates.push_back(text::character_symbols(sentence));
  std::vector<int> near(test.sentences.size(), 0);
  parallel_for(test.sentences.size(), options.threads, [&](std::size_t i) {
    job.check_stop("no verdict was written");
    const auto sentence = text::character_symbols(test.sentences[i]);
    if (sentence.size() < kMinNearLength || known.contains(test.sentences[i])) return;
    for (const auto& candidate : candidates) {
      const auto longer = static_cast<double>(std::max(candidate.size(), sentence.size()));
      const auto shorter = static_cast<double>(std::min(candidate.size(), sentence.size()));
      if (shorter < options.near_duplicate * longer) continue;
      const auto distance = static_cast<double>(text::edit_distance(candidate, sentence));
      near[i] = near[i] != 0 || 1 - distance / longer >= options.near_duplicate;
    }
  });
  const auto count = std::count(near.begin(), near.end(), 1);
  const double share =
      near.empty() ? 0 : static_cast<double>(count) / static_cast<double>(near.size());
  return {options.near_duplicate, static_cast<std::size_t>(count), share,
          options.max_near_duplicates};
}

/// Test utterances that share samples of the same file with a training utterance.
SharedSamples shared_samples(const Side& train, const Side& test) {
  struct Range {
    std::int64_t begin;
    std::int64_t end;
  };
  const auto ranges = [](const data::Utterance& utterance) {
    std::vector<Range> all;
    for (const data::SampleRange& r : utterance.ranges) {
      const std::int64_t end = r.num_samples < 0 ? std::numeric_limits<std::int64_t>::max()
                                                 : r.first_sample + r.num_samples;
      all.push_back({r.first_sample, end});
    }
    return all;
  };
  std::map<std::string, std::vector<Range>> used;
  for (const data::Utterance* u : train.utterances) {
    for (const Range& range : ranges(*u)) used[u->signal + "|" + u->stream].push_back(range);
  }
  SharedSamples shared;
  for (const data::Utterance* u : test.utterances) {
    const auto at = used.find(u->signal + "|" + u->stream);
    if (at == used.end()) continue;
    bool overlaps = false;
    for (const Range& mine : ranges(*u)) {
      for (const Range& other : at->second) {
        overlaps = overlaps || (mine.begin < other.end && other.begin < mine.end);
      }
    }
    if (!overlaps) continue;
    ++shared.test_utterances;
    if (shared.examples.size() < kExamples) shared.examples.push_back(u->id);
  }
  return shared;
}

const Overlap& overlap_of(const SplitAudit& audit, const std::string& what) {
  if (what == "sentence") return audit.sentence;
  if (what == "subject") return audit.subject;
  return audit.session;
}

std::vector<std::string> problems_of(const SplitAudit& audit, const SplitAuditOptions& options) {
  std::vector<std::string> problems;
  if (audit.train_utterances == 0) {
    problems.push_back(
        fmt::format("no utterance has split '{}': nothing to compare with", options.train));
  }
  for (const std::string& what : options.disjoint) {
    if (what == "none") continue;
    const Overlap& overlap = overlap_of(audit, what);
    if (overlap.shared == 0) continue;
    problems.push_back(fmt::format("{} of {} test {}s are in training too ({} test utterances)",
                                   overlap.shared, overlap.test, what, overlap.test_utterances));
  }
  const bool new_sentences = std::find(options.disjoint.begin(), options.disjoint.end(),
                                       "sentence") != options.disjoint.end();
  if (new_sentences && audit.near_duplicate.share > options.max_near_duplicates) {
    problems.push_back(
        fmt::format("{:.1f} % of the test utterances are near-duplicates of training sentences",
                    100 * audit.near_duplicate.share));
  }
  if (audit.samples.test_utterances > 0) {
    problems.push_back(fmt::format("{} test utterances share samples with training utterances",
                                   audit.samples.test_utterances));
  }
  return problems;
}

Json overlap_json(const Overlap& overlap) {
  return {{"test", overlap.test},
          {"shared", overlap.shared},
          {"test_utterances", overlap.test_utterances},
          {"examples", overlap.examples}};
}

}  // namespace

void visit_fields(FieldVisitor& visitor, SplitAuditOptions& o) {
  static constexpr std::string_view kParts[] = {"sentence", "subject", "session", "none"};
  visitor.field("train_split", o.train, "name of the training split");
  visitor.field("test_split", o.test, "name of the test split", {}, kNoFlag);
  visitor.field("disjoint", o.disjoint, "what must not be in both splits", {}, {.choices = kParts});
  visitor.field("near_duplicate", o.near_duplicate, "similarity that counts as one", between(0, 1));
  visitor.field("max_near_duplicates", o.max_near_duplicates, "share that is tolerated",
                between(0, 1));
  visitor.field("threads", o.threads, "0: all cores", at_least(0),
                {.has_flag = false, .is_stored = false});
}

SplitAudit audit_split(const std::vector<data::Utterance>& utterances,
                       const SplitAuditOptions& options, const Job& job) {
  check_fields(options);
  const Side train = side_of(utterances, options.train);
  const Side test = side_of(utterances, options.test);
  SplitAudit audit;
  audit.train_utterances = train.utterances.size();
  audit.test_utterances = test.utterances.size();
  audit.must_be_disjoint = options.disjoint;
  audit.sentence = overlap(train.sentences, test.sentences);
  audit.near_duplicate = near_duplicates(train, test, options, job);
  audit.subject = overlap(names_of(train, false), names_of(test, false));
  audit.session = overlap(names_of(train, true), names_of(test, true));
  audit.samples = shared_samples(train, test);
  audit.problems = problems_of(audit, options);
  return audit;
}

Json to_json(const SplitAudit& audit) {
  Json json{{"passed", audit.passed()}, {"problems", audit.problems}};
  json["train_utterances"] = audit.train_utterances;
  json["test_utterances"] = audit.test_utterances;
  json["must_be_disjoint"] = audit.must_be_disjoint;
  json["sentence"] = overlap_json(audit.sentence);
  json["near_duplicate"] = {{"similarity", audit.near_duplicate.similarity},
                            {"test_utterances", audit.near_duplicate.test_utterances},
                            {"share", audit.near_duplicate.share},
                            {"limit", audit.near_duplicate.limit}};
  json["subject"] = overlap_json(audit.subject);
  json["session"] = overlap_json(audit.session);
  json["samples"] = {{"test_utterances", audit.samples.test_utterances},
                     {"examples", audit.samples.examples}};
  return json;
}

}  // namespace nest::eval
