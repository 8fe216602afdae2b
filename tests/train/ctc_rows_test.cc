#include "train/ctc_rows.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/graph/frames.h"
#include "nest/train/loss.h"
#include "toy.h"

namespace nest::train {
namespace {

constexpr std::int64_t kFrames = 7, kVocab = 3;  // blank 0

/// What a path over frames [begin, end) says.
std::vector<std::int64_t> said_by(const std::vector<std::int64_t>& path, std::int64_t begin,
                                  std::int64_t end) {
  std::vector<std::int64_t> text;
  std::int64_t last = 0;
  for (std::int64_t f = begin; f < end; ++f) {
    const std::int64_t token = path[static_cast<std::size_t>(f)];
    if (token != 0 && token != last) text.push_back(token);
    last = token;
  }
  return text;
}

/// Sum over every path that says the tokens in [1, 3) and [4, 7), and nothing elsewhere.
double brute(const torch::Tensor& log_probs, std::int64_t first, std::int64_t second) {
  double sum = 0;
  std::int64_t paths = 1;
  for (std::int64_t f = 0; f < kFrames; ++f) paths *= kVocab;
  for (std::int64_t code = 0; code < paths; ++code) {
    std::vector<std::int64_t> path;
    for (std::int64_t f = 0, rest = code; f < kFrames; ++f, rest /= kVocab)
      path.push_back(rest % kVocab);
    if (path[0] != 0 || path[3] != 0) continue;
    if (said_by(path, 1, 3) != std::vector{first} ||
        said_by(path, 4, kFrames) != std::vector{second})
      continue;
    double p = 0;
    for (std::int64_t f = 0; f < kFrames; ++f)
      p += log_probs[f][path[static_cast<std::size_t>(f)]].item<double>();
    sum += std::exp(p);
  }
  return sum;
}

graph::Model model_at_16_hz() {
  graph::Model model = toy_model("nest_ctc");
  model.signal.rate_hz = 16;
  return model;
}

/// Two tokens, of frames [1, 2) and [4, 5), in a batch of one item.
Batch batch_of(std::int64_t period) {
  Batch batch;
  batch.ids = {"a"};
  batch.said = {{{period, 2 * period, 1}, {4 * period, 5 * period, 1}}};
  batch.tokens = torch::tensor({{1, 2}}, torch::kInt64);
  batch.token_lengths = torch::tensor({2}, torch::kInt64);
  return batch;
}

double loss_of(const CtcRows& rows) {
  return loss_ctc(rows.scores, rows.frames, rows.tokens, rows.token_lengths, 0)
      .sum()
      .item<double>();
}

TEST(CtcRows, tokens_in_their_time_are_the_paths_whose_parts_say_them) {
  const graph::Model model = model_at_16_hz();
  const std::int64_t period = graph::samples_per_frame(model);
  torch::manual_seed(4);
  const torch::Tensor log_probs =
      torch::log_softmax(torch::randn({1, kFrames, kVocab}, torch::kFloat64), -1);
  const Outputs out{log_probs, torch::tensor({kFrames}, torch::kInt64), {}};
  // A frame behind the first token is its own; behind the second, the frames to the end are.
  const double frame_s = static_cast<double>(period) / 16;
  const CtcRows first = rows_by_time(out, batch_of(period), model, frame_s);
  EXPECT_TRUE(torch::equal(first.frames, torch::tensor({1, 2, 1, 2, 1}, torch::kInt64)));
  const CtcRows rows = rows_by_time(out, batch_of(period), model, 2 * frame_s);
  EXPECT_TRUE(torch::equal(rows.frames, torch::tensor({1, 3, 3}, torch::kInt64)));
  Batch later = batch_of(period);
  later.said[0][1].end = 6 * period;
  const CtcRows wanted = rows_by_time(out, later, model, frame_s);
  EXPECT_NEAR(std::exp(-loss_of(wanted)), brute(log_probs[0], 1, 2), 1e-12);
  // Fewer paths than those in any order of time, whose loss is the usual one.
  EXPECT_GT(loss_of(wanted), loss_of(whole_rows(out, later)));
}

TEST(CtcRows, an_item_whose_token_has_no_frame_is_skipped_alone) {
  graph::Model model = model_at_16_hz();
  const std::int64_t period = graph::samples_per_frame(model);
  std::vector<Example> examples = toy_examples(2);
  for (Example& e : examples) e.said = {{0, e.signal.dim(1), std::ssize(e.tokens)}};
  // The second's text begins behind its last frame.
  examples[1].said = {{examples[1].signal.dim(1) + 9 * period,
                       examples[1].signal.dim(1) + 10 * period, std::ssize(examples[1].tokens)}};
  nn::TorchExecutor executor(model, {});
  const Loss loss = compute_loss(executor, make_batch(examples), {.text_within_s = 0.5});
  EXPECT_EQ(loss.items, 1);
  EXPECT_EQ(loss.skipped, 1);
  EXPECT_EQ(loss.tokens, std::ssize(examples[0].tokens));
  const Loss alone = compute_loss(executor, make_batch({examples[0]}), {.text_within_s = 0.5});
  EXPECT_NEAR(loss.sum.item<double>(), alone.sum.item<double>(), 1e-3);
}

TEST(LoadItem, says_where_the_text_of_each_part_is) {
  std::vector<Example> examples = toy_examples(3);
  examples[1].lead = 20;
  examples[1].tail = 10;
  examples[2].tokens.clear();  // background
  const MemorySource source(examples);
  const Example joined = load_item(source, {{0, 2, 1}, 0}, {}, nullptr);
  const std::int64_t first = examples[0].signal.dim(1);
  const std::int64_t before = first + examples[2].signal.dim(1);
  ASSERT_EQ(joined.said.size(), 2u);
  EXPECT_EQ(joined.said[0].end, first);
  EXPECT_EQ(joined.said[1].begin, before + 20);
  EXPECT_EQ(joined.said[1].end, before + examples[1].signal.dim(1) - 10);
  Rng rng(7);
  const Example cut = load_item(source, {{1}, 0}, {}, &rng);
  EXPECT_EQ(cut.said[0].end - cut.said[0].begin, examples[1].signal.dim(1) - 30);
  EXPECT_EQ(cut.signal.data<float>()[static_cast<std::size_t>(cut.said[0].begin)],
            examples[1].signal.data<float>()[20]);
}

}  // namespace
}  // namespace nest::train
