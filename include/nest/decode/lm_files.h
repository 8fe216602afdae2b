#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "nest/core/job.h"
#include "nest/decode/lm_text.h"
#include "nest/decode/ngram_train.h"

namespace nest::decode {

/// Trains on text files, one sentence a line (empty ones are left out), and writes an ARPA file;
/// atomic. Errors: those of NGramTrainer with the file's name, of the splitter; Io; Interrupted,
/// then nothing is written.
NGramTrainReport train_lm(std::span<const std::string> text_files,
                          const std::filesystem::path& arpa, const NGramTrainOptions& options,
                          const LmSplitter& split, const Job& job = {});
/// For people: sentences, words, and n-grams with discounts of every order.
std::string train_text(const NGramTrainReport& report);

/// Scores every line of text files; `on_line` sees each line and its own score.
TextScore score_files(const NGram& model, std::span<const std::string> text_files,
                      const LmSplitter& split,
                      const std::function<void(const std::string&, const TextScore&)>& on_line);
/// {"log_prob", "log_base", "words_with_ends", "unknown_words", "perplexity"}
Json to_json(const TextScore& score);

}  // namespace nest::decode
