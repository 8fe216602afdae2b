#include "nest/stream/lsl_outlet.h"

#include <array>

#include "brainflow_source.h"
#include "lsl_library.h"
#include "nest/core/error.h"

namespace nest::stream {
namespace {

constexpr double kLook_s = 1;  ///< that long --list waits for streams to answer

std::string titled(const char* title, std::vector<std::string> (*list)()) {
  std::string text = fmt::format("{}\n", title);
  try {
    const std::vector<std::string> lines = list();
    for (const std::string& line : lines) text += fmt::format("  {}\n", line);
    if (lines.empty()) text += "  none\n";
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
    text += fmt::format("  {}\n", error.what());
  }
  return text;
}

}  // namespace

struct LslOutlet::Impl {
  explicit Impl(Clock& own_clock) : lsl(LslLibrary::instance()), clock(own_clock) {}
  ~Impl() {
    if (outlet != nullptr) lsl.destroy_outlet(outlet);
  }

  void push(const char* kind, const std::string& text, double stamp_s) {
    std::array<const char*, 2> sample{kind, text.c_str()};
    lsl.push_sample_strtp(outlet, sample.data(), stamp_s, 1);
  }

  const LslLibrary& lsl;
  Clock& clock;
  LslLibrary::Handle outlet = nullptr;
};

LslOutlet::LslOutlet(const std::string& name, Clock& clock) : impl_(std::make_unique<Impl>(clock)) {
  const LslLibrary& lsl = impl_->lsl;
  const LslLibrary::Handle info = lsl.create_streaminfo(
      name.c_str(), "Markers", 2, 0, LslLibrary::kString, ("nest-" + name).c_str());
  const LslLibrary::Handle channels = lsl.append_child(lsl.get_desc(info), "channels");
  for (const char* label : {"event", "text"})
    lsl.append_child_value(lsl.append_child(channels, "channel"), "label", label);
  impl_->outlet = lsl.create_outlet(info, 0, 360);
  lsl.destroy_streaminfo(info);
  require(impl_->outlet != nullptr, ErrorCode::kIo, "lsl: cannot open the outlet '{}'", name);
}

LslOutlet::~LslOutlet() = default;

void LslOutlet::push(const StreamEvent& event, const std::string& committed) {
  if (event.fault != nullptr) return;
  // The newest sample of the hop was taken so long ago.
  const double heard_s =
      impl_->lsl.local_clock() - (event.latency.age_ms + event.latency.arrival_ms) * 1e-3;
  if (!committed.empty()) impl_->push("committed", committed, heard_s);
  if (event.segment == nullptr) return;
  impl_->push("segment", event.segment->text, heard_s - (event.time_s - event.segment->end_s));
}

bool LslOutlet::wait_for_consumers(double timeout_s) const {
  return impl_->lsl.wait_for_consumers(impl_->outlet, timeout_s) != 0;
}

std::vector<std::string> list_lsl_streams(double wait_s) {
  const LslLibrary& lsl = LslLibrary::instance();
  std::array<LslLibrary::Handle, 256> found{};
  const int count = lsl.resolve_all(found.data(), static_cast<std::uint32_t>(found.size()), wait_s);
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    const LslLibrary::Handle info = found[static_cast<std::size_t>(i)];
    lines.push_back(fmt::format("{} ({}): {} channels at {} Hz, source id '{}' on {}",
                                lsl.get_name(info), lsl.get_type(info), lsl.get_channel_count(info),
                                lsl.get_nominal_srate(info), lsl.get_source_id(info),
                                lsl.get_hostname(info)));
    lsl.destroy_streaminfo(info);
  }
  return lines;
}

std::string list_sources() {
  return titled("Lab Streaming Layer (lsl:NAME)", [] { return list_lsl_streams(kLook_s); }) +
         titled("BrainFlow boards (brainflow:NUMBER)", [] { return list_brainflow_boards(); });
}

}  // namespace nest::stream
