#include "ctc_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/graph/frames.h"

namespace nest::train {
namespace {

struct Row {
  std::int64_t item = 0;
  std::int64_t first = 0, last = 0;  ///< frames [first, last)
  std::int64_t token = 0, tokens = 0;
};

/// In frames of a model.
struct Grid {
  double period = 1;
  std::int64_t late = 0;  ///< behind an utterance's end

  std::int64_t at(std::int64_t sample) const {
    return std::llround(static_cast<double>(sample) / period);
  }
};

void add_rows(std::int64_t item, const std::vector<SaidSpan>& said, std::int64_t frames,
              const Grid& grid, std::vector<Row>& rows) {
  std::int64_t at = 0, token = 0;
  const auto add = [&](std::int64_t until, std::int64_t tokens) {
    if (until > at || tokens > 0) rows.push_back({item, at, std::max(at, until), token, tokens});
    at = std::max(at, until);
    token += tokens;
  };
  for (std::size_t i = 0; i < said.size(); ++i) {
    add(std::min(grid.at(said[i].begin), frames), 0);
    const std::int64_t next = i + 1 < said.size() ? grid.at(said[i + 1].begin) : frames;
    add(std::min({grid.at(said[i].end) + grid.late, next, frames}), said[i].tokens);
  }
  add(frames, 0);
}

CtcRows gather(const Outputs& out, const Batch& batch, const std::vector<Row>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  std::int64_t most_frames = 1, most_tokens = 1;
  for (const Row& row : rows) {
    most_frames = std::max(most_frames, row.last - row.first);
    most_tokens = std::max(most_tokens, row.tokens);
  }
  const auto whole = [&](std::int64_t n) { return torch::zeros({n}, torch::kInt64); };
  CtcRows cut{{},
              whole(count),
              torch::zeros({count, most_tokens}, torch::kInt64),
              whole(count),
              whole(count)};
  torch::Tensor picked = torch::zeros({count, most_frames}, torch::kInt64);
  for (std::int64_t r = 0; r < count; ++r) {
    const Row& row = rows[static_cast<std::size_t>(r)];
    const std::int64_t frames = row.last - row.first, before = row.item * out.scores.size(1);
    cut.frames[r] = frames;
    cut.token_lengths[r] = row.tokens;
    cut.item[r] = row.item;
    cut.tokens[r]
        .slice(0, 0, row.tokens)
        .copy_(batch.tokens[row.item].slice(0, row.token, row.token + row.tokens));
    picked[r].slice(0, 0, frames).copy_(torch::arange(before + row.first, before + row.last));
  }
  cut.scores = out.scores.flatten(0, 1)
                   .index_select(0, picked.flatten().to(out.scores.device()))
                   .view({count, most_frames, out.scores.size(2)});
  return cut;
}

}  // namespace

CtcRows whole_rows(const Outputs& out, const Batch& batch) {
  return {out.scores, out.frames, batch.tokens, batch.token_lengths, torch::arange(batch.size())};
}

CtcRows rows_by_time(const Outputs& out, const Batch& batch, const graph::Model& model,
                     double within_s) {
  const double rate_hz = model.signal.rate_hz;
  require(rate_hz > 0, ErrorCode::kInvalidArgument,
          "the model states no sampling rate, so seconds cannot become frames; leave "
          "text_within_s at 0");
  const auto period = static_cast<double>(graph::samples_per_frame(model));
  const Grid grid{period, std::llround(within_s * rate_hz / period)};
  std::vector<Row> rows;
  for (std::int64_t b = 0; b < batch.size(); ++b)
    add_rows(b, batch.said[static_cast<std::size_t>(b)], out.frames[b].item<std::int64_t>(), grid,
             rows);
  return gather(out, batch, rows);
}

}  // namespace nest::train
