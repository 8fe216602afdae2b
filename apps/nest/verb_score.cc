#include <cmath>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/text/score.h"

namespace nest {
namespace {

struct Arguments {
  std::vector<std::string> references;
  std::string hypotheses;
  std::string by;
  std::string output;
  int show = 0;
  int threads = 1;
  bool json = false;
  text::ScoreOptions score;
  text::BootstrapOptions bootstrap;
};

std::vector<std::string> lines_like(const std::string& path, const std::string& first,
                                    std::size_t count) {
  std::vector<std::string> lines = read_lines(path);
  require(lines.size() == count, ErrorCode::kDataCorrupt,
          "{} has {} lines but {} has {}: every line is one utterance, empty ones included", path,
          lines.size(), first, count);
  return lines;
}

std::vector<text::TextPair> read_pairs(const Arguments& arguments) {
  std::vector<text::TextPair> pairs;
  for (std::string& line : read_lines(arguments.hypotheses)) pairs.push_back({{}, std::move(line)});
  for (const std::string& path : arguments.references) {
    auto lines = lines_like(path, arguments.hypotheses, pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pairs[i].references.push_back(std::move(lines[i]));
    }
  }
  return pairs;
}

/// What was found, for the JSON and the table alike.
struct Scored {
  text::CorpusScore total;
  text::ScoreIntervals by_utterance;
  std::optional<text::ScoreIntervals> by_group;
};

Scored score_all(const Arguments& a, const std::vector<text::TextPair>& pairs,
                 const std::vector<text::UtteranceScore>& scores) {
  const text::CountTable counts = text::count_table(scores);
  Scored scored{
      text::sum_scores(scores, pairs), text::score_intervals(counts, {}, a.score, a.bootstrap), {}};
  if (!a.by.empty()) {
    const auto names = lines_like(a.by, a.hypotheses, pairs.size());
    scored.by_group = text::score_intervals(counts, names, a.score, a.bootstrap);
  }
  return scored;
}

Json score_json(const Arguments& a, const Scored& scored) {
  Json json;
  json["schema"] = "nest.score/1";
  json["options"] = to_json(a.score);
  json["score"] = to_json(scored.total, a.score);
  json["bootstrap"] = to_json(a.bootstrap);
  json["intervals"]["utterance"] = to_json(scored.by_utterance);
  if (scored.by_group) {
    json["intervals"]["by"] = to_json(*scored.by_group);
    json["intervals"]["by_file"] = a.by;
  }
  for (const auto& [name, line] : text::signatures(a.score, a.references.size())) {
    json["signatures"][name] = line;
  }
  return json;
}

std::string number(double value, double factor, const char* unit) {
  return std::isfinite(value) ? fmt::format("{:.2f}{}", value * factor, unit) : "undefined";
}

std::string range(const text::ScoreIntervals& intervals, text::Metric metric) {
  const text::Interval& interval = intervals[metric];
  if (!std::isfinite(interval.low)) return "[undefined]";
  const double factor = display_factor(metric);
  return fmt::format("[{:.2f}, {:.2f}]", interval.low * factor, interval.high * factor);
}

void print_error_rate(const Scored& scored, text::Metric metric, const char* label,
                      const char* unit) {
  const bool is_wer = metric == text::Metric::kWer;
  const text::EditCounts& counts = is_wer ? scored.total.words : scored.total.characters;
  fmt::print("{:<12} {:>10}  {}", label,
             number(is_wer ? scored.total.wer() : scored.total.cer(), 100, " %"),
             range(scored.by_utterance, metric));
  if (scored.by_group) fmt::print("  by group {}", range(*scored.by_group, metric));
  fmt::print("  S {} D {} I {} H {} of {} {}\n", counts.substitutions, counts.deletions,
             counts.insertions, counts.hits, counts.reference_length(), unit);
}

void print_text(const Scored& scored, const Arguments& a) {
  const text::CorpusScore& total = scored.total;
  fmt::print("{} utterances, {} empty references, {} empty hypotheses; {:g} % intervals\n",
             total.utterances, total.empty_references, total.empty_hypotheses,
             100 * a.bootstrap.confidence);
  print_error_rate(scored, text::Metric::kWer, "WER", "words");
  print_error_rate(scored, text::Metric::kCer, "CER", "characters");
  const text::BleuScore bleu = text::bleu_score(total.bleu, bleu_options(a.score));
  fmt::print("{:<12} {:>10}  {}  ({:.4f} on 0-1)\n", "BLEU", number(bleu.score, 1, ""),
             range(scored.by_utterance, text::Metric::kBleu), bleu.fraction);
  const text::BleuScore sacrebleu =
      text::bleu_score(total.sacrebleu, text::BleuOptions::sacrebleu());
  fmt::print("{:<12} {:>10}\n", "sacreBLEU", number(sacrebleu.score, 1, ""));
  fmt::print("{:<12} {:>10}  {}\n", "exact match", number(total.exact_rate(), 100, " %"),
             range(scored.by_utterance, text::Metric::kExactMatch));
  fmt::print("means of utterances: WER {}, CER {}, BLEU {}\n",
             number(total.utterance_mean_wer, 100, " %"),
             number(total.utterance_mean_cer, 100, " %"), number(total.utterance_mean_bleu, 1, ""));
  for (const auto& [name, line] : text::signatures(a.score, a.references.size())) {
    fmt::print("{}\n", line);
  }
}

void print_alignments(const Arguments& arguments, const std::vector<text::TextPair>& pairs,
                      const std::vector<text::UtteranceScore>& scores) {
  std::vector<std::size_t> order(pairs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a].words.errors() > scores[b].words.errors();
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(std::max(arguments.show, 0))));
  for (const std::size_t i : order) {
    fmt::print("\nline {}: {} word errors\n{}\n", i + 1, scores[i].words.errors(),
               text::format_alignment(text::split_words(pairs[i].references.front()),
                                      text::split_words(pairs[i].hypothesis)));
  }
}

