#include <cstdlib>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/shared_library.h"
#include "nest/stream/lsl_outlet.h"
#include "nest/stream/source.h"

/// Against the real liblsl, with outlets in this process; skipped where it is not installed.
namespace nest::stream {
namespace {

using Handle = void*;
constexpr double kRate = 250;
constexpr std::int64_t kChunk = 10;

struct Outlets {
  Handle (*create_streaminfo)(const char*, const char*, std::int32_t, double, int, const char*);
  void (*destroy_streaminfo)(Handle);
  Handle (*get_desc)(Handle);
  Handle (*append_child)(Handle, const char*);
  Handle (*append_child_value)(Handle, const char*, const char*);
  Handle (*create_outlet)(Handle, std::int32_t, std::int32_t);
  void (*destroy_outlet)(Handle);
  std::int32_t (*push_chunk_ftp)(Handle, const float*, unsigned long, double, std::int32_t);
  std::int32_t (*wait_for_consumers)(Handle, double);

  Outlets() {
    void* library =
        open_shared_library({"liblsl.so", "liblsl.so.2", "liblsl.so.1"}, "needed by this test");
    const auto load = [&]<class F>(const char* name, F*& function) {
      function = reinterpret_cast<F*>(::dlsym(library, name));
      ASSERT_NE(function, nullptr) << name;
    };
    load("lsl_create_streaminfo", create_streaminfo);
    load("lsl_destroy_streaminfo", destroy_streaminfo);
    load("lsl_get_desc", get_desc);
    load("lsl_append_child", append_child);
    load("lsl_append_child_value", append_child_value);
    load("lsl_create_outlet", create_outlet);
    load("lsl_destroy_outlet", destroy_outlet);
    load("lsl_push_chunk_ftp", push_chunk_ftp);
    load("lsl_wait_for_consumers", wait_for_consumers);
  }
};

/// Two electrodes whose samples count up: n and n + 0.5.
class Outlet {
 public:
  Outlet(const Outlets& lsl, const std::string& name, const char* unit, double rate = kRate,
         int format = 1)
      : lsl_(lsl) {
    const Handle info =
        lsl.create_streaminfo(name.c_str(), "EEG", 2, rate, format, ("id-" + name).c_str());
    if (unit != nullptr) {
      const Handle channels = lsl.append_child(lsl.get_desc(info), "channels");
      for (const char* label : {"Fp1", "Cz"}) {
        const Handle channel = lsl.append_child(channels, "channel");
        lsl.append_child_value(channel, "label", label);
        lsl.append_child_value(channel, "unit", unit);
        lsl.append_child_value(channel, "type", "EEG");
      }
    }
    outlet_ = lsl.create_outlet(info, 0, 360);
    lsl.destroy_streaminfo(info);
  }
  ~Outlet() { lsl_.destroy_outlet(outlet_); }

  void wait() const { ASSERT_NE(lsl_.wait_for_consumers(outlet_, 10), 0); }
  /// Samples [first, first + kChunk), stamped as if sample 0 was at `start_s`.
  void push(std::int64_t first, double start_s = 1000) const {
    std::vector<float> values;
    for (std::int64_t t = first; t < first + kChunk; ++t)
      for (const float offset : {0.0f, 0.5f}) values.push_back(static_cast<float>(t) + offset);
    lsl_.push_chunk_ftp(outlet_, values.data(), values.size(),
                        start_s + static_cast<double>(first + kChunk - 1) / kRate, 1);
  }

