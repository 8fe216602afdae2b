#include "nest/eval/streamed.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>

#include "nest/core/error.h"
#include "nest/core/memory.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/data/dataset.h"
#include "nest/io/recording.h"
#include "nest/stream/feed.h"
#include "reference_times.h"
#include "utterance_result.h"

namespace nest::eval {
namespace {

/// What a pipeline said over one recording.
struct Heard {
  decode::Hypothesis hypothesis;    ///< times in seconds of the recording
  std::vector<double> committed_s;  ///< by token: end of the signal heard when it was final
  std::vector<std::pair<double, stream::LatencyLedger>> hops;  ///< by end of the signal heard
  std::int64_t revisions = 0;
  double signal_s = 0;
  std::string pipeline;
};

/// Listens to the events of a stream.
class Listener {
 public:
  explicit Listener(Heard& heard) : heard_(heard) {}

  void operator()(const stream::StreamEvent& event) {
    if (event.fault != nullptr) return;
    if (event.is_hop()) heard_.hops.emplace_back(event.time_s, event.latency);
    std::vector<decode::TokenId> now(event.committed.begin() + known_, event.committed.end());
    now.insert(now.end(), event.tentative.begin(), event.tentative.end());
    const auto [old, fresh] = std::ranges::mismatch(tentative_, now);
    if (old != tentative_.end()) ++heard_.revisions;
    tentative_.assign(event.tentative.begin(), event.tentative.end());
    known_ = static_cast<std::ptrdiff_t>(event.committed.size());
    if (event.segment != nullptr) take(*event.segment);
  }

 private:
  void take(const stream::Segment& segment) {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    const decode::Hypothesis& said = segment.hypothesis;
    append(heard_.hypothesis.tokens, said.tokens);
    append(heard_.hypothesis.times, said.times);
    append(heard_.hypothesis.confidences, said.confidences);
    append(heard_.committed_s, segment.committed_s);
    known_ = 0;
  }

  Heard& heard_;
  std::vector<decode::TokenId> tentative_;
  std::ptrdiff_t known_ = 0;  ///< committed tokens
};

Heard hear(const recognize::Bundle& bundle, std::shared_ptr<const io::Recording> recording,
           const std::string& name, const decode::DecodeOptions& decoding,
           const stream::StreamConfig& config, const Job& job) {
  const auto clock = stream::make_wall_clock(job.stop);
  stream::StreamingInference pipeline(bundle, config, decoding, *clock);
  const auto source = stream::replay(std::move(recording), name, *clock);
  Heard heard;
  heard.signal_s = feed(*source, pipeline, *clock, Listener(heard), {}, job.stop).signal_s;
  job.check_stop("no results were written; run the same command again");
  require(heard.hypothesis.times.size() == heard.hypothesis.tokens.size(),
          ErrorCode::kInvalidArgument,
          "the decoder '{}' tells no times of its tokens; streamed text is scored by time",
          pipeline.describe());
  heard.pipeline = pipeline.describe();
  return heard;
}

/// Some tokens of what was heard, times from `begin_s` on.
decode::Recognition part_of(const Heard& heard, const std::vector<std::size_t>& tokens,
                            double begin_s, const text::Tokenizer* tokenizer) {
  decode::Recognition part;
  for (const std::size_t i : tokens) {
    part.tokens.push_back(heard.hypothesis.tokens[i]);
    decode::TokenSpan span = heard.hypothesis.times[i];
    span.start_s -= begin_s;
    span.end_s -= begin_s;
    part.times.push_back(span);
    if (i < heard.hypothesis.confidences.size())
      part.confidences.push_back(heard.hypothesis.confidences[i]);
  }
  part.text = decode::text_of(part.tokens, tokenizer);
  part.nbest_texts = {part.text};
  part.nbest.emplace_back().tokens = part.tokens;
  return part;
}

/// One recording of the set: what is in it, and what came of it.
struct Recording {
  std::vector<std::size_t> scored;  ///< utterances of the set
  std::vector<UtteranceResult> results;
  std::vector<UtteranceResult> pauses;  ///< those with text
  StreamedFigures figures;
};

class Evaluation {
 public:
  Evaluation(const recognize::Bundle& bundle, const data::Dataset& dataset, const EvalSet& set,
             const recognize::RecognizeOptions& recognizing, const StreamedOptions& options,
             const EvalOptions& evaluation)
      : bundle_(bundle),
        dataset_(dataset),
        set_(set),
        recognizing_(recognizing),
        options_(options),
        scoring_(evaluation.summary.score) {}

  void run(Recording& recording, const Job& job) const {
    const data::Utterance& first = set_.utterances[recording.scored.front()];
    const auto file =
        io::open_recording(dataset_.folder() / first.signal,
                           {.stream = first.stream, .rate_hz = dataset_.info().file_rate_hz});
    const ReferenceTimes references(dataset_, first, file->info());
    const Heard heard =
        hear(bundle_, file, first.signal, recognizing_.decode, options_.config, job);
    std::map<std::string, std::vector<std::size_t>> said;  // tokens by utterance
    std::map<double, std::vector<std::size_t>> unsaid;     // tokens by the pause's beginning
    for (std::size_t i = 0; i < heard.hypothesis.times.size(); ++i) {
      const decode::TokenSpan& span = heard.hypothesis.times[i];
      const double middle_s = (span.start_s + span.end_s) / 2;
      const TimedUtterance* owner = references.at(middle_s, options_.margin_s);
      if (owner != nullptr) {
        said[owner->id].push_back(i);
      } else {
        unsaid[references.pause_before(middle_s)].push_back(i);
      }
    }
    for (const std::size_t i : recording.scored)
      score(recording, i, *references.find(set_.utterances[i].id), heard, said);
    for (const auto& [begin_s, tokens] : unsaid)
      score_pause(recording, first, begin_s, heard, tokens);
    StreamedFigures& figures = recording.figures;
    figures.recordings = 1;
    figures.signal_s = heard.signal_s;
    figures.background_s = references.background_s(heard.signal_s);
    figures.revisions = heard.revisions;
    figures.pipeline = heard.pipeline;
  }

