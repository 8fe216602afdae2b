#include "nest/text/score_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"

namespace nest::text {
namespace {

std::string number(double value, const char* unit) {
  return std::isnan(value) ? "undefined" : fmt::format("{:.2f}{}", value, unit);
}

std::string range(const ScoreIntervals& intervals, Metric metric) {
  const Interval& interval = intervals[metric];
  if (std::isnan(interval.low)) return "[undefined]";
  const double factor = display_factor(metric);
  return fmt::format("[{:.2f}, {:.2f}]", interval.low * factor, interval.high * factor);
}

std::string error_rate_line(const ScoreReport& report, Metric metric, const char* label,
                            const EditCounts& counts, const char* unit) {
  const double rate = report.score.value(metric, report.options);
  std::string line = fmt::format("{:<12} {:>10}  {}", label, number(100 * rate, " %"),
                                 range(report.by_utterance, metric));
  if (report.by_group) line += fmt::format("  by group {}", range(*report.by_group, metric));
  return line + fmt::format("  S {} D {} I {} H {} of {} {}\n", counts.substitutions,
                            counts.deletions, counts.insertions, counts.hits,
                            counts.reference_length(), unit);
}

}  // namespace

ScoreReport score_texts(std::span<const TextPair> pairs, const ScoreOptions& options,
                        const BootstrapOptions& bootstrap, std::span<const std::string> groups,
                        const Job& job) {
  validate(options);
  validate(bootstrap);
  ScoreReport report;
  report.options = options;
  report.bootstrap = bootstrap;
  report.utterances.resize(pairs.size());
  parallel_for(pairs.size(), bootstrap.threads, [&](std::size_t i) {
    job.check_stop("nothing was scored");
    with_context(fmt::format("line {}", i + 1),
                 [&] { report.utterances[i] = score_utterance(pairs[i], options); });
  });
  report.score = sum_scores(report.utterances, pairs);
  const CountTable counts = count_table(report.utterances);
  report.by_utterance = score_intervals(counts, {}, options, bootstrap, job);
  if (!groups.empty()) report.by_group = score_intervals(counts, groups, options, bootstrap, job);
  return report;
}

std::vector<std::string> read_lines_like(const std::filesystem::path& path,
                                         const std::filesystem::path& first, std::size_t count) {
  std::vector<std::string> lines = read_lines(path);
  require(lines.size() == count, ErrorCode::kDataCorrupt,
          "{} has {} lines but {} has {}: every line is one utterance, empty ones included",
          path.string(), lines.size(), first.string(), count);
  return lines;
}

std::vector<TextPair> read_text_pairs(const std::filesystem::path& hypotheses,
                                      std::span<const std::string> references) {
  std::vector<TextPair> pairs;
  for (std::string& line : read_lines(hypotheses)) pairs.push_back({{}, std::move(line)});
  for (const std::string& path : references) {
    auto lines = read_lines_like(path, hypotheses, pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pairs[i].references.push_back(std::move(lines[i]));
    }
  }
  return pairs;
}

std::string worst_alignments(std::span<const TextPair> pairs,
                             std::span<const UtteranceScore> scores, std::size_t count) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a].words.errors() > scores[b].words.errors();
  });
  order.resize(std::min(order.size(), count));
  std::string text;
  for (const std::size_t i : order) {
    text += fmt::format("\nline {}: {} word errors\n{}\n", i + 1, scores[i].words.errors(),
                        format_alignment(split_words(pairs[i].references.front()),
                                         split_words(pairs[i].hypothesis)));
  }
  return text;
}

Json to_json(const ScoreReport& report) {
  Json json;
  json["schema"] = "nest.score/1";
  json["options"] = nest::to_json(report.options);
  json["score"] = to_json(report.score, report.options);
  json["bootstrap"] = nest::to_json(report.bootstrap);
  json["intervals"]["utterance"] = to_json(report.by_utterance);
  if (report.by_group) json["intervals"]["by"] = to_json(*report.by_group);
  json["signatures"] = signatures(report.options, report.score.max_references);
  return json;
}

std::string score_text(const ScoreReport& report) {
  const CorpusScore& score = report.score;
  const auto bleu = bleu_score(score.bleu, bleu_options(report.options));
  const auto sacrebleu = bleu_score(score.sacrebleu, BleuOptions::sacrebleu());
  std::string text =
      fmt::format("{} utterances, {} empty references, {} empty hypotheses; {:g} % intervals\n",
                  score.utterances, score.empty_references, score.empty_hypotheses,
                  100 * report.bootstrap.confidence);
  text += error_rate_line(report, Metric::kWer, "WER", score.words, "words");
  text += error_rate_line(report, Metric::kCer, "CER", score.characters, "characters");
  text += fmt::format("{:<12} {:>10}  {}  ({:.4f} on 0-1)\n", "BLEU", number(bleu.score, ""),
                      range(report.by_utterance, Metric::kBleu), bleu.fraction);
  text += fmt::format("{:<12} {:>10}\n", "sacreBLEU", number(sacrebleu.score, ""));
  text += fmt::format("{:<12} {:>10}  {}\n", "exact match", number(100 * score.exact_rate(), " %"),
                      range(report.by_utterance, Metric::kExactMatch));
  text += fmt::format("means of utterances: WER {}, CER {}, BLEU {}\n",
                      number(100 * score.utterance_mean_wer, " %"),
                      number(100 * score.utterance_mean_cer, " %"),
                      number(score.utterance_mean_bleu, ""));
  for (const auto& [name, line] : signatures(report.options, score.max_references)) {
    text += line + "\n";
  }
  return text;
}

}  // namespace nest::text
