#include <algorithm>
#include <cmath>
#include <cstring>

#include "nest/core/error.h"
#include "nest/graph/cost.h"
#include "runtime/binder.h"

/// Dot-product attention of short sequences; one task for each item and head.
namespace nest::runtime {
namespace {

class AttentionStep : public Step {
 public:
  graph::Attention op;
  std::int64_t batch = 0, queries = 0, keys = 0, width = 0;  ///< width of a head
  std::int64_t score_row = 0;                                ///< distance of two queries' weights
  Place q, k, v;
  Slot attend = kNoSlot, padded = kNoSlot, position = kNoSlot;
  Slot context = kNoSlot, weights = kNoSlot, packed = kNoSlot;
  const float* relative_k = nullptr;
  const float* relative_v = nullptr;
  std::vector<std::int64_t> value_rows;  ///< offsets of the keys' values

  void run(const Frame& f) const noexcept override {
    f.pool->run(static_cast<int>(batch * op.num_heads), [&](int task) {
      const std::int64_t b = task / op.num_heads, h = task % op.num_heads;
      if (op.kind == graph::Attention::Kind::kLinear) {
        run_linear(f, b, h);
      } else {
        run_softmax(f, b, h);
      }
    });
  }

  std::int64_t packed_floats() const {
    if (op.kind == graph::Attention::Kind::kLinear) return width * (width + 1) + 2 * width;
    const std::int64_t of_keys = (keys + kPanel - 1) / kPanel * kPanel * width;
    const std::int64_t of_values = (width + kPanel - 1) / kPanel * kPanel * keys;
    return packs_values() ? std::max(of_keys, of_values) : of_keys;
  }

 private:
  const float* head(const Frame& f, const Place& p, std::int64_t rows, std::int64_t b,
                    std::int64_t h) const noexcept {
    return f.at(p.slot) + p.begin + b * rows * p.row + h * width;
  }

  /// Keys before that of the first query.
  std::int64_t past() const noexcept { return position == kNoSlot ? 0 : keys - queries; }

  struct Range {
    std::int64_t begin, end;
  };
  /// Keys that query i may look at by its position. Softmax and sums run over these alone, so that
  /// their order, and so every bit, depends on the positions but not on where the keys lie.
  Range in_reach(const Frame& f, std::int64_t i) const noexcept {
    const std::int64_t before = position == kNoSlot ? 0 : *f.at<std::int64_t>(position);
    const std::int64_t first = past() - before;  // key of position 0
    const std::int64_t own = past() + i;
    Range r{std::max<std::int64_t>(0, first), keys};
    if (op.left >= 0) r.begin = std::max(r.begin, own - op.left);
    if (op.right >= 0) r.end = std::min(r.end, own + op.right + 1);
    if (op.chunk > 0) {
      const std::int64_t chunk = (before + i) / op.chunk;
      r.end = std::min(r.end, first + (chunk + 1) * op.chunk);
      if (op.left_chunks >= 0)
        r.begin = std::max(r.begin, first + (chunk - op.left_chunks) * op.chunk);
    }
    r.end = std::max(r.begin, r.end);
    return r;
  }
  bool is_masked() const noexcept { return attend != kNoSlot || padded != kNoSlot; }
  /// Whether the masks let query i look at key j.
  bool may_attend(const Frame& f, std::int64_t b, std::int64_t i, std::int64_t j) const noexcept {
    if (attend != kNoSlot && !f.at<bool>(attend)[(b * queries + i) * keys + j]) return false;
    return padded == kNoSlot || !f.at<bool>(padded)[b * keys + j];
  }

  void run_softmax(const Frame& f, std::int64_t b, std::int64_t h) const noexcept {
    float* scores = f.at(weights) + (b * op.num_heads + h) * queries * score_row;
    const float* query = head(f, q, queries, b, h);
    pack_keys(f, b, h);
    GemmArgs g;
    g.m = static_cast<int>(queries);
    g.n = static_cast<int>(keys);
    g.k = static_cast<int>(width);
    g.a = query;
    g.lda = q.row;
    g.b = f.at(packed) + (b * op.num_heads + h) * packed_floats();
    g.c = scores;
    g.ldc = score_row;
    const float factor = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
    if (relative_k == nullptr) g.epilogue.alpha = factor;
    f.kernels->gemm_f32(g);
    if (relative_k != nullptr) add_relative(f, query, scores, factor);
    for (std::int64_t i = 0; i < queries; ++i) normalize(f, b, i, scores + i * score_row);
    float* out = f.at(context) + b * queries * op.embed_dim + h * width;
    sum_values(f, b, h, scores, out);
    if (relative_v == nullptr) return;
    for (std::int64_t i = 0; i < queries; ++i)
      for (std::int64_t j = 0; j < keys; ++j)
        f.kernels->axpy(scores[i * score_row + j], relative_v + clipped(i, j) * width,
                        out + i * op.embed_dim, width);
  }