 private:
  void score(Recording& recording, std::size_t i, const TimedUtterance& range, const Heard& heard,
             const std::map<std::string, std::vector<std::size_t>>& said) const {
    const auto found = said.find(range.id);
    const std::vector<std::size_t> tokens =
        found == said.end() ? std::vector<std::size_t>{} : found->second;
    decode::Recognition part = part_of(heard, tokens, range.begin_s, bundle_.tokenizer.get());
    for (const auto& [time_s, ledger] : heard.hops) {
      if (time_s <= range.begin_s || time_s > range.end_s) continue;
      part.encode_ms += ledger.preprocess_ms + ledger.model_ms;
      part.decode_ms += ledger.decode_ms;
    }
    UtteranceResult result = result_of(set_.utterances[i], part, scoring_, bundle_.tokenizer.get());
    result.position = set_.positions[i];
    result.signal_s = range.end_s - range.begin_s;
    recording.results.push_back(std::move(result));
    if (!tokens.empty())
      recording.figures.delays_s.push_back(heard.committed_s[tokens.back()] - range.end_s);
  }

  void score_pause(Recording& recording, const data::Utterance& like, double begin_s,
                   const Heard& heard, const std::vector<std::size_t>& tokens) const {
    data::Utterance pause;
    pause.id = fmt::format("{} +{:.1f} s", like.signal, begin_s);
    pause.subject = like.subject;
    pause.session = like.session;
    UtteranceResult result =
        result_of(pause, part_of(heard, tokens, begin_s, bundle_.tokenizer.get()), scoring_,
                  bundle_.tokenizer.get());
    result.is_background = true;
    recording.figures.background_characters += result.score.characters.insertions;
    recording.pauses.push_back(std::move(result));
  }

  const recognize::Bundle& bundle_;
  const data::Dataset& dataset_;
  const EvalSet& set_;
  const recognize::RecognizeOptions& recognizing_;
  const StreamedOptions& options_;
  const text::ScoreOptions& scoring_;
};

/// The set's utterances by recording, in the order of their first one.
std::vector<Recording> recordings_of(const EvalSet& set) {
  std::vector<Recording> recordings;
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  for (std::size_t i = 0; i < set.utterances.size(); ++i) {
    const data::Utterance& utterance = set.utterances[i];
    require(!utterance.is_joined(), ErrorCode::kInvalidArgument,
            "utterance {} is joined of {} ranges, so it never happened in a stream; evaluate a "
            "dataset whose utterances are ranges of continuous recordings",
            utterance.id, utterance.ranges.size());
    const auto [place, is_new] =
        known.try_emplace({utterance.signal, utterance.stream}, recordings.size());
    if (is_new) recordings.emplace_back();
    recordings[place->second].scored.push_back(i);
  }
  return recordings;
}

void add(StreamedFigures& all, const StreamedFigures& one) {
  all.recordings += one.recordings;
  all.signal_s += one.signal_s;
  all.background_s += one.background_s;
  all.background_characters += one.background_characters;
  all.delays_s.insert(all.delays_s.end(), one.delays_s.begin(), one.delays_s.end());
  all.revisions += one.revisions;
  all.pipeline = one.pipeline;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, StreamedOptions& o) {
  visitor.part("", o.config);
  visitor.field("margin_s", o.margin_s, "seconds outside an utterance that still belong to it",
                at_least(0), {.flag = "margin"});
}

Results evaluate_streamed(const recognize::Bundle& bundle, const std::filesystem::path& folder,
                          const EvalSet& set, const recognize::RecognizeOptions& recognizing,
                          const StreamedOptions& options, const EvalOptions& evaluation,
                          const Job& job) {
  nest::validate(options);
  nest::validate(evaluation);
  const data::Dataset dataset = data::Dataset::open(folder, {.check = data::Check::kManifest});
  const Evaluation one(bundle, dataset, set, recognizing, options, evaluation);
  std::vector<Recording> recordings = recordings_of(set);
  Progress progress(job, "stream", static_cast<std::int64_t>(recordings.size()), "recordings");
  const auto start = std::chrono::steady_clock::now();
  parallel_for(recordings.size(), evaluation.jobs, [&](std::size_t i) {
    with_context(set.utterances[recordings[i].scored.front()].signal,
                 [&] { one.run(recordings[i], job); });
    progress.advance();
  });
  Results all;
  all.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  all.streamed.emplace();
  std::size_t next = 0;  // pauses come behind the utterances
  for (const std::size_t position : set.positions) next = std::max(next, position + 1);
  for (Recording& recording : recordings) {
    add(*all.streamed, recording.figures);
    for (UtteranceResult& pause : recording.pauses) pause.position = next++;
    std::ranges::move(recording.results, std::back_inserter(all.utterances));
    std::ranges::move(recording.pauses, std::back_inserter(all.utterances));
  }
  std::ranges::stable_sort(all.utterances, {}, &UtteranceResult::position);
  const auto recognizer = recognize::make_recognizer(bundle, recognizing);
  all.model = recognizer->info();
  all.memory = {recognizer->weight_bytes(), peak_resident_bytes()};
  all.failures = set.failures;
  all.dataset = set;
  all.options = evaluation;
  all.environment = this_environment();
  return all;
}

}  // namespace nest::eval
