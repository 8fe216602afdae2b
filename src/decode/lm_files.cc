#include "nest/decode/lm_files.h"

#include <ostream>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"

namespace nest::decode {

NGramTrainReport train_lm(std::span<const std::string> text_files,
                          const std::filesystem::path& arpa, const NGramTrainOptions& options,
                          const LmSplitter& split, const Job& job) {
  NGramTrainer trainer(options);
  for (const std::string& path : text_files) {
    with_context(path, [&] {
      for (const std::string& line : read_lines(path)) {
        job.check_stop("no language model was written");
        const auto words = split(line);
        if (!words.empty()) trainer.add_sentence(words);
      }
    });
  }
  NGramTrainReport report;
  write_file_atomic(arpa, [&](std::ostream& out) { report = trainer.write_arpa(out, job); });
  return report;
}

std::string train_text(const NGramTrainReport& report) {
  std::string text = fmt::format("{} sentences, {} words\n", report.sentences, report.words);
  for (std::size_t k = 0; k < report.orders.size(); ++k) {
    const auto& o = report.orders[k];
    text += fmt::format("order {}: {:>9} n-grams, discounts {:.4f} {:.4f} {:.4f}{}\n", k + 1,
                        o.ngrams, o.discounts[0], o.discounts[1], o.discounts[2],
                        o.is_fallback ? " (fixed: too few counts to estimate them)" : "");
  }
  return text;
}

TextScore score_files(const NGram& model, std::span<const std::string> text_files,
                      const LmSplitter& split,
                      const std::function<void(const std::string&, const TextScore&)>& on_line) {
  TextScore total;
  for (const std::string& path : text_files) {
    for (const std::string& line : read_lines(path)) {
      const TextScore one = score_sentence(model, split(line));
      on_line(line, one);
      total += one;
    }
  }
  return total;
}

Json to_json(const TextScore& score) {
  return {{"log_prob", score.log_prob},
          {"log_base", "e"},
          {"words_with_ends", score.words},
          {"unknown_words", score.unknown},
          {"perplexity", score.perplexity()}};
}

}  // namespace nest::decode
