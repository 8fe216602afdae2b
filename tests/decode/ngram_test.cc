#include "nest/decode/ngram.h"

#include <cmath>
#include <filesystem>
#include <numbers>
#include <sstream>

#include <gtest/gtest.h>

#include "fakes.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/decode/lm_text.h"
#include "nest/decode/ngram_train.h"
#include "tests/support/error_of.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::decode {
namespace {

const std::filesystem::path kGolden = test::tests_dir() / "golden/lm";

void expect_kenlm_scores(const NGram& model, const Json& expected) {
  ASSERT_GE(expected["sentences"].size(), 30u);
  for (const Json& sentence : expected["sentences"]) {
    std::vector<std::string> words = split_words(sentence["text"].get<std::string>());
    words.push_back("</s>");
    std::uint32_t state = model.begin_state();
    for (std::size_t i = 0; i < words.size(); ++i) {
      const float score = model.score(state, model.find(words[i]), state);
      EXPECT_NEAR(score, sentence["log10"][i].get<double>() * std::numbers::ln10, 1e-5)
          << sentence["text"] << " word " << i;
    }
  }
}

TEST(NGram, scores_equal_kenlm) {
  expect_kenlm_scores(*NGram::load(kGolden / "model.arpa"), load_json(kGolden / "expected.json"));
}

TEST(NGram, the_compact_file_scores_the_same_bit_for_bit) {
  const auto arpa = NGram::load(kGolden / "model.arpa");
  const auto path = test::process_temp_dir() / "model.nlm";
  arpa->save(path);
  const auto compact = NGram::load(path);
  EXPECT_EQ(compact->order(), 3);
  EXPECT_EQ(compact->num_ngrams(), arpa->num_ngrams());
  Rng rng(1);
  std::uint32_t a = arpa->begin_state(), b = compact->begin_state();
  for (int i = 0; i < 5000; ++i) {
    const auto word = static_cast<std::uint32_t>(rng.below(arpa->vocab_size()));
    ASSERT_EQ(arpa->score(a, word, a), compact->score(b, word, b));
    ASSERT_EQ(a, b);
  }
}

TEST(NGram, no_score_exceeds_its_upper_bound) {
  const auto model = NGram::load(kGolden / "model.arpa");
  Rng rng(2);
  std::uint32_t state = model->begin_state();
  for (int i = 0; i < 20000; ++i) {
    const auto word = static_cast<std::uint32_t>(rng.below(model->vocab_size()));
    ASSERT_LE(model->score(state, word, state), model->upper_bound(word));
  }
}

TEST(NGram, contexts_that_are_missing_are_backed_off_through) {
  // "a b c" is listed, "a b" is not: p(c | a b) still holds, and p(b | a) backs off.
  const auto model = NGram::from_arpa(
      "\\data\\\nngram 1=5\nngram 2=1\nngram 3=1\n\n\\1-grams:\n-99 <s>\n-1 </s>\n-0.5 a -0.25\n"
      "-0.7 b -0.1\n-0.9 c\n\n\\2-grams:\n-0.3 c a\n\n\\3-grams:\n-0.2 a b c\n\n\\end\\\n",
      "test");
  std::uint32_t state = NGram::kNullState;
  model->score(state, model->find("a"), state);
  EXPECT_NEAR(model->score(state, model->find("b"), state), -0.95 * std::numbers::ln10, 1e-6);
  EXPECT_NEAR(model->score(state, model->find("c"), state), -0.2 * std::numbers::ln10, 1e-6);
}

const std::string kPlainArpa =
    "\\data\\\nngram 1=4\nngram 2=2\n\n\\1-grams:\n-1.5\t<unk>\n-99\t<s>\t-0.5\n-1\t</s>\n"
    "-0.5\tcat\t-0.25\n\n\\2-grams:\n-0.25\t<s> cat\n-0.125\tcat </s>\n\n\\end\\\n";

// Of "<s> cat </s>" and of an unknown word.
std::vector<float> scores_of(const NGram& model) {
  std::uint32_t state = model.begin_state();
  std::vector<float> scores;
  scores.push_back(model.score(state, model.find("cat"), state));
  scores.push_back(model.score(state, model.eos(), state));
  state = model.begin_state();
  scores.push_back(model.score(state, model.find("dog"), state));
  return scores;
}

TEST(NGram, white_space_and_byte_order_marks_do_not_change_a_score) {
  const auto want = scores_of(*NGram::from_arpa(kPlainArpa, "plain"));
  const auto with = [](std::vector<std::pair<std::string, std::string>> edits) {
    std::string text = kPlainArpa;
    for (const auto& [from, to] : edits) {
      for (std::size_t at = text.find(from); at != std::string::npos;
           at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
      }
    }
    return text;
  };
  std::string wide = "\xFF\xFE";
  for (const char c : kPlainArpa) wide += std::string{c, '\0'};
  const std::string spellings[] = {
      with({{"ngram 1=4", "ngram  1=         4"}, {"ngram 2=2", "ngram\t2 =\t2  "}}),
      with({{"\n\n", "\n"}}),
      with({{"\t", " "}, {"\n", " \r\n"}}),
      with({{"\\1-", "  \\1-"}, {"\\2-", "\t\\2-"}, {"\\end", " \\end"}}),
      "\xEF\xBB\xBF" + kPlainArpa,
      "text in front\n\n" + kPlainArpa,
      wide};
  for (const std::string& text : spellings) {
    EXPECT_EQ(scores_of(*NGram::from_arpa(text, "t")), want) << text;
  }
}

TEST(NGram, its_own_words_may_be_in_any_case) {
  const auto want = scores_of(*NGram::from_arpa(kPlainArpa, "plain"));
  std::string upper = kPlainArpa;
  for (const auto& [from, to] : {std::pair{"<unk>", "<UNK>"}, {"<s>", "<S>"}, {"</s>", "</S>"}}) {
    const std::string_view word = from;
    for (std::size_t at = upper.find(word); at != std::string::npos; at = upper.find(word, at)) {
      upper.replace(at, word.size(), to);
    }
  }
  const auto model = NGram::from_arpa(upper, "upper");
  EXPECT_EQ(scores_of(*model), want);
  EXPECT_EQ(model->word(model->unk()), "<UNK>");
  std::string both = kPlainArpa;
  both.replace(both.find("cat\t-0.25"), 3, "<UNK>");
  for (std::size_t at = both.find("cat"); at != std::string::npos; at = both.find("cat")) {
    both.replace(at, 3, "<UNK>");
  }
  const auto mixed = NGram::from_arpa(both, "both");
  EXPECT_EQ(mixed->word(mixed->unk()), "<unk>") << "the lower-case one counts";
}

TEST(NGram, bad_arpa_names_file_and_line) {
  const auto message = [](std::string_view text) -> std::string {
    return test::error_of([&] { NGram::from_arpa(text, "x.arpa"); });
  };
  EXPECT_EQ(
      message("hello\n"),
      "x.arpa:1: no \\data\\ line: not an ARPA language model (nest lm train makes one of text)");
  EXPECT_EQ(message("\\data\\\nngram 1=99999999\n"),
            "x.arpa:2: more n-grams than the file can hold");
  EXPECT_EQ(message("\\data\\\nngram 1=1\n\n\\1-grams:\n0.5 a\n\\end\\\n"),
            "x.arpa:5: probability above 1");
  EXPECT_EQ(message("\\data\\\nngram 1=2\n\n\\1-grams:\n-0.5 a\n\\end\\\n"),
            "x.arpa:6: 1 1-grams, the header says 2");
  EXPECT_EQ(message("\\data\\\nngram 1=1\n\n\\1-grams:\n-0.5 a\n\\end\\\n"),
            "x.arpa: the language model has no <s>");
}

TEST(NGram, a_damaged_compact_file_is_refused_or_harmless) {
  const auto path = test::process_temp_dir() / "damaged.nlm";
  NGram::from_arpa(fakes::kBigram, "bigram")->save(path);
  const std::string good = read_text_file(path);
  Rng rng(3);
  for (int i = 0; i < 3000; ++i) {
    std::size_t size = good.size();
    if (i % 5 == 0) size = static_cast<std::size_t>(rng.below(size));
    Tensor block(DType::kU8, {static_cast<std::int64_t>(size)});
    auto* bytes = static_cast<char*>(block.mutable_raw());
    std::copy_n(good.data(), size, bytes);
    if (size > 9) bytes[8 + rng.below(size - 8)] = static_cast<char>(rng.below(256));
    try {
      const auto owner = std::make_shared<Tensor>(block);
      const auto model =
          NGram::from_block({static_cast<const std::byte*>(block.raw()), size}, owner, "damaged");
      std::uint32_t state = model->begin_state();
      for (std::uint32_t w = 0; w < model->vocab_size(); ++w) model->score(state, w, state);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    }
  }
}

/// Text of corpus.txt trained by this library.
std::string trained_arpa(NGramTrainReport& report) {
  NGramTrainer trainer({.order = 3});
  std::istringstream corpus(read_text_file(kGolden / "corpus.txt"));
  for (std::string line; std::getline(corpus, line);) trainer.add_sentence(split_words(line));
  std::ostringstream out;
  report = trainer.write_arpa(out);
  return out.str();
}

TEST(NGramTrainer, modified_kneser_ney_equals_the_formulas_computed_independently) {
  NGramTrainReport report;
  const auto own = NGram::from_arpa(trained_arpa(report), "own");
  const auto golden = NGram::load(kGolden / "model.arpa");
  EXPECT_EQ(own->num_ngrams(), golden->num_ngrams());
  const Json expected = load_json(kGolden / "expected.json");
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(report.orders[k].discounts[i], expected["discounts"][k][i + 1].get<double>(),
                  1e-12);
    }
  }
  expect_kenlm_scores(*own, expected);
}