 private:
  const Outlets& lsl_;
  Handle outlet_;
};

class LslSource : public testing::Test {
 protected:
  void SetUp() override {
    // Debian has no liblsl, and a stand-in of our own would prove nothing about it.
    if (!has_shared_library("liblsl.so") && !has_shared_library("liblsl.so.2"))
      GTEST_SKIP() << "liblsl.so is not installed";
    lsl_ = std::make_unique<Outlets>();
    name_ = "nest-test-" + std::to_string(::getpid()) + "-" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  std::unique_ptr<Source> open(const std::string& query, double timeout_s = 10) {
    return open_source({.source = "lsl:" + query, .timeout_s = timeout_s}, *clock_);
  }
  /// What arrives until `count` samples have.
  struct Arrived {
    std::vector<double> samples;  ///< of the first channel
    std::int64_t lost = 0, repeated = 0;
  };
  static Arrived take(Source& source, std::size_t count) {
    Arrived arrived;
    std::vector<double> block(2 * 64);
    while (arrived.samples.size() < count) {
      const Chunk chunk = source.read({block.data(), 2, 64});
      if (chunk.samples == 0) break;
      for (std::int64_t t = 0; t < chunk.samples; ++t) {
        arrived.samples.push_back(block[static_cast<std::size_t>(t)]);
        EXPECT_EQ(block[static_cast<std::size_t>(64 + t)],
                  block[static_cast<std::size_t>(t)] + 0.5);
      }
      arrived.lost += chunk.lost;
      arrived.repeated += chunk.repeated;
    }
    return arrived;
  }

  std::unique_ptr<Outlets> lsl_;
  std::unique_ptr<Clock> clock_ = make_wall_clock();
  std::string name_;
};

TEST_F(LslSource, has_the_streams_labels_unit_rate_and_every_sample) {
  const Outlet outlet(*lsl_, name_, "microvolts");
  const auto source = open(name_);
  EXPECT_EQ(source->info().rate_hz, kRate);
  ASSERT_EQ(source->info().num_channels(), 2);
  EXPECT_EQ(source->info().channels[0].name, "Fp1");
  EXPECT_EQ(source->info().channels[1].name, "Cz");
  EXPECT_EQ(source->info().channels[1].unit, "microvolts");
  outlet.wait();
  for (int i = 0; i < 50; ++i) outlet.push(i * kChunk);
  const Arrived arrived = take(*source, 500);
  ASSERT_EQ(arrived.samples.size(), 500u);
  for (std::size_t t = 0; t < 500; ++t) ASSERT_EQ(arrived.samples[t], static_cast<double>(t));
  EXPECT_EQ(arrived.lost, 0);
  EXPECT_EQ(arrived.repeated, 0);
}

TEST_F(LslSource, a_unit_that_is_a_power_of_ten_is_that_of_a_volt) {
  const Outlet outlet(*lsl_, name_, "-6");  // as the player of MNE-LSL has it
  EXPECT_EQ(open(name_)->info().channels[0].unit, "uV");
}

TEST_F(LslSource, is_found_by_source_id_and_by_predicate) {
  const Outlet outlet(*lsl_, name_, nullptr);
  EXPECT_EQ(open("source_id=id-" + name_)->info().num_channels(), 2);
  const auto source = open("name='" + name_ + "' and type='EEG'");
  EXPECT_EQ(source->info().channels[0].name, "");
  EXPECT_EQ(source->info().channels[0].unit, "");
}

TEST_F(LslSource, dropped_and_repeated_deliveries_are_counted_and_none_comes_twice) {
  const Outlet outlet(*lsl_, name_, "microvolts");
  const auto source = open(name_);
  outlet.wait();
  std::vector<double> want;
  for (int i = 0; i < 60; ++i) {
    if (i == 20 || i == 40) continue;  // dropped
    outlet.push(i * kChunk);
    if (i == 30) outlet.push(i * kChunk);  // twice
    for (int t = 0; t < kChunk; ++t) want.push_back(static_cast<double>(i * kChunk + t));
  }
  const Arrived arrived = take(*source, want.size());
  EXPECT_EQ(arrived.samples, want);
  EXPECT_EQ(arrived.lost, 2 * kChunk);
  EXPECT_EQ(arrived.repeated, kChunk);
}

/// A real inlet, in this process, for text.
class TextInlet {
 public:
  explicit TextInlet(const std::string& name) {
    void* library = open_shared_library({"liblsl.so", "liblsl.so.2"}, "needed by this test");
    const auto load = [&]<class F>(const char* function, F*& into) {
      into = reinterpret_cast<F*>(::dlsym(library, function));
      ASSERT_NE(into, nullptr) << function;
    };
    load("lsl_resolve_byprop", resolve_);
    load("lsl_create_inlet", create_);
    load("lsl_open_stream", open_);
    load("lsl_pull_sample_str", pull_);
    load("lsl_destroy_inlet", destroy_);
    Handle info = nullptr;
    EXPECT_EQ(resolve_(&info, 1, "name", name.c_str(), 1, 10), 1);
    inlet_ = create_(info, 360, 0, 1);
    std::int32_t error = 0;
    open_(inlet_, 10, &error);
    EXPECT_EQ(error, 0);
  }
  ~TextInlet() { destroy_(inlet_); }
  std::pair<std::vector<std::string>, double> pull() {
    char* values[2] = {nullptr, nullptr};
    std::int32_t error = 0;
    const double stamp_s = pull_(inlet_, values, 2, 10, &error);
    std::vector<std::string> texts;
    for (char* value : values) {
      texts.emplace_back(value == nullptr ? "" : value);
      std::free(value);
    }
    return {texts, stamp_s};
  }

