// pruning MODEL DATA FOLDER: the specification's "Model Pruning".
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <nest/compress/figures.h>
#include <nest/compress/iterative_pruner.h>
#include <nest/compress/lottery_ticket_pruner.h>
#include <nest/compress/sensitivity_pruner.h>
#include <nest/compress/structured_pruner.h>
#include <nest/core/error.h>
#include <nest/deploy/model_file.h>
#include <nest/eval/compression_report.h>
#include <nest/eval/summary.h>
#include <nest/recognize/bundle.h>
#include <nest/train/fine_tuner.h>

#include "promise.h"

using namespace nest;

namespace {

void magnitude(const graph::Model& model, const std::filesystem::path& folder) {
  compress::MagnitudePruner pruner(model, {.amount = 0.3});
  pruner.prune();  // Prune 30% of weights
  const compress::Sparsity sparsity = pruner.compute_sparsity();
  std::printf("Sparsity: %.2f %%\n", 100 * sparsity.overall);
  promise(std::abs(sparsity.overall - 0.3) < 0.001, "prunes 30 % of the weights, to 0.1 %");
  pruner.make_permanent();  // Remove pruning masks
  deploy::save_model(pruner.model(), folder / "pruned.pt");
  promise(deploy::load_model(folder / "pruned.pt").num_parameters() == model.num_parameters(),
          "make_permanent leaves a plain model");
}

void structured(const graph::Model& model) {
  compress::StructuredPruner pruner(model, {.amount = 0.3});
  pruner.prune();  // Prune 30% of channels
  const graph::Model& smaller = pruner.make_permanent();
  const auto before = compress::figures_of(model), after = compress::figures_of(smaller);
  std::printf("parameters %lld -> %lld, MACs %lld -> %lld\n",
              static_cast<long long>(before.parameters), static_cast<long long>(after.parameters),
              static_cast<long long>(before.macs), static_cast<long long>(after.macs));
  promise(after.parameters < before.parameters && after.macs < before.macs,
          "entire channels are removed: fewer parameters and fewer MACs");
}

void iterative(const graph::Model& model, const compress::TrainFn& train_function,
               const compress::ValidateFn& validation_function) {
  compress::IterativePruner pruner(model, {.magnitude = {.amount = 0.5}, .iterations = 2});
  const auto results = pruner.prune_and_finetune(train_function, validation_function);
  for (const compress::PruneIteration& result : results)
    std::printf("iteration %lld: sparsity %.2f %%, CER %.2f %%\n",
                static_cast<long long>(result.iteration), 100 * result.sparsity,
                100 * result.error);
  promise(results.size() == 2 && results[0].sparsity < results[1].sparsity,
          "gradual pruning with fine-tuning between");
  promise(std::abs(pruner.compute_sparsity().overall - 0.5) < 0.001, "reaches the target sparsity");
}

void sensitivity(const graph::Model& model, const compress::ValidateFn& val_fn) {
  compress::SensitivityPruner pruner(model, {.magnitude = {.amount = 0.5}});
  // Compute layer sensitivities
  const auto sensitivities = pruner.compute_sensitivity(val_fn, 0.1);
  // Prune less sensitive layers more aggressively
  pruner.prune(sensitivities);
  promise(sensitivities.size() == compress::prunable_weights(model).size(),
          "a sensitivity for each layer");
  promise(std::abs(pruner.compute_sparsity().overall - 0.5) < 0.001,
          "amounts by layer meet the target together");
}

void lottery(const graph::Model& model, const compress::TrainFn& train_function,
             const compress::ValidateFn& validation_function) {
  compress::LotteryTicketPruner pruner(model, {.magnitude = {.amount = 0.5}, .rounds = 1});
  pruner.prune_and_finetune(train_function, validation_function);
  const Tensor& start = model.weights.at(compress::prunable_weights(model)[0].name);
  const Tensor& ticket = pruner.model().weights.at(compress::prunable_weights(model)[0].name);
  bool is_rewound = true;
  for (std::size_t i = 0; i < start.data<float>().size(); ++i)
    is_rewound = is_rewound && (ticket.data<float>()[i] == 0 ||
                                ticket.data<float>()[i] == start.data<float>()[i]);
  promise(is_rewound, "survivors of the lottery have their early values");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) return std::fprintf(stderr, "usage: pruning MODEL DATA FOLDER\n"), 2;
  const std::filesystem::path folder = argv[3];
  std::filesystem::create_directories(folder);
  const graph::Model model = recognize::load_weights(argv[1]);
  const auto bundle = recognize::make_bundle(recognize::make_runnable(model));
  const auto valid = eval::open_eval_set(argv[2], {.split = "valid"}, model);
  const auto validation_function = [&](const graph::Model& now) {
    const eval::Results results = eval::errors_of(bundle, now, valid);
    return eval::summarize(results, results.options.summary).metrics.cer();
  };
  train::FineTuner tuner(argv[2], model, {.epochs = 1});
  int runs = 0;
  const auto train_function = [&](const graph::Model& now, const TensorMap& masks,
                                  std::int64_t steps) {
    return tuner.train(now, masks, folder / std::to_string(++runs), steps);
  };
  magnitude(model, folder);
  structured(model);
  iterative(model, train_function, validation_function);
  sensitivity(model, validation_function);
  lottery(model, train_function, validation_function);
} catch (const Error& error) {
  std::fprintf(stderr, "pruning: %s\n", error.what());
  return exit_code(error.code());
}
