#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
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
  int threads = 0;
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

Json score_json(const Arguments& arguments, const std::vector<text::TextPair>& pairs,
                const std::vector<text::UtteranceScore>& scores) {
  Json json;
  json["schema"] = "nest.score/1";
  json["options"] = to_json(arguments.score);
  json["score"] = to_json(text::sum_scores(scores, pairs), arguments.score);
  json["bootstrap"] = to_json(arguments.bootstrap);
  const text::CountTable counts = text::count_table(scores);
  json["intervals"]["utterance"] =
      text::intervals_json(counts, {}, arguments.score, arguments.bootstrap);
  if (!arguments.by.empty()) {
    const auto names = lines_like(arguments.by, arguments.hypotheses, pairs.size());
    json["intervals"]["by"] =
        text::intervals_json(counts, names, arguments.score, arguments.bootstrap);
    json["intervals"]["by_file"] = arguments.by;
  }
  for (const auto& [name, line] : text::signatures(arguments.score, arguments.references.size())) {
    json["signatures"][name] = line;
  }
  return json;
}

std::string number(const Json& value, double factor, const char* unit) {
  return value.is_null() ? "undefined"
                         : fmt::format("{:.2f}{}", value.get<double>() * factor, unit);
}

std::string interval(const Json& json, const char* metric, double factor) {
  const Json& entry = json.at(metric);
  if (entry.at("low").is_null()) return "[undefined]";
  return fmt::format("[{:.2f}, {:.2f}]", entry.at("low").get<double>() * factor,
                     entry.at("high").get<double>() * factor);
}

void print_error_rate(const Json& json, const char* metric, const char* label, const char* unit) {
  const Json& rate = json.at("score").at(metric);
  fmt::print("{:<12} {:>10}  {}", label, number(rate.at("percent"), 1, " %"),
             interval(json.at("intervals").at("utterance"), metric, 100));
  if (json.at("intervals").contains("by")) {
    fmt::print("  by group {}", interval(json.at("intervals").at("by"), metric, 100));
  }
  fmt::print("  S {} D {} I {} H {} of {} {}\n", rate.at("substitutions").get<std::int64_t>(),
             rate.at("deletions").get<std::int64_t>(), rate.at("insertions").get<std::int64_t>(),
             rate.at("hits").get<std::int64_t>(),
             rate.at(std::string("reference_") + unit).get<std::int64_t>(), unit);
}

void print_text(const Json& json, const Arguments& arguments) {
  const Json& score = json.at("score");
  const Json& intervals = json.at("intervals").at("utterance");
  fmt::print("{} utterances, {} empty references, {} empty hypotheses; {:g} % intervals\n",
             score.at("utterances").get<std::size_t>(),
             score.at("empty_references").get<std::size_t>(),
             score.at("empty_hypotheses").get<std::size_t>(), 100 * arguments.bootstrap.confidence);
  print_error_rate(json, "wer", "WER", "words");
  print_error_rate(json, "cer", "CER", "characters");
  fmt::print("{:<12} {:>10}  {}  ({:.4f} on 0-1)\n", "BLEU",
             number(score.at("bleu").at("score"), 1, ""), interval(intervals, "bleu", 1),
             score.at("bleu").at("fraction").get<double>());
  fmt::print("{:<12} {:>10}\n", "sacreBLEU", number(score.at("sacrebleu").at("score"), 1, ""));
  fmt::print("{:<12} {:>10}  {}\n", "exact match",
             number(score.at("exact_match").at("value"), 100, " %"),
             interval(intervals, "exact_match", 100));
  const Json& mean = score.at("utterance_mean");
  fmt::print("means of utterances: WER {}, CER {}, BLEU {}\n", number(mean.at("wer"), 100, " %"),
             number(mean.at("cer"), 100, " %"), number(mean.at("bleu"), 1, ""));
  for (const auto& [name, line] : json.at("signatures").items()) {
    fmt::print("{}\n", line.get<std::string>());
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
  const Json json = score_json(arguments, pairs, scores);
  if (!arguments.output.empty()) write_text_file(arguments.output, json.dump(2) + "\n");
  if (arguments.json) {
    fmt::print("{}\n", json.dump(2));
  } else {
    print_text(json, arguments);
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
        flags.add("threads", a->threads, "0: all cores");
        return [a] {
          a->bootstrap.threads = a->threads;
          return run(*a);
        };
      });
}

}  // namespace nest
