#include "nest/stream/source.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/tensor.h"
#include "nest/io/edf.h"
#include "nest/io/recording.h"
#include "tests/support/temp_dir.h"

namespace nest::stream {
namespace {

/// Time that only moves when somebody waits for it.
class JumpingClock : public Clock {
 public:
  double now_s() override { return now_s_; }
  bool wait_until(double time_s) override {
    now_s_ = std::max(now_s_, time_s);
    return true;
  }

 private:
  double now_s_ = 0;
};

/// A pipe whose writing end was filled and closed.
int pipe_with(const std::string& bytes) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  EXPECT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::close(ends[1]);
  return ends[0];
}

std::string frames(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

const std::string kHeader = "{\"rate_hz\": 100, \"channels\": [\"C3\", \"C4\"], \"unit\": \"V\"}\n";

TEST(FramedSource, header_and_frames_arrive_as_channels_by_samples) {
  JumpingClock clock;
  const auto source = open_framed_source(pipe_with(kHeader + frames({1, 10, 2, 20, 3, 30})), true,
                                         "pipe", 1, clock);
  EXPECT_EQ(source->info().rate_hz, 100);
  ASSERT_EQ(source->info().num_channels(), 2);
  EXPECT_EQ(source->info().channels[1].name, "C4");
  EXPECT_EQ(source->info().channels[1].unit, "V");
  std::vector<double> block(2 * 2);
  const Chunk first = source->read({block.data(), 2, 2});
  EXPECT_EQ(first.samples, 2);
  EXPECT_EQ(block, (std::vector<double>{1, 2, 10, 20}));
  const Chunk second = source->read({block.data(), 2, 2});
  EXPECT_EQ(second.samples, 1);
  EXPECT_DOUBLE_EQ(second.time_s, 0.02);
  EXPECT_EQ(block[0], 3);
  EXPECT_EQ(block[2], 30);
  EXPECT_EQ(source->read({block.data(), 2, 2}).samples, 0);
}

void expect_error(const std::string& bytes, const std::string& part) {
  JumpingClock clock;
  std::vector<double> block(2 * 8);
  try {
    const auto source = open_framed_source(pipe_with(bytes), true, "pipe", 1, clock);
    while (source->read({block.data(), 2, 8}).samples > 0) {
    }
    FAIL() << "no error for " << bytes;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(FramedSource, int16_frames_have_a_gain) {
  JumpingClock clock;
  const std::vector<std::int16_t> values{1, -10, 2, 32767};
  const std::string header =
      "{\"rate_hz\": 100, \"channels\": [\"C3\", \"C4\"], \"unit\": \"uV\", \"type\": \"int16\", "
      "\"gain\": 0.5}\n";
  const auto source = open_framed_source(
      pipe_with(header + std::string(reinterpret_cast<const char*>(values.data()), 8)), true,
      "pipe", 1, clock);
  std::vector<double> block(2 * 2);
  EXPECT_EQ(source->read({block.data(), 2, 2}).samples, 2);
  EXPECT_EQ(block, (std::vector<double>{0.5, 1, -5, 16383.5}));
}

TEST(FramedSource, malformed_streams_are_clear_errors) {
  expect_error("", "before its header");
  expect_error("not json\n", "pipe");
  expect_error("{\"rate_hz\": -5, \"channels\": [\"a\"], \"unit\": \"V\"}\n", "rate_hz is -5");
  expect_error("{\"rate_hz\": 5, \"channels\": [], \"unit\": \"V\"}\n", "0 channels");
  expect_error("{\"rate_hz\": 5, \"channels\": [\"a\"], \"colour\": 2}\n", "unknown key 'colour'");
  // Microvolts taken for volts gave nonsense as text.
  expect_error("{\"rate_hz\": 5, \"channels\": [\"a\"]}\n", "states no unit; add");
  expect_error(kHeader + "abc", "inside a frame (3 of 8 bytes)");
  expect_error(std::string(65536, 'x'), "no header line");
}

TEST(FramedSource, a_requested_stop_ends_a_stream_that_is_silent) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], kHeader.data(), kHeader.size()), static_cast<ssize_t>(kHeader.size()));
  JumpingClock clock;
  std::stop_source stop;
  const auto source = open_framed_source(ends[0], true, "pipe", 10, clock, stop.get_token());
  stop.request_stop();
  std::vector<double> block(2 * 8);
  EXPECT_EQ(source->read({block.data(), 2, 8}).samples, 0);
  ::close(ends[1]);
}

TEST(FramedSource, a_stop_before_the_header_is_no_damaged_stream) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  JumpingClock clock;
  std::stop_source stop;
  stop.request_stop();
  try {
    open_framed_source(ends[0], true, "pipe", 10, clock, stop.get_token());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  }
  ::close(ends[1]);
}

TEST(WallClock, a_requested_stop_ends_its_waiting) {
  std::stop_source stop;
  const auto clock = make_wall_clock(stop.get_token());
  EXPECT_TRUE(clock->wait_until(0));
  stop.request_stop();
  EXPECT_FALSE(clock->wait_until(1e6));
}

std::filesystem::path write_recording(std::int64_t samples) {
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.channels = {{.name = "C3", .unit = "V"}, {.name = "C4", .unit = "V"}};
  Tensor signal(DType::kF32, {2, samples});
  auto values = signal.mutable_data<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 50) * 1e-6F;
  }
  const auto path = test::process_temp_dir() / "nest_replay.edf";
  io::write_edf(path, *io::make_recording(info, signal));
  return path;
}

TEST(ReplaySource, delivers_every_sample_once_at_the_recorded_pace) {
  const auto path = write_recording(230);
  JumpingClock clock;
  SourceOptions options;
  options.source = "file:" + path.string();
  options.real_time = true;
  options.chunk_samples = 50;
  const auto source = open_source(options, clock);
  std::vector<double> block(2 * 64);
  std::int64_t total = 0;
  for (Chunk chunk = source->read({block.data(), 2, 64}); chunk.samples > 0;
       chunk = source->read({block.data(), 2, 64})) {
    EXPECT_DOUBLE_EQ(chunk.time_s, static_cast<double>(total) / 100);
    total += chunk.samples;
    EXPECT_NEAR(clock.now_s(), static_cast<double>(total) / 100, 1e-9);
  }
  EXPECT_EQ(total, source->info().num_samples);
  EXPECT_GE(total, 230);
}

TEST(OpenSource, a_requested_stop_ends_a_connection_that_nobody_accepts) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::vector<int> queued;  // until the queue is full, where the kernel stops answering
  for (int i = 0; i < 4; ++i) {
    queued.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ::connect(queued.back(), reinterpret_cast<const sockaddr*>(&address), size);
  }
  JumpingClock clock;
  std::stop_source stop;
  stop.request_stop();
  SourceOptions options;
  options.source = fmt::format("tcp:127.0.0.1:{}", ntohs(address.sin_port));
  options.timeout_s = 1e6;
  try {
    open_source(options, clock, stop.get_token());
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted) << error.what();
  }
  for (const int fd : queued) ::close(fd);
  ::close(listener);
}

TEST(OpenSource, unknown_schemes_and_missing_files_are_clear_errors) {
  JumpingClock clock;
  SourceOptions options;
  options.source = "smoke:signals";
  EXPECT_THROW(open_source(options, clock), Error);
  options.source = "file:/nowhere/at/all.edf";
  EXPECT_THROW(open_source(options, clock), Error);
  options.source = "tcp:nonsense";
  EXPECT_THROW(open_source(options, clock), Error);
}

}  // namespace
}  // namespace nest::stream
