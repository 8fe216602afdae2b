#include "nn/pass_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/nn/executor.h"
#include "one_node.h"

namespace nest::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Records on the host, and writes down what was asked for.
class Recorder : public testing::Test {
 protected:
  Tensors pass(const std::string& graph, std::int64_t length, std::size_t limit = 0) {
    if (recorder_ == nullptr || limit > 0) {
      const auto make = [this](const Tensors& inputs, const PlainPass& plain) {
        require(!is_refusing_, ErrorCode::kUnsupported, "it waits for the device");
        events_.push_back("record " + std::to_string(inputs[0].size(0)));
        return std::make_unique<Tape>(*this, plain(inputs));
      };
      recorder_ = std::make_unique<PassRecorder>(make, limit > 0 ? limit : 32);
    }
    return recorder_->run(graph, {torch::ones({length}), {}}, [&](const Tensors& inputs) {
      events_.push_back("plain " + std::to_string(inputs[0].size(0)));
      return Tensors{inputs[0] * 2};
    });
  }

  std::unique_ptr<PassRecorder> recorder_;
  std::vector<std::string> events_;
  bool is_refusing_ = false;

 private:
  struct Tape final : Recording {
    Tape(Recorder& at, Tensors made) : recorder(at), outputs(std::move(made)) {}
    Tensors replay(const Tensors& inputs) override {
      recorder.events_.push_back("replay " + std::to_string(inputs[0].size(0)));
      return outputs;
    }
    Recorder& recorder;
    Tensors outputs;
  };
};

TEST_F(Recorder, a_shape_is_run_then_recorded_then_replayed) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pass("step", 4)[0].equal(torch::full({4}, 2.F)));
  pass("step", 5);
  pass("other", 4);
  EXPECT_THAT(events_, ElementsAre("plain 4", "record 4", "plain 4", "replay 4", "replay 4",
                                   "plain 5", "plain 4"));
  EXPECT_EQ(recorder_->describe(), "1 passes recorded, 2 replayed");
}

TEST_F(Recorder, the_shape_used_longest_ago_goes_first) {
  pass("step", 1, 2);
  pass("step", 2);
  pass("step", 1);  // recorded, and now the last used
  pass("step", 3);  // in the place of 2
  events_.clear();
  pass("step", 1);
  pass("step", 2);
  EXPECT_THAT(events_, ElementsAre("replay 1", "plain 2"));
}

TEST_F(Recorder, a_graph_that_cannot_be_recorded_runs_plainly_and_is_named) {
  is_refusing_ = true;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pass("step", 4)[0].equal(torch::full({4}, 2.F)));
  EXPECT_THAT(events_, ElementsAre("plain 4", "plain 4", "plain 4"));
  EXPECT_EQ(recorder_->describe(),
            "0 passes recorded, 0 replayed, none of 'step': it waits for the device");
}

TEST(CudaGraphs, are_refused_in_one_sentence_without_cuda) {
  const graph::Model model = one_node(graph::Scale{2}, {{"x", {batch(), frames()}, 1}});
  try {
    TorchExecutor executor(model, {.cuda_graphs = true});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.message(), HasSubstr("cuda_graphs needs a "));
  }
}

}  // namespace
}  // namespace nest::nn
