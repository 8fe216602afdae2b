// A peer in a few lines of Python speaks the protocol of tools/peers/README.md.
#include <fstream>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/profile/contender.h"
#include "small_model.h"
#include "tests/support/temp_dir.h"

namespace nest::profile {
namespace {

constexpr const char* kPeer = R"(
import json, struct, sys
def say(x): print(json.dumps(x), flush=True)
say({"peer": "echo", "version": "1"})
for line in sys.stdin:
    request = json.loads(line)
    if "open" in request:
        job = request
        if open(job["open"]).read() != "model": say({"error": "not a model"}); continue
        say({"ok": True})
    elif "run" in request: say({"ms": [float(job["steps"])] * request["run"]})
    else:
        entry = dict(job["inputs"]["encoder_output"])
        say({"outputs": {"y": entry}})
)";

class Peer : public testing::Test {
 protected:
  Peer() {
    std::ofstream(dir_ / "peer.py") << kPeer;
    std::ofstream(dir_ / "model.onnx") << "model";
    options_ = {{"python3", (dir_ / "peer.py").string()}, dir_ / "model.onnx", 1};
  }
  std::unique_ptr<Contender> make() const { return peer_contender("peer", options_, work_); }
  void expect_error(ErrorCode code, const std::string& part) const {
    try {
      make();
      FAIL() << "expected an error with: " << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }

  test::TempDir dir_;
  PeerOptions options_;
  Work work_ =
      make_work(small_model(), {.graph = "decoder_step", .batch = 2, .length = 5, .steps = 3});
};

TEST_F(Peer, gets_the_inputs_and_answers_times_and_outputs) {
  const auto peer = make();
  EXPECT_EQ(peer->run(4), std::vector<double>(4, 3.0));
  EXPECT_TRUE(bit_equal(peer->outputs().at("y"), work_.inputs.at("encoder_output")));
  EXPECT_EQ(peer->info().at("peer"), "echo");
  EXPECT_EQ(peer->info().at("model_bytes"), 5);
}

TEST_F(Peer, two_at_once_end_in_any_order) {
  auto first = make();
  const auto second = make();
  first.reset();
  EXPECT_EQ(second->run(1).size(), 1u);
}

TEST_F(Peer, a_missing_program_or_model_is_an_error_with_a_remedy) {
  options_.command = {"/no/such/program"};
  expect_error(ErrorCode::kNotFound, "tools/peers/README.md");
  options_.model = dir_ / "absent.onnx";
  expect_error(ErrorCode::kNotFound, "make_onnx.py");
}

TEST_F(Peer, its_own_error_is_passed_on) {
  std::ofstream(dir_ / "model.onnx") << "junk";
  expect_error(ErrorCode::kUnsupported, "not a model");
}

TEST_F(Peer, a_peer_that_dies_is_an_error) {
  std::ofstream(dir_ / "peer.py") << "print('{}', flush=True)";
  expect_error(ErrorCode::kIo, "ended before it answered (exit code 0)");
}

}  // namespace
}  // namespace nest::profile
