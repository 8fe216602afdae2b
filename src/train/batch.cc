#include "nest/train/batch.h"

#include <algorithm>
#include <map>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/core/parallel.h"
#include "nest/nn/tensor.h"
#include "nest/train/augment.h"

namespace nest::train {
namespace {

/// Other examples of the same subject.
std::map<std::string, std::vector<std::size_t>> by_subject(const Source& source) {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < source.size(); ++i) groups[source.subject(i)].push_back(i);
  return groups;
}

/// Most trials in one utterance of this epoch: grows from 1 to join_most over join_ramp epochs.
std::uint64_t most_joined(const data::AugmentOptions& options, std::int64_t epoch) {
  const auto most = static_cast<std::uint64_t>(options.join_most);
  if (options.join_ramp <= 0 || epoch >= options.join_ramp) return most;
  return 1 + (most - 1) * static_cast<std::uint64_t>(epoch) /
                 static_cast<std::uint64_t>(options.join_ramp);
}

std::vector<PlanItem> draw_items(const Source& source, const data::AugmentOptions& options,
                                 std::int64_t epoch, Rng& rng) {
  std::map<std::string, std::vector<std::size_t>> groups;
  if (options.join > 0) groups = by_subject(source);
  std::vector<PlanItem> items;
  for (std::size_t i = 0; i < source.size(); ++i) {
    PlanItem item{{i}, 0};
    const std::uint64_t most = most_joined(options, epoch);
    if (most > 1 && options.join > 0 && rng.uniform() < options.join) {
      const std::vector<std::size_t>& others = groups.at(source.subject(i));
      const std::uint64_t more = 1 + rng.below(most - 1);
      for (std::uint64_t k = 0; k < more; ++k)
        item.parts.push_back(others[rng.below(others.size())]);
      rng.shuffle(std::span(item.parts));
    }
    for (const std::size_t part : item.parts) item.num_samples += source.num_samples(part);
    items.push_back(std::move(item));
  }
  return items;
}

std::vector<std::vector<PlanItem>> cut(const std::vector<PlanItem>& items,
                                       std::int64_t batch_size) {
  std::vector<std::vector<PlanItem>> batches;
  const auto size = static_cast<std::size_t>(batch_size);
  for (std::size_t i = 0; i < items.size(); i += size) {
    const auto begin = items.begin() + static_cast<std::ptrdiff_t>(i);
    batches.emplace_back(begin,
                         begin + static_cast<std::ptrdiff_t>(std::min(size, items.size() - i)));
  }
  return batches;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, PlanOptions& o) {
  visitor.field("batch_size", o.batch_size, "utterances a batch", at_least(1));
  visitor.field("bucket_batches", o.bucket_batches, "batches sorted by length together; 0: none",
                at_least(0));
  visitor.field("seed", o.seed, "of order and augmentation");
  visitor.part("augment", o.augment);
}

MemorySource::MemorySource(const Source& source, const signal::WindowNormOptions& norm)
    : examples_(source.size()), window_norm_(norm) {
  parallel_for(source.size(), 0, [&](std::size_t i) { examples_[i] = source.load(i); });
}

Batch make_batch(const std::vector<Example>& examples) {
  require(!examples.empty(), ErrorCode::kInvalidArgument, "a batch needs at least one example");
  Batch batch;
  std::vector<std::int64_t> lengths;
  std::vector<std::int64_t> token_lengths;
  const std::int64_t channels = examples[0].signal.dim(0);
  for (const Example& example : examples) {
    require(example.signal.dim(0) == channels, ErrorCode::kInvalidArgument,
            "'{}' has {} channels, '{}' has {}", example.id, example.signal.dim(0), examples[0].id,
            channels);
    lengths.push_back(example.signal.dim(1));
    token_lengths.push_back(static_cast<std::int64_t>(example.tokens.size()));
    batch.ids.push_back(example.id);
    batch.texts.push_back(example.text);
    batch.said.push_back(example.said);
  }
  batch.lengths = torch::tensor(lengths, torch::kInt64);
  batch.token_lengths = torch::tensor(token_lengths, torch::kInt64);
  batch.signal = torch::zeros({batch.size(), channels, *std::ranges::max_element(lengths)});
  batch.tokens =
      torch::zeros({batch.size(), *std::ranges::max_element(token_lengths)}, torch::kInt64);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const Example& example = examples[static_cast<std::size_t>(b)];
    batch.signal[b].slice(1, 0, example.signal.dim(1)).copy_(nn::to_torch(example.signal));
    if (!example.tokens.empty()) {
      batch.tokens[b]
          .slice(0, 0, static_cast<std::int64_t>(example.tokens.size()))
          .copy_(torch::tensor(example.tokens, torch::kInt64));
    }
  }
  return batch;
}