 private:
  int (*resolve_)(Handle*, std::uint32_t, const char*, const char*, std::int32_t, double);
  Handle (*create_)(Handle, std::int32_t, std::int32_t, std::int32_t);
  void (*open_)(Handle, double, std::int32_t*);
  double (*pull_)(Handle, char**, std::int32_t, double, std::int32_t*);
  void (*destroy_)(Handle);
  Handle inlet_ = nullptr;
};

TEST_F(LslSource, decoded_text_arrives_at_an_inlet_with_the_times_of_its_signal) {
  LslOutlet outlet(name_, *clock_);
  TextInlet inlet(name_);
  ASSERT_TRUE(outlet.wait_for_consumers(10));
  StreamEvent hop;
  hop.time_s = 12;
  hop.latency.age_ms = 5;
  outlet.push(hop, "abc");
  Segment segment;
  segment.text = "abc";
  segment.end_s = 10.5;
  StreamEvent ended = hop;
  ended.segment = &segment;
  outlet.push(ended, "");
  const auto [first, first_s] = inlet.pull();
  EXPECT_EQ(first, (std::vector<std::string>{"committed", "abc"}));
  const auto [second, second_s] = inlet.pull();
  EXPECT_EQ(second, (std::vector<std::string>{"segment", "abc"}));
  EXPECT_NEAR(first_s - second_s, 1.5, 0.2);  // the segment's last token was 1.5 s earlier
}

TEST_F(LslSource, streams_that_answer_are_listed) {
  const Outlet outlet(*lsl_, name_, "microvolts");
  EXPECT_THAT(list_lsl_streams(5),
              testing::Contains(testing::HasSubstr(name_ + " (EEG): 2 channels at 250 Hz")));
}

void expect_error(const std::function<void()>& call, ErrorCode code, const std::string& part) {
  try {
    call();
    FAIL() << "no error with " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

TEST_F(LslSource, absent_irregular_and_text_streams_and_silence_are_clear_errors) {
  expect_error([&] { open(name_, 0.5); }, ErrorCode::kNotFound, "no such stream within 0.5 s");
  const Outlet irregular(*lsl_, name_ + "i", "microvolts", 0);
  expect_error([&] { open(name_ + "i"); }, ErrorCode::kDataCorrupt, "0 Hz: an irregular one");
  const Outlet markers(*lsl_, name_ + "m", "microvolts", kRate, 3);
  expect_error([&] { open(name_ + "m"); }, ErrorCode::kDataCorrupt, "carries text");
  const Outlet silent(*lsl_, name_ + "s", "microvolts");
  const auto source = open(name_ + "s", 1);
  std::vector<double> block(2 * 8);
  expect_error([&] { source->read({block.data(), 2, 8}); }, ErrorCode::kIo, "no data for 1 s");
}

}  // namespace
}  // namespace nest::stream