int run(const Arguments& arguments) {
  validate(arguments.score);
  validate(arguments.bootstrap);
  const std::vector<text::TextPair> pairs = read_pairs(arguments);
  std::vector<text::UtteranceScore> scores(pairs.size());
  parallel_for(pairs.size(), arguments.threads, [&](std::size_t i) {
    with_context(fmt::format("line {}", i + 1),
                 [&] { scores[i] = text::score_utterance(pairs[i], arguments.score); });
  });
  const Scored scored = score_all(arguments, pairs, scores);
  const std::string json = score_json(arguments, scored).dump(2) + "\n";
  if (!arguments.output.empty()) write_text_file(arguments.output, json);
  if (arguments.json) {
    fmt::print("{}", json);
  } else {
    print_text(scored, arguments);
    print_alignments(arguments, pairs, scores);
  }
  return 0;
}

}  // namespace

void add_score(CommandLine& line) {
  line.add_verb(
      "score", "WER, CER, BLEU and exact match of two text files, line by line",
      [](Flags& flags) -> CommandLine::Run {
        auto a = std::make_shared<Arguments>();
        flags.add("ref", a->references, "reference file; again for further references").required();
        flags.add("hyp", a->hypotheses, "hypothesis file").required();
        flags.add("by", a->by, "file with one group name a line: intervals by group");
        flags.add("show", a->show, "print alignments of this many worst lines");
        flags.add("output", a->output, "write the JSON there as well");
        flags.add("json", a->json, "print JSON");
        flags.group("Comparison");
        register_flags(flags, a->score);
        flags.group("Intervals");
        register_flags(flags, a->bootstrap);
        flags.add("threads", a->threads, "threads; 0: all cores");
        return [a] {
          a->bootstrap.threads = a->threads;
          return run(*a);
        };
      });
}

}  // namespace nest
