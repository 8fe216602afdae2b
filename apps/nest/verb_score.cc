#include <memory>
#include <optional>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/options.h"
#include "nest/text/score_report.h"

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
  const std::vector<text::TextPair> pairs = read_pairs(arguments);
  std::vector<std::string> groups;
  if (!arguments.by.empty()) groups = lines_like(arguments.by, arguments.hypotheses, pairs.size());
  const text::ScoreReport report =
      text::score_texts(pairs, arguments.score, arguments.bootstrap, groups);
  Json json = to_json(report);
  if (!arguments.by.empty()) json["intervals"]["by_file"] = arguments.by;
  if (!arguments.output.empty()) write_text_file(arguments.output, json_text(json, 2) + "\n");
  if (arguments.json) {
    fmt::print("{}\n", json_text(json, 2));
  } else {
    fmt::print("{}", score_text(report));
    print_alignments(arguments, pairs, report.utterances);
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
