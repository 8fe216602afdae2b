#include "nest/train/trainer.h"

#include <filesystem>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <torch/torch.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/deploy/model_file.h"
#include "nest/io/checkpoint.h"
#include "nest/train/objective.h"
#include "tests/support/largest_difference.h"
#include "tests/support/temp_dir.h"
#include "toy.h"

namespace nest::train {
namespace {

namespace fs = std::filesystem;

fs::path run_folder(const std::string& name) {
  const fs::path path = test::process_temp_dir() / ("nest_train_" + name);
  fs::remove_all(path);
  return path;
}

class Family : public ::testing::TestWithParam<std::string> {};

TEST_P(Family, learns_the_toy_language) {
  const MemorySource training(toy_examples(48));
  const MemorySource validation(toy_examples(12, 2));
  TrainOptions options = toy_options(8);
  options.label_smoothing = 0.02;
  options.sampling = 0.2;
  Trainer trainer(toy_model(GetParam()), {&training, &validation, nullptr}, options,
                  run_folder(GetParam()));
  const TrainResult result = trainer.run();
  EXPECT_TRUE(result.is_finished);
  const double first = result.history.front().at("train_loss").get<double>();
  const double last = result.history.back().at("train_loss").get<double>();
  EXPECT_LT(last, 0.5 * first);
  EXPECT_LT(result.best_score, 0.7 * first);
}

INSTANTIATE_TEST_SUITE_P(Families, Family,
                         ::testing::Values("nest_ctc", "nest_rnn_t", "nest_attention"));

TEST(Trainer, a_stopped_and_resumed_run_equals_one_that_was_not_bit_for_bit) {
  const MemorySource training(toy_examples(22));
  const MemorySource validation(toy_examples(6, 2));
  TrainOptions options = toy_options(3);
  options.optimizer.ema_decay = 0.9;
  options.schedule.schedule = ScheduleKind::kPlateau;
  options.augment.noise = 0.1;
  options.augment.shift_samples = 3;
  const TrainData data{&training, &validation, nullptr};
  const fs::path whole_out = run_folder("whole");
  Trainer whole(toy_model("nest_ctc", 0.3), data, options, whole_out);
  const TrainResult expected = whole.run();

  const fs::path out = run_folder("stopped");
  for (const std::int64_t steps : {2, 9, 0}) {
    TrainOptions part = options;
    part.max_steps = steps;
    Trainer trainer(toy_model("nest_ctc", 0.3), data, part, out);
    if (steps != 2) trainer.resume();
    const TrainResult result = trainer.run();
    EXPECT_EQ(result.is_finished, steps == 0);
    if (steps != 0) continue;
    EXPECT_EQ(result.best_score, expected.best_score);
    const TensorMap a = whole.executor().snapshot().weights;
    const TensorMap b = trainer.executor().snapshot().weights;
    for (const auto& [name, value] : a) EXPECT_TRUE(bit_equal(value, b.at(name))) << name;
  }
  const TensorMap a = io::read_checkpoint(whole_out / "best.pt").state_dict;
  const TensorMap b = io::read_checkpoint(out / "best.pt").state_dict;
  for (const auto& [name, value] : a) EXPECT_TRUE(bit_equal(value, b.at(name))) << name;
}

TEST(Trainer, a_requested_stop_ends_the_run_after_the_step_and_keeps_it_resumable) {
  const MemorySource training(toy_examples(22));
  const fs::path out = run_folder("asked");
  std::stop_source stop;
  const Job job{[&](const ProgressReport& report) {
                  if (report.title == "epoch 2/3" && report.done == 1) stop.request_stop();
                },
                stop.get_token()};
  Trainer trainer(toy_model("nest_ctc"), {&training, nullptr, nullptr}, toy_options(3), out);
  const TrainResult result = trainer.run(job);
  EXPECT_TRUE(result.is_interrupted);
  EXPECT_FALSE(result.is_finished);
  EXPECT_EQ(result.epochs, 1);
  Trainer resumed(toy_model("nest_ctc"), {&training, nullptr, nullptr}, toy_options(3), out);
  resumed.resume();
  EXPECT_TRUE(resumed.run().is_finished);
}

TEST(Trainer, resuming_with_other_options_is_refused_by_name) {
  const MemorySource training(toy_examples(8));
  const fs::path out = run_folder("options");
  Trainer(toy_model("nest_ctc"), {&training, nullptr, nullptr}, toy_options(1), out).run();
  TrainOptions other = toy_options(1);
  other.batch_size = 3;
  Trainer trainer(toy_model("nest_ctc"), {&training, nullptr, nullptr}, other, out);
  try {
    trainer.resume();
    FAIL() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("batch_size"), std::string::npos) << error.what();
  }
}

TEST(Trainer, a_run_goes_on_to_more_epochs_as_if_it_had_been_started_with_them) {
  const MemorySource training(toy_examples(12));
  const TrainData data{&training, nullptr, nullptr};
  TrainOptions options = toy_options(4);
  options.schedule.schedule = ScheduleKind::kConstant;
  Trainer whole(toy_model("nest_ctc"), data, options, run_folder("four"));
  whole.run();
  const fs::path out = run_folder("extended");
  options.epochs = 2;
  EXPECT_TRUE(Trainer(toy_model("nest_ctc"), data, options, out).run().is_finished);
  options.epochs = 4;
  Trainer extended(toy_model("nest_ctc"), data, options, out);
  extended.resume();
  EXPECT_EQ(extended.run().epochs, 4);
  const TensorMap expected = whole.executor().snapshot().weights;
  for (const auto& [name, value] : extended.executor().snapshot().weights) {
    EXPECT_TRUE(bit_equal(value, expected.at(name))) << name;
  }
  options.epochs = 3;
  Trainer fewer(toy_model("nest_ctc"), data, options, out);
  EXPECT_THAT([&] { fewer.resume(); }, testing::ThrowsMessage<Error>(
                                           testing::HasSubstr("4 epochs are done; `epochs` is 3")));
}

TEST(Trainer, other_examples_cannot_be_gone_on_with_and_the_remedy_is_named) {
  const MemorySource few(toy_examples(8));
  const MemorySource more(toy_examples(9));
  const fs::path out = run_folder("examples");
  Trainer(toy_model("nest_ctc"), {&few, nullptr, nullptr}, toy_options(1), out).run();
  Trainer trainer(toy_model("nest_ctc"), {&more, nullptr, nullptr}, toy_options(1), out);
  EXPECT_THAT([&] { trainer.resume(); },
              testing::ThrowsMessage<Error>(
                  testing::AllOf(testing::HasSubstr("the run began with examples = 8, not 9"),
                                 testing::HasSubstr("`init` " + (out / "last.pt").string()))));
}

TEST(EpochText, is_one_readable_line) {
  Json entry = {{"epoch", 3},      {"step", 30},     {"train_loss", 1.25}, {"learning_rate", 0.002},
                {"utterances", 8}, {"skipped", 0.0}, {"seconds", 12.2}};
  EXPECT_EQ(epoch_text(entry, 20), "epoch 3/20: training loss 1.25, learning rate 0.002, 12 s");
  entry.update({{"loss", 1.5}, {"wer", 0.5}, {"cer", 0.125}, {"skipped", 2.0}, {"is_best", true}});
  EXPECT_EQ(epoch_text(entry, 20),
            "epoch 3/20: training loss 1.25, validation loss 1.5, WER 50.0 %, CER 12.5 %, learning "
            "rate 0.002, 12 s, 2 targets too long for their frames left out, the best so far");
}

TEST(Curve, names_its_axes) {
  Json history = {{{"epoch", 1}, {"train_loss", 2.0}}, {{"epoch", 2}, {"train_loss", 1.0}}};
  const std::string plain = curve_svg(history);
  EXPECT_THAT(plain, testing::HasSubstr(">loss, nats a token<"));
  EXPECT_THAT(plain, testing::HasSubstr(">epoch<"));
  EXPECT_THAT(plain, testing::Not(testing::HasSubstr("error rate")));
  history[1]["cer"] = 0.4;
  const std::string with_rates = curve_svg(history);
  EXPECT_THAT(with_rates, testing::HasSubstr(">error rate, %<"));
  EXPECT_THAT(with_rates, testing::HasSubstr(">40<"));  // not 0.4
}

TEST(Trainer, the_run_folder_holds_checkpoints_log_and_curve) {
  const MemorySource training(toy_examples(8));
  const fs::path out = run_folder("folder");
  graph::Model model = toy_model("nest_ctc");
  model.signal.rate_hz = 16;
  Trainer(std::move(model), {&training, nullptr, nullptr}, toy_options(2), out).run();
  for (const char* name : {"best.pt", "last.pt"}) {
    const io::Checkpoint checkpoint = io::read_checkpoint(out / name);
    EXPECT_EQ(checkpoint.model_config.at("model_name").get<std::string>(), "NEST_CTC");
    EXPECT_TRUE(checkpoint.extra.contains("training"));
    EXPECT_EQ(deploy::load_model(out / name).signal.rate_hz, 16);
  }
  const std::string log = read_text_file(out / "log.jsonl");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2);
  EXPECT_EQ(read_text_file(out / "curve.svg").rfind("<svg", 0), 0U);
}