std::vector<std::vector<PlanItem>> plan_epoch(const Source& source, const PlanOptions& options,
                                              std::int64_t epoch) {
  Rng rng(options.seed, "plan", static_cast<std::uint64_t>(epoch));
  std::vector<PlanItem> items = draw_items(source, options.augment, epoch, rng);
  rng.shuffle(std::span(items));
  if (options.bucket_batches > 0) {
    const auto pool = static_cast<std::size_t>(options.bucket_batches * options.batch_size);
    for (std::size_t i = 0; i < items.size(); i += pool) {
      const auto begin = items.begin() + static_cast<std::ptrdiff_t>(i);
      const auto count = static_cast<std::ptrdiff_t>(std::min(pool, items.size() - i));
      std::stable_sort(begin, begin + count, [](const PlanItem& a, const PlanItem& b) {
        return a.num_samples < b.num_samples;
      });
    }
  }
  std::vector<std::vector<PlanItem>> batches = cut(items, options.batch_size);
  rng.shuffle(std::span(batches));
  return batches;
}

std::vector<std::vector<PlanItem>> plan_in_order(const Source& source, std::int64_t batch_size) {
  std::vector<PlanItem> items;
  for (std::size_t i = 0; i < source.size(); ++i) items.push_back({{i}, source.num_samples(i)});
  return cut(items, batch_size);
}

Example load_item(const Source& source, const PlanItem& item, const data::AugmentOptions& options,
                  Rng* rng) {
  const auto load = [&](std::size_t part) {
    Example one = source.load(part);
    const bool is_cut = rng != nullptr && one.lead + one.tail > 0;
    if (is_cut) one.signal = cut_surroundings(one.signal, one.lead, one.tail, *rng);
    if (!one.tokens.empty())
      one.said = {{one.lead, one.signal.dim(1) - one.tail, std::ssize(one.tokens)}};
    return one;
  };
  Example example = load(item.parts.at(0));
  if (item.parts.size() > 1) {
    std::vector<Tensor> signals{example.signal};
    std::int64_t samples = example.signal.dim(1);
    for (std::size_t i = 1; i < item.parts.size(); ++i) {
      const Example next = load(item.parts[i]);
      for (const SaidSpan& span : next.said)
        example.said.push_back({samples + span.begin, samples + span.end, span.tokens});
      samples += next.signal.dim(1);
      signals.push_back(next.signal);
      example.id += "+" + next.id;
      example.text += next.text;
      example.tokens.insert(example.tokens.end(), next.tokens.begin(), next.tokens.end());
    }
    example.signal = join_signals(signals);
  }
  const signal::WindowNormOptions norm = source.window_norm();
  if (norm.kind != signal::WindowNorm::kNone) {
    example.signal = example.signal.clone();
    signal::normalize_window(norm, example.signal.mutable_data<float>(), example.signal.dim(0));
  }
  if (rng != nullptr) example.signal = augment(example.signal, options, *rng);
  return example;
}

}  // namespace nest::train
