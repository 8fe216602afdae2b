// What holds for every options struct of this module.
#include "nest/profile/bench.h"
#include "nest/profile/comparison.h"
#include "nest/profile/contender.h"
#include "nest/profile/profile_run.h"
#include "nest/profile/work.h"
#include "tests/support/options_laws.h"

namespace nest::profile {
namespace {

TEST(ProfileOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  WorkOptions work;
  work.graph = "decoder_step";
  work.batch = 2;
  work.length = 77;
  work.steps = 3;
  test::expect_options_laws(WorkOptions{}, work);
  BenchOptions bench;
  bench.precisions = {"int8", "int8-static"};
  bench.prepare.rewrite = false;
  bench.machine.isa = "generic";
  bench.peers = {"onnxruntime"};
  bench.peer_command = "node peer.cjs";
  bench.onnx_dir = "onnx";
  bench.layers = true;
  test::expect_options_laws(BenchOptions{}, bench);
  test::expect_options_laws(ComparisonOptions{}, ComparisonOptions{9, 3, 0, 1, 1e-3});
  test::expect_options_laws(LayerTimingOptions{}, LayerTimingOptions{3, 4});
  ThroughputOptions throughput{.batch_sizes = {2, 3}, .runs = 9, .max_warmup_s = 1};
  test::expect_options_laws(ThroughputOptions{}, throughput);
  ProfileOptions profile;
  profile.work = work;
  profile.timing = {3, 4};
  profile.no_timing = profile.throughput = true;
  profile.batches = throughput;
  test::expect_options_laws(ProfileOptions{}, profile);
  test::expect_options_laws(PeerOptions{}, PeerOptions{{"node", "peer.cjs"}, "m.onnx", 2});
}

}  // namespace
}  // namespace nest::profile
