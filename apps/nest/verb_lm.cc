#include "nest/decode/lm_files.h"
#include "nest/decode/options.h"
#include "nest/text/tokenizer.h"
#include "verb.h"

namespace nest {
namespace {

struct LmArguments : VerbArguments {
  std::string action;
  std::vector<std::string> text;
  std::string lm;
  std::string output;
  decode::LmUnit unit = decode::LmUnit::kWord;
  std::string tokenizer;
  decode::NGramTrainOptions train;
};

decode::LmSplitter splitter_of(const LmArguments& a) {
  return decode::LmSplitter(a.unit,
                            a.tokenizer.empty() ? nullptr : text::load_tokenizer(a.tokenizer));
}

int train(const LmArguments& a) {
  require(!a.text.empty() && !a.output.empty(), ErrorCode::kInvalidArgument,
          "nest lm train needs --text and --output");
  const auto report = decode::train_lm(a.text, a.output, a.train, splitter_of(a), command_job());
  Json json = to_json(report);
  json["out"] = a.output;
  return print_report(a.json, json, fmt::format("{}: {}", a.output, decode::train_text(report)));
}

int compile(const LmArguments& a) {
  require(!a.lm.empty() && !a.output.empty(), ErrorCode::kInvalidArgument,
          "nest lm compile needs --lm and --output");
  const auto model = decode::NGram::load(a.lm);
  model->save(a.output);
  const Json json = {{"out", a.output}, {"order", model->order()}, {"ngrams", model->num_ngrams()}};
  return print_report(a.json, json,
                      fmt::format("{}: order {}, {} words, {} n-grams\n", a.output, model->order(),
                                  model->vocab_size(), model->num_ngrams()));
}

int score(const LmArguments& a) {
  require(!a.lm.empty() && !a.text.empty(), ErrorCode::kInvalidArgument,
          "nest lm score needs --lm and --text");
  const auto print = [&](const std::string& line, const decode::TextScore& one) {
    if (!a.json) fmt::print("{:.5f}\t{}\n", one.log_prob, line);
  };
  const decode::TextScore total =
      decode::score_files(*decode::NGram::load(a.lm), a.text, splitter_of(a), print);
  return print_report(
      a.json, decode::to_json(total),
      fmt::format("perplexity {:.3f} over {} words (sentence ends counted), {} unknown\n",
                  total.perplexity(), total.words, total.unknown));
}

int run_lm(const LmArguments& a) {
  if (a.action == "train") return train(a);
  return a.action == "compile" ? compile(a) : score(a);
}

}  // namespace

void add_lm(CommandLine& line) {
  add_verb<LmArguments>(
      line, "lm", "Train, compile and query n-gram language models",
      [](Flags& flags, LmArguments& a) {
        flags.positional("action", a.action, "train, compile or score").required();
        flags.choices({"train", "compile", "score"});
        flags.add("text", a.text, "text files, one sentence a line");
        flags.add("lm", a.lm, "model to compile or score with");
        flags.add("output", a.output, "file to write: ARPA (train) or compact (compile)");
        flags.add("unit", a.unit, "what a word of the model is");
        flags.add("tokenizer", a.tokenizer, "tokenizer file, for --unit token");
        register_flags(flags, a.train);
      },
      run_lm);
}

}  // namespace nest
