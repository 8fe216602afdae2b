#include "filter_bank.h"

#include <algorithm>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "correlate.h"

namespace nest::nn {
namespace {

struct Geometry {
  std::int64_t batch, groups, multiplier, rows, samples, taps, pad_left, pad_right, out_samples;
  std::int64_t channels() const { return groups * multiplier; }
};

Geometry geometry(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t pad_left,
                  std::int64_t pad_right) {
  const std::int64_t taps = weight.size(1);
  return {x.size(0), x.size(1), weight.size(0) / x.size(1),
          x.size(2), x.size(3), taps,
          pad_left,  pad_right, x.size(3) + pad_left + pad_right - taps + 1};
}

/// A row between zeros, with the slop that correlate() may read.
template <class T>
class PaddedRow {
 public:
  PaddedRow(std::int64_t left, std::int64_t length, std::int64_t right)
      : left_(left),
        length_(length),
        values_(static_cast<std::size_t>(left + length + right + kCorrelateSlop), T{0}) {}
  const T* fill(const T* row) {
    std::copy_n(row, length_, values_.begin() + left_);
    return values_.data();
  }

 private:
  std::int64_t left_, length_;
  std::vector<T> values_;
};

template <class T>
void run_forward(const Geometry& g, const T* x, const T* weight, T* y) {
  const std::int64_t signals = g.batch * g.groups * g.rows;
  at::parallel_for(0, signals, 1, [&](std::int64_t begin, std::int64_t end) {
    PaddedRow<T> row(g.pad_left, g.samples, g.pad_right);
    for (std::int64_t n = begin; n < end; ++n) {
      const std::int64_t s = n % g.rows;
      const std::int64_t bg = n / g.rows;
      const std::int64_t group = bg % g.groups;
      correlate({.x = row.fill(x + n * g.samples),
                 .filters = weight + group * g.multiplier * g.taps,
                 .filter_stride = g.taps,
                 .num_filters = g.multiplier,
                 .taps = g.taps,
                 .out = y + (bg * g.multiplier * g.rows + s) * g.out_samples,
                 .out_stride = g.rows * g.out_samples,
                 .out_length = g.out_samples,
                 .accumulate = false});
    }
  });
}

/// Sums over time with the roles of filter and output exchanged; one partial sum an item, added in
/// order, so that threads do not change the result.
template <class T>
void run_weight_gradient(const Geometry& g, const T* x, const T* dy, T* partial) {
  at::parallel_for(0, g.batch * g.groups, 1, [&](std::int64_t begin, std::int64_t end) {
    PaddedRow<T> row(g.pad_left, g.samples, g.pad_right);
    for (std::int64_t bg = begin; bg < end; ++bg) {
      for (std::int64_t s = 0; s < g.rows; ++s) {
        correlate({.x = row.fill(x + (bg * g.rows + s) * g.samples),
                   .filters = dy + (bg * g.multiplier * g.rows + s) * g.out_samples,
                   .filter_stride = g.rows * g.out_samples,
                   .num_filters = g.multiplier,
                   .taps = g.out_samples,
                   .out = partial + bg * g.multiplier * g.taps,
                   .out_stride = g.taps,
                   .out_length = g.taps,
                   .accumulate = true});
      }
    }
  });
}

template <class T>
void run_input_gradient(const Geometry& g, const T* flipped, const T* dy, T* dx) {
  const std::int64_t signals = g.batch * g.groups * g.rows;
  at::parallel_for(0, signals, 1, [&](std::int64_t begin, std::int64_t end) {
    PaddedRow<T> row(g.taps - 1 - g.pad_left, g.out_samples, g.taps - 1 - g.pad_right);
    for (std::int64_t n = begin; n < end; ++n) {
      const std::int64_t s = n % g.rows;
      const std::int64_t bg = n / g.rows;
      for (std::int64_t m = 0; m < g.multiplier; ++m) {
        const std::int64_t channel = (bg % g.groups) * g.multiplier + m;
        correlate({.x = row.fill(dy + ((bg * g.multiplier + m) * g.rows + s) * g.out_samples),
                   .filters = flipped + channel * g.taps,
                   .filter_stride = g.taps,
                   .num_filters = 1,
                   .taps = g.taps,
                   .out = dx + n * g.samples,
                   .out_stride = 0,
                   .out_length = g.samples,
                   .accumulate = true});
      }
    }
  });
}

class FilterBank : public torch::autograd::Function<FilterBank> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, std::int64_t pad_left,
                               std::int64_t pad_right) {
    const torch::Tensor xc = x.contiguous();
    const torch::Tensor wc = weight.contiguous();
    const Geometry g = geometry(xc, wc, pad_left, pad_right);
    torch::Tensor y = torch::empty({g.batch, g.channels(), g.rows, g.out_samples}, xc.options());
    AT_DISPATCH_FLOATING_TYPES(xc.scalar_type(), "filter_bank", [&] {
      run_forward<scalar_t>(g, xc.data_ptr<scalar_t>(), wc.data_ptr<scalar_t>(),
                            y.data_ptr<scalar_t>());
    });
    context->save_for_backward({xc, wc});
    context->saved_data["pad_left"] = pad_left;
    context->saved_data["pad_right"] = pad_right;
    context->saved_data["needs_dx"] = x.requires_grad();
    context->saved_data["needs_dw"] = weight.requires_grad();
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const torch::Tensor& x = saved[0];
    const torch::Tensor& weight = saved[1];
    const torch::Tensor dy = grads[0].contiguous();
    const Geometry g = geometry(x, weight, context->saved_data["pad_left"].toInt(),
                                context->saved_data["pad_right"].toInt());
    torch::Tensor dx;
    torch::Tensor dw;
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "filter_bank_backward", [&] {
      if (context->saved_data["needs_dw"].toBool()) {
        torch::Tensor partial = torch::zeros({g.batch, g.channels(), g.taps}, x.options());
        run_weight_gradient<scalar_t>(g, x.data_ptr<scalar_t>(), dy.data_ptr<scalar_t>(),
                                      partial.data_ptr<scalar_t>());
        dw = partial.sum(0);
      }
      if (context->saved_data["needs_dx"].toBool()) {
        const torch::Tensor flipped = weight.flip({1}).contiguous();
        dx = torch::zeros_like(x);
        run_input_gradient<scalar_t>(g, flipped.data_ptr<scalar_t>(), dy.data_ptr<scalar_t>(),
                                     dx.data_ptr<scalar_t>());
      }
    });
    return {dx, dw, {}, {}};
  }
};

}  // namespace

torch::Tensor filter_bank(const torch::Tensor& x, const torch::Tensor& weight,
                          std::int64_t pad_left, std::int64_t pad_right) {
  return FilterBank::apply(x, weight, pad_left, pad_right);
}

}  // namespace nest::nn