TEST(NGramTrainer, reserved_words_are_refused_in_any_case) {
  for (const char* word : {"<unk>", "<UNK>", "<S>", "</s>"}) {
    NGramTrainer trainer({});
    EXPECT_THROW(trainer.add_sentence({"a", word}), Error) << word;
  }
}

TEST(NGramTrainer, probabilities_of_every_context_sum_to_one) {
  NGramTrainReport report;
  const auto model = NGram::from_arpa(trained_arpa(report), "own");
  Rng rng(4);
  std::uint32_t state = model->begin_state();
  for (int i = 0; i < 200; ++i) {
    double sum = 0;
    std::uint32_t next = 0;
    for (std::uint32_t w = 0; w < model->vocab_size(); ++w) {
      if (w != model->find("<s>")) sum += std::exp(model->score(state, w, next));
    }
    ASSERT_NEAR(sum, 1, 1e-4);
    model->score(state, static_cast<std::uint32_t>(rng.below(model->vocab_size())), state);
  }
}

TEST(WordLm, a_word_is_scored_at_its_boundary_and_the_last_one_at_the_end) {
  const auto ngram = NGram::from_arpa(fakes::kBigram, "bigram");
  const std::vector<std::string> pieces{"<blank>", " ", "t", "1", "2", "x"};
  const auto lm = make_word_lm(ngram, make_surfaces(pieces, {0}, false));
  LmState state = lm->begin();
  EXPECT_EQ(lm->score(state, 2, state), 0);
  EXPECT_EQ(lm->score(state, 3, state), 0);
  EXPECT_NEAR(lm->score(state, 1, state), -0.3 * std::numbers::ln10, 1e-6) << "<s> t1";
  EXPECT_EQ(lm->score(state, 1, state), 0) << "a second space closes nothing";
  lm->score(state, 2, state);
  lm->score(state, 4, state);
  EXPECT_NEAR(lm->finish(state), (-0.4 - 0.7) * std::numbers::ln10, 1e-6) << "t1 t2 </s>";
}

