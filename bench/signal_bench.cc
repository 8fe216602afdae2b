// Online filter: 128 channels x 100 samples, band-pass of order 4 and notch (five sections).
// bench/signal_vs_scipy.py runs this and SciPy side by side.
#include <benchmark/benchmark.h>

#include "nest/core/rng.h"
#include "nest/signal/design.h"
#include "nest/signal/filter.h"

namespace {

template <class T>
void online_filter(benchmark::State& state) {
  nest::signal::Sos sos =
      nest::signal::design_butterworth(4, nest::signal::BandKind::kBandpass, {0.5, 40.0}, 500.0);
  sos.push_back(nest::signal::design_notch(50.0, 30.0, 500.0));
  nest::signal::SosFilter filter(sos, 128);
  nest::Tensor in(nest::dtype_of<T>(), {128, 100});
  nest::Tensor out(nest::dtype_of<T>(), {128, 100});
  nest::Rng rng(1);
  for (T& value : in.mutable_data<T>()) value = static_cast<T>(rng.normal());
  const nest::signal::SignalView<const T> from(in.data<T>().data(), 128, 100);
  const nest::signal::SignalView<T> to(out.mutable_data<T>().data(), 128, 100);
  for (auto _ : state) {
    filter.process(from, to);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 128 * 100);
}
BENCHMARK(online_filter<float>)->Unit(benchmark::kMicrosecond);
BENCHMARK(online_filter<double>)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