  /// Rows of values are read again for every few queries and lie so far apart that many of them
  /// share a cache set. For many queries they come side by side, where the keys were until then.
  bool packs_values() const noexcept { return queries >= kManyQueries; }
  static constexpr std::int64_t kManyQueries = 16;

  void sum_values(const Frame& f, std::int64_t b, std::int64_t h, const float* scores,
                  float* out) const noexcept {
    GemmArgs g;
    g.m = static_cast<int>(queries);
    g.n = static_cast<int>(width);
    g.k = static_cast<int>(keys);
    g.a = scores;
    g.lda = score_row;
    g.c = out;
    g.ldc = op.embed_dim;
    const float* value = head(f, v, keys, b, h);
    if (packs_values()) {
      float* panels = f.at(packed) + (b * op.num_heads + h) * packed_floats();
      pack_values(value, panels);
      g.b = panels;
      f.kernels->gemm_f32(g);
    } else {
      g.b = value;
      g.b_size = (batch - b) * keys * v.row - v.begin - h * width;
      g.offsets = value_rows.data();
      f.kernels->conv(g);
    }
  }
  void pack_values(const float* value, float* panel) const noexcept {
    for (std::int64_t c = 0; c < width; c += kPanel)
      for (std::int64_t j = 0; j < keys; ++j, panel += kPanel) {
        const std::int64_t count = std::min<std::int64_t>(kPanel, width - c);
        std::copy_n(value + j * v.row + c, count, panel);
        std::fill(panel + count, panel + (count + 15) / 16 * 16, 0.0f);
      }
  }

  /// Keys of one head, transposed into panels.
  void pack_keys(const Frame& f, std::int64_t b, std::int64_t h) const noexcept {
    float* panel = f.at(packed) + (b * op.num_heads + h) * packed_floats();
    const float* key = head(f, k, keys, b, h);
    for (std::int64_t j0 = 0; j0 < keys; j0 += kPanel, panel += kPanel * width) {
      const std::int64_t count = std::min<std::int64_t>(kPanel, keys - j0);
      const std::int64_t vectors = (count + 15) / 16 * 16;  // tiles read whole vectors
      for (std::int64_t d = 0; d < width && count < vectors; ++d)
        std::fill(panel + d * kPanel + count, panel + d * kPanel + vectors, 0.0f);
      f.kernels->transpose(key + j0 * k.row, k.row, count, width, panel, kPanel);
    }
  }

  std::int64_t clipped(std::int64_t i, std::int64_t j) const noexcept {
    return std::clamp(j - past() - i, -op.max_distance, op.max_distance) + op.max_distance;
  }
  void add_relative(const Frame& f, const float* query, float* scores,
                    float factor) const noexcept {
    for (std::int64_t i = 0; i < queries; ++i)
      for (std::int64_t j = 0; j < keys; ++j) {
        float& score = scores[i * score_row + j];
        score += f.kernels->dot(query + i * q.row, relative_k + clipped(i, j) * width, width);
        score *= factor;
      }
  }

  void normalize(const Frame& f, std::int64_t b, std::int64_t i, float* row) const noexcept {
    const Range reach = in_reach(f, i);
    bool any = !is_masked() && reach.end > reach.begin;
    for (std::int64_t j = reach.begin; j < reach.end && is_masked(); ++j) {
      const bool allowed = may_attend(f, b, i, j);
      any = any || allowed;
      if (!allowed) row[j] = -3e38f;
    }
    std::fill(row, row + (any ? reach.begin : keys), 0.0f);
    if (!any) return;
    std::fill(row + reach.end, row + keys, 0.0f);
    float* inside = row + reach.begin;
    const std::int64_t count = reach.end - reach.begin;
    f.kernels->softmax(inside, inside, count);
    for (std::int64_t j = reach.begin; j < reach.end && is_masked(); ++j) {
      if (!may_attend(f, b, i, j)) row[j] = 0;
    }
  }

