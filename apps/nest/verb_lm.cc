#include <cmath>
#include <memory>
#include <numbers>
#include <ostream>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/options.h"
#include "nest/decode/ngram.h"
#include "nest/decode/ngram_train.h"
#include "nest/decode/options.h"
#include "nest/text/tokenizer.h"
#include "terminal.h"

namespace nest {
namespace {

struct Arguments {
  std::string action;
  std::vector<std::string> text;
  std::string lm;
  std::string output;
  decode::LmUnit unit = decode::LmUnit::kWord;
  std::string tokenizer;
  bool json = false;
  decode::NGramTrainOptions train;
};

/// Splits a line into the model's words.
class Splitter {
 public:
  explicit Splitter(const Arguments& a) : unit_(a.unit) {
    const bool by_token = unit_ == decode::LmUnit::kToken;
    require(by_token == !a.tokenizer.empty(), ErrorCode::kInvalidArgument,
            "--tokenizer goes with --unit token, and only with it");
    if (by_token) tokenizer_ = text::load_tokenizer(a.tokenizer);
  }
  std::vector<std::string> operator()(const std::string& line) const {
    if (unit_ == decode::LmUnit::kWord) return decode::split_words(line);
    if (unit_ == decode::LmUnit::kChar) return decode::split_characters(line);
    std::vector<std::string> words;
    for (int id : tokenizer_->encode(line)) {
      const std::string word = decode::lm_word_of_piece(tokenizer_->token(id));
      words.push_back(id == tokenizer_->special().unk ? std::string("<unk-token>") : word);
    }
    return words;
  }

 private:
  decode::LmUnit unit_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
};

int train(const Arguments& a) {
  require(!a.text.empty() && !a.output.empty(), ErrorCode::kInvalidArgument,
          "nest lm train needs --text and --output");
  const Splitter split(a);
  decode::NGramTrainer trainer(a.train);
  for (const std::string& path : a.text) {
    with_context(path, [&] {
      for (const std::string& line : read_lines(path)) {
        command_job().check_stop("no language model was written");
        const auto words = split(line);
        if (!words.empty()) trainer.add_sentence(words);
      }
    });
  }
  decode::NGramTrainReport report;
  write_file_atomic(a.output,
                    [&](std::ostream& out) { report = trainer.write_arpa(out, command_job()); });
  if (a.json) {
    Json json = to_json(report);
    json["out"] = a.output;
    fmt::print("{}\n", json_text(json, 2));
    return 0;
  }
  fmt::print("{}: {} sentences, {} words\n", a.output, report.sentences, report.words);
  for (std::size_t k = 0; k < report.orders.size(); ++k) {
    const auto& o = report.orders[k];
    fmt::print("order {}: {:>9} n-grams, discounts {:.4f} {:.4f} {:.4f}{}\n", k + 1, o.ngrams,
               o.discounts[0], o.discounts[1], o.discounts[2],
               o.is_fallback ? " (fixed: too few counts to estimate them)" : "");
  }
  return 0;
}

int compile(const Arguments& a) {
  require(!a.lm.empty() && !a.output.empty(), ErrorCode::kInvalidArgument,
          "nest lm compile needs --lm and --output");
  const auto model = decode::NGram::load(a.lm);
  model->save(a.output);
  if (a.json) {
    const Json json = {
        {"out", a.output}, {"order", model->order()}, {"ngrams", model->num_ngrams()}};
    fmt::print("{}\n", json_text(json, 2));
  } else {
    fmt::print("{}: order {}, {} words, {} n-grams\n", a.output, model->order(),
               model->vocab_size(), model->num_ngrams());
  }
  return 0;
}

int score(const Arguments& a) {
  require(!a.lm.empty() && !a.text.empty(), ErrorCode::kInvalidArgument,
          "nest lm score needs --lm and --text");
  const auto model = decode::NGram::load(a.lm);
  const Splitter split(a);
  double total = 0;
  std::uint64_t words = 0, unknown = 0;
  for (const std::string& path : a.text) {
    for (const std::string& line : read_lines(path)) {
      std::uint32_t state = model->begin_state();
      double log_prob = 0;
      for (const std::string& word : split(line)) {
        const std::uint32_t id = model->find(word);
        unknown += id == model->unk() ? 1 : 0;
        log_prob += model->score(state, id, state);
        ++words;
      }
      log_prob += model->score(state, model->eos(), state);
      ++words;
      total += log_prob;
      if (!a.json) fmt::print("{:.5f}\t{}\n", log_prob, line);
    }
  }
  const double perplexity = words == 0 ? 1 : std::exp(-total / static_cast<double>(words));
  if (a.json) {
    const Json json = {{"log_prob", total},
                       {"log_base", "e"},
                       {"words_with_ends", words},
                       {"unknown_words", unknown},
                       {"perplexity", perplexity}};
    fmt::print("{}\n", json_text(json, 2));
  } else {
    fmt::print("perplexity {:.3f} over {} words (sentence ends counted), {} unknown\n", perplexity,
               words, unknown);
  }
  return 0;
}

}  // namespace

void add_lm(CommandLine& line) {
  line.add_verb("lm", "Train, compile and query n-gram language models",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<Arguments>();
                  flags.positional("action", a->action, "train, compile or score").required();
                  flags.choices({"train", "compile", "score"});
                  flags.add("text", a->text, "text files, one sentence a line");
                  flags.add("lm", a->lm, "model to compile or score with");
                  flags.add("output", a->output,
                            "file to write: ARPA (train) or compact (compile)");
                  flags.add("unit", a->unit, "what a word of the model is");
                  flags.add("tokenizer", a->tokenizer, "tokenizer file, for --unit token");
                  register_flags(flags, a->train);
                  flags.add("json", a->json, "print JSON");
                  return [a] {
                    if (a->action == "train") return train(*a);
                    return a->action == "compile" ? compile(*a) : score(*a);
                  };
                });
}

}  // namespace nest
