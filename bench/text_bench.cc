// Edit distance against its textbook twin, and 10,000 bootstrap samples of 10,000 utterances.
#include <benchmark/benchmark.h>

#include "nest/core/rng.h"
#include "nest/text/score.h"
#include "reference/edit_distance.h"

namespace nest::text {
namespace {

std::vector<Symbol> random_symbols(std::uint64_t seed, std::size_t length) {
  Rng rng(seed, "bench");
  std::vector<Symbol> symbols(length);
  for (Symbol& symbol : symbols) symbol = static_cast<Symbol>(rng.below(28));
  return symbols;
}

template <class Distance>
void run_distance(benchmark::State& state, Distance distance) {
  const auto length = static_cast<std::size_t>(state.range(0));
  const auto a = random_symbols(1, length);
  const auto b = random_symbols(2, length);
  for (auto _ : state) benchmark::DoNotOptimize(distance(a, b));
}

void edit_distance_bit_parallel(benchmark::State& state) {
  run_distance(state, [](const auto& a, const auto& b) { return edit_distance(a, b); });
}
void edit_distance_table(benchmark::State& state) {
  run_distance(state, [](const auto& a, const auto& b) { return reference::edit_distance(a, b); });
}
void edit_alignment(benchmark::State& state) {
  run_distance(state, [](const auto& a, const auto& b) { return count_edits(a, b).errors(); });
}
BENCHMARK(edit_distance_bit_parallel)->Arg(50)->Arg(500)->Arg(5000);
BENCHMARK(edit_distance_table)->Arg(50)->Arg(500)->Arg(5000);
BENCHMARK(edit_alignment)->Arg(50)->Arg(500)->Arg(5000);

/// WER, CER, BLEU and exact match together.
void bootstrap_10000_utterances(benchmark::State& state) {
  Rng rng(1);
  std::vector<UtteranceScore> scores(10000);
  for (UtteranceScore& score : scores) {
    score.words.hits = static_cast<std::int64_t>(rng.below(20));
    score.words.substitutions = static_cast<std::int64_t>(rng.below(5));
    score.characters.hits = static_cast<std::int64_t>(rng.below(100));
    score.bleu.matches = {9, 7, 5, 3};
    score.bleu.totals = {10, 9, 8, 7};
    score.bleu.hypothesis_length = score.bleu.reference_length = 10;
  }
  BootstrapOptions options;
  options.replicates = 10000;
  options.threads = static_cast<int>(state.range(0));
  const CountTable table = count_table(scores);
  std::vector<Statistic> statistics;
  for (const Metric metric : kMetrics) statistics.push_back(statistic_of(metric, {}));
  for (auto _ : state) {
    benchmark::DoNotOptimize(bootstrap_intervals(table, statistics, options));
  }
}
BENCHMARK(bootstrap_10000_utterances)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace nest::text

BENCHMARK_MAIN();
