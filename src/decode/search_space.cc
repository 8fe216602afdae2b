#include "nest/decode/search_space.h"

#include "executor_scorers.h"

namespace nest::decode {

ModelSearchSpace::ModelSearchSpace(graph::Executor& executor) {
  const graph::Model& model = executor.model();
  space_.family = model.family;
  space_.vocab_size = model.vocabulary.size;
  space_.blank_id = static_cast<TokenId>(model.vocabulary.blank_id);
  space_.sos_id = static_cast<TokenId>(model.vocabulary.sos_id);
  space_.eos_id = static_cast<TokenId>(model.vocabulary.eos_id);
  if (model.family == graph::Family::kAttention) {
    attention_ = std::make_unique<ExecutorStepScorer>(executor);
    space_.attention = attention_.get();
  } else if (model.family == graph::Family::kTransducer) {
    transducer_ = std::make_unique<ExecutorTransducerScorer>(executor);
    space_.transducer = transducer_.get();
  }
}

}  // namespace nest::decode