TEST(Trainer, early_stopping_ends_a_run_that_gets_no_better) {
  const MemorySource training(toy_examples(8));
  TrainOptions options = toy_options(30);
  options.optimizer.learning_rate = 1e-12;
  options.early_stopping = 2;
  const MemorySource validation(toy_examples(4, 2));
  int calls = 0;
  const Validator worse = [&](nn::TorchExecutor&) { return Scores{{"cer", 1.0 + ++calls}}; };
  options.monitor = Monitor::kCer;
  Trainer trainer(toy_model("nest_ctc"), {&training, &validation, worse}, options,
                  run_folder("early"));
  EXPECT_EQ(trainer.run().epochs, 3);
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

TEST(DataParallel, two_ranks_equal_one_process_with_twice_the_batch) {
  const MemorySource training(toy_examples(24));
  TrainOptions options = toy_options(2);
  options.optimizer.optimizer = OptimizerKind::kSgd;
  options.batch_size = 8;
  Trainer single(toy_model("nest_ctc"), {&training, nullptr, nullptr}, options,
                 run_folder("single"));
  single.run();
  options.batch_size = 4;
  TensorMap weights[2];
  const int port = free_port();
  const fs::path out = run_folder("double");
  const auto work = [&](int rank) {
    Communicator communicator({.rank = rank, .size = 2, .port = port});
    Trainer trainer(toy_model("nest_ctc"), {&training, nullptr, nullptr}, options, out,
                    &communicator);
    trainer.run();
    weights[rank] = trainer.executor().snapshot().weights;
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  EXPECT_EQ(test::largest_difference(weights[0], weights[1]), 0);
  EXPECT_LT(test::largest_difference(weights[0], single.executor().snapshot().weights), 2e-4);
}

}  // namespace
}  // namespace nest::train