  /// Keys are absorbed into the running sums once if every query sees all, or if each sees one more
  /// than the query before; else anew for every query.
  void run_linear(const Frame& f, std::int64_t b, std::int64_t h) const noexcept {
    float* state = f.at(packed) + (b * op.num_heads + h) * packed_floats();
    float* norm = state + width * width;  // sum of phi(k)
    float* feature = norm + width;
    Range done{0, 0};
    for (std::int64_t i = 0; i < queries; ++i) {
      const Range reach = in_reach(f, i);
      const bool goes_on = i > 0 && attend == kNoSlot && reach.begin == done.begin;
      if (!goes_on) {
        std::memset(state, 0, static_cast<std::size_t>(width * (width + 1)) * sizeof(float));
        done = {reach.begin, reach.begin};
      }
      for (; done.end < reach.end; ++done.end) {
        if (may_attend(f, b, i, done.end)) absorb_key(f, b, h, done.end, state, feature);
      }
      phi(f, head(f, q, queries, b, h) + i * q.row, feature);
      const float scale = 1.0f / (f.kernels->dot(feature, norm, width) + 1e-6f);
      float* out = f.at(context) + (b * queries + i) * op.embed_dim + h * width;
      std::memset(out, 0, static_cast<std::size_t>(width) * sizeof(float));
      for (std::int64_t d = 0; d < width; ++d)
        f.kernels->axpy(feature[d] * scale, state + d * width, out, width);
    }
  }
  void phi(const Frame& f, const float* x, float* y) const noexcept {
    f.kernels->activate(Act::kElu, x, y, width);
    for (std::int64_t d = 0; d < width; ++d) y[d] += 1;
  }
  void absorb_key(const Frame& f, std::int64_t b, std::int64_t h, std::int64_t j, float* state,
                  float* feature) const noexcept {
    phi(f, head(f, k, keys, b, h) + j * k.row, feature);
    const float* value = head(f, v, keys, b, h) + j * v.row;
    for (std::int64_t d = 0; d < width; ++d)
      f.kernels->axpy(feature[d], value, state + d * width, width);
    f.kernels->axpy(1.0f, feature, state + width * width, width);
  }
};

/// Products of scores and context run over all keys, whatever the positions allow.
double macs_of_head(const AttentionStep& step) {
  if (step.op.kind == graph::Attention::Kind::kLinear) {
    const graph::AttentionReach reach =
        graph::attention_reach(step.op, step.queries, step.keys, step.position != kNoSlot);
    return static_cast<double>(reach.absorbed * step.width * step.width +
                               step.queries * step.width * (step.width + 1));
  }
  const std::int64_t sums = step.op.kind == graph::Attention::Kind::kRelative ? 4 : 2;
  return static_cast<double>(sums * step.queries * step.keys * step.width);
}

}  // namespace

void emit_attention(Binder& binder, const LoweredNode& node) {
  AttentionStep step;
  step.op = std::get<graph::Attention>(node.op);
  const Shape q = binder.shape(node.inputs[0]), k = binder.shape(node.inputs[1]);
  step.batch = q[0];
  step.queries = q[1];
  step.keys = k[1];
  step.width = step.op.embed_dim / step.op.num_heads;
  step.q = binder.place(node.inputs[0]);
  step.k = binder.place(node.inputs[1]);
  step.v = binder.place(node.inputs[2]);
  if (node.inputs.size() > 3) step.attend = binder.place(node.inputs[3]).slot;
  if (node.inputs.size() > 4) step.padded = binder.place(node.inputs[4]).slot;
  if (node.inputs.size() > 5) step.position = binder.place(node.inputs[5]).slot;
  require(step.position == kNoSlot || step.keys >= step.queries, ErrorCode::kInvalidArgument,
          "{} keys end with those of {} queries", step.keys, step.queries);
  step.context = binder.define(node.outputs[0]).slot;
  if (binder.is_used(node.outputs[1])) {
    step.score_row = step.keys;
    step.weights = binder.define(node.outputs[1]).slot;
  } else if (step.op.kind != graph::Attention::Kind::kLinear) {
    // Whole vectors: a row is read while the one before it is still being stored.
    step.score_row = (step.keys + 15) / 16 * 16;
    step.weights =
        binder.scratch(step.batch * step.op.num_heads * step.queries * step.score_row * 4);
  }
  if (step.op.kind == graph::Attention::Kind::kRelative) {
    step.relative_k = binder.floats(node, 0, "relative_k");
    step.relative_v = binder.floats(node, 1, "relative_v");
  }
  for (std::int64_t j = 0; j < step.keys; ++j) step.value_rows.push_back(j * step.v.row);
  step.packed = binder.scratch(step.batch * step.op.num_heads * step.packed_floats() * 4);
  step.executed_macs = static_cast<double>(step.batch * step.op.num_heads) * macs_of_head(step);
  const auto detail = fmt::format("attention fp32 {} heads, {} queries, {} keys", step.op.num_heads,
                                  step.queries, step.keys);
  std::vector<Slot> reads{step.q.slot, step.k.slot, step.v.slot,
                          step.attend, step.padded, step.position};
  std::vector<Slot> writes{step.context, step.weights, step.packed};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
