#include "nest/recognize/output_reference.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/recognize/toy.h"

namespace nest::recognize {
namespace {

std::shared_ptr<const runtime::PreparedModel> prepared(graph::Model model,
                                                       graph::Precision precision) {
  model.quantization.precision = precision;
  return runtime::prepare(std::move(model));
}

TEST(OutputReference, a_model_is_at_no_distance_from_itself_and_fewer_bits_are_further) {
  const graph::Model model = toy::ctc_model();
  const OutputReference reference(model, {toy::signal(2), toy::signal(3)});
  EXPECT_EQ(reference.compare(prepared(model, graph::Precision::kFp32)).divergence, 0);
  const OutputDistance half = reference.compare(prepared(model, graph::Precision::kBf16));
  const OutputDistance four = reference.compare(prepared(model, graph::Precision::kInt4));
  EXPECT_GT(half.divergence, 0);
  EXPECT_GT(four.divergence, half.divergence);
  EXPECT_GT(four.ms, 0);
}

TEST(OutputReference, nothing_to_compare_is_an_error) {
  const graph::Model model = toy::ctc_model();
  EXPECT_THROW(OutputReference(model, {}), Error);
  EXPECT_THROW(OutputReference(toy::lm_model(*toy::tokenizer()), {toy::signal(2)}), Error);
}

}  // namespace
}  // namespace nest::recognize