TEST(CharLm, characters_and_single_spaces_are_scored) {
  const auto ngram = NGram::from_arpa(
      "\\data\\\nngram 1=5\n\n\\1-grams:\n-99 <s>\n-1 </s>\n-0.5 a\n-0.7 b\n-0.9 "
      "\xE2\x96\x81\n\\end\\\n",
      "chars");
  const auto lm = make_char_lm(ngram, make_surfaces({"<b>",
                                                     "\xE2\x96\x81"
                                                     "ab",
                                                     " ", "b"},
                                                    {0}, false));
  LmState state = lm->begin();
  EXPECT_NEAR(lm->score(state, 1, state), -1.2 * std::numbers::ln10, 1e-6)
      << "no space before text";
  EXPECT_EQ(lm->score(state, 2, state), 0) << "a space waits for the next character";
  EXPECT_NEAR(lm->score(state, 3, state), -1.6 * std::numbers::ln10, 1e-6);
  EXPECT_NEAR(lm->finish(state), -1 * std::numbers::ln10, 1e-6);
}

TEST(Hotwords, only_complete_phrases_keep_their_bonus) {
  const std::vector<std::vector<TokenId>> phrases{{1, 2, 3}, {2, 4}};
  const Hotwords hotwords(phrases, 1.0);
  const auto total = [&](const std::vector<TokenId>& tokens) {
    std::uint32_t state = 0;
    double sum = 0;
    for (TokenId t : tokens) sum += hotwords.advance(state, t, state);
    return sum + hotwords.finish(state);
  };
  EXPECT_EQ(total({1, 2, 3}), 3);
  EXPECT_EQ(total({1, 2}), 0);
  EXPECT_EQ(total({1, 2, 4}), 2) << "the inner phrase is found when the outer one breaks";
  EXPECT_EQ(total({1, 2, 3, 1, 2, 3, 5}), 6);
  EXPECT_EQ(total({9, 9}), 0);
}

}  // namespace
}  // namespace nest::decode
