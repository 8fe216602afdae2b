#include "nest/eval/evaluator.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <optional>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/memory.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/text/tokenizer.h"
#include "utterance_result.h"

namespace nest::eval {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Lends each thread a recognizer of its own; they are made when first needed.
class RecognizerPool {
 public:
  RecognizerPool(const RecognizerFactory& factory, const EvalSet& set)
      : factory_(factory), set_(set) {}

  std::unique_ptr<decode::Recognizer> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return factory_(set_);
    auto recognizer = std::move(idle_.back());
    idle_.pop_back();
    return recognizer;
  }
  void give(std::unique_ptr<decode::Recognizer> recognizer) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(recognizer));
  }

 private:
  const RecognizerFactory& factory_;
  const EvalSet& set_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<decode::Recognizer>> idle_;
};

void require_finite(const Tensor& signal) {
  const auto values = signal.data<float>();
  const auto samples = static_cast<std::size_t>(signal.dim(1));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw data::ProblemError(
        data::ProblemKind::kNotFinite, ErrorCode::kDataCorrupt,
        fmt::format("channel {} sample {} is not a finite number", i / samples, i % samples));
  }
}

/// One batch of utterances: load, recognize, score.
class BatchRun {
 public:
  BatchRun(const EvalSet& set, const EvalOptions& options, const text::Tokenizer* tokenizer)
      : set_(set), options_(options), tokenizer_(tokenizer) {}

  void run(decode::Recognizer& recognizer, std::size_t begin, std::size_t end,
           std::vector<std::optional<UtteranceResult>>& results,
           std::vector<std::optional<Failure>>& failures) const {
    std::vector<Tensor> signals;
    std::vector<std::size_t> indices;
    std::vector<double> load_ms;
    for (std::size_t i = begin; i < end; ++i) {
      const auto start = Clock::now();
      try {
        Tensor signal = set_.load(i);
        require_finite(signal);
        signals.push_back(std::move(signal));
        indices.push_back(i);
        load_ms.push_back(milliseconds_since(start));
      } catch (const Error& error) {
        fail_one(i, data::problem_kind(error), error, failures);
      }
    }
    const auto recognitions = recognize(recognizer, signals, indices, failures);
    for (std::size_t k = 0; k < indices.size(); ++k) {
      if (!recognitions[k]) continue;
      const std::size_t i = indices[k];
      UtteranceResult result = with_context(set_.utterances[i].id, [&] {
        return result_of(set_.utterances[i], *recognitions[k], options_.summary.score, tokenizer_);
      });
      result.position = set_.positions[i];
      result.load_ms = load_ms[k];
      if (set_.rate_hz > 0) {
        result.signal_s = static_cast<double>(signals[k].dim(1)) / set_.rate_hz;
      }
      results[i] = std::move(result);
    }
  }

 private:
  void fail_one(std::size_t i, data::ProblemKind kind, const Error& error,
                std::vector<std::optional<Failure>>& failures) const {
    if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kInternal) throw;
    const data::Utterance& utterance = set_.utterances[i];
    if (options_.strict) {
      fail(ErrorCode::kDataCorrupt, "utterance {}: {}: {} (`strict`)", utterance.id, name_of(kind),
           error.what());
    }
    log_warn("utterance {}: {}: {}", utterance.id, name_of(kind), error.what());
    failures[i] = {utterance.id, utterance.subject, utterance.session, kind, error.what()};
  }

  /// A batch that is refused is tried utterance by utterance, to find the one that is to blame.
  std::vector<std::optional<decode::Recognition>> recognize(
      decode::Recognizer& recognizer, std::span<const Tensor> signals,
      const std::vector<std::size_t>& indices,
      std::vector<std::optional<Failure>>& failures) const {
    std::vector<std::optional<decode::Recognition>> all(signals.size());
    if (signals.empty()) return all;
    try {
      auto recognitions = recognizer.recognize(signals);
      require(recognitions.size() == signals.size(), ErrorCode::kInternal,
              "the recognizer returned {} results for {} signals", recognitions.size(),
              signals.size());
      std::move(recognitions.begin(), recognitions.end(), all.begin());
      return all;
    } catch (const Error& error) {
      if (signals.size() == 1) {
        fail_one(indices.front(), data::ProblemKind::kRejected, error, failures);
        return all;
      }
      if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kInternal) throw;
    }
    for (std::size_t k = 0; k < signals.size(); ++k) {
      all[k] = std::move(recognize(recognizer, signals.subspan(k, 1), {indices[k]}, failures)[0]);
    }
    return all;
  }

  const EvalSet& set_;
  const EvalOptions& options_;
  const text::Tokenizer* tokenizer_;
};

}  // namespace

ModelEvaluator::ModelEvaluator(RecognizerFactory factory, EvalOptions options,
                               std::shared_ptr<const text::Tokenizer> tokenizer)
    : factory_(std::move(factory)), options_(std::move(options)), tokenizer_(std::move(tokenizer)) {
  nest::validate(options_);
}

Results ModelEvaluator::evaluate(const EvalSet& set, const Job& job) const {
  if (options_.strict && !set.failures.empty()) {
    const Failure& first = set.failures.front();
    fail(ErrorCode::kDataCorrupt, "{} bad utterances, the first is {}: {}: {} (`strict`)",
         set.failures.size(), first.id, name_of(first.kind), first.message);
  }
  RecognizerPool pool(factory_, set);
  const BatchRun batch_run(set, options_, tokenizer_.get());
  const std::size_t count = set.utterances.size();
  const auto size = static_cast<std::size_t>(options_.batch_size);
  std::vector<std::optional<UtteranceResult>> results(count);
  std::vector<std::optional<Failure>> failures(count);
  Progress progress(job, "evaluate", static_cast<std::int64_t>(count), "utterances");

  Results all;
  {
    auto recognizer = pool.take();
    all.model = recognizer->info();
    pool.give(std::move(recognizer));
  }
  const auto start = Clock::now();
  parallel_for((count + size - 1) / size, options_.jobs, [&](std::size_t batch) {
    job.check_stop("no results were written; run the same command again");
    auto recognizer = pool.take();
    const std::size_t end = std::min(count, (batch + 1) * size);
    batch_run.run(*recognizer, batch * size, end, results, failures);
    pool.give(std::move(recognizer));
    progress.advance(static_cast<std::int64_t>(end - batch * size));
  });
  all.wall_s = milliseconds_since(start) / 1000;
  {
    auto recognizer = pool.take();
    all.memory = {recognizer->weight_bytes(), peak_resident_bytes()};
    pool.give(std::move(recognizer));
  }
  all.failures = set.failures;
  for (std::size_t i = 0; i < count; ++i) {
    if (results[i]) all.utterances.push_back(std::move(*results[i]));
    if (failures[i]) all.failures.push_back(std::move(*failures[i]));
  }
  std::stable_sort(all.failures.begin(), all.failures.end(),
                   [](const Failure& a, const Failure& b) { return a.id < b.id; });
  all.dataset = set;
  all.options = options_;
  all.environment = this_environment();
  return all;
}

}  // namespace nest::eval
