#include <limits>

#include "io/array_recording.h"
#include "io/departures.h"
#include "io/stated_rate.h"
#include "nest/core/error.h"
#include "nest/io/npy_recording.h"
#include "nest/io/zip.h"

namespace nest::io {
namespace {

struct Member {
  std::string name;  // without ".npy", UTF-8
  const ZipEntry* entry = nullptr;
  std::optional<NpyHeader> header;  // nothing if its element type is not read, or it is damaged
};

// A stored member is read where it lies, a deflated one is inflated as a whole.
NpyFile open_member(const ZipReader& zip, const Member& member) {
  if (!member.entry->is_deflated) {
    return NpyFile::from_bytes(zip.mapped(*member.entry), zip.owner(), member.name);
  }
  auto content = std::make_shared<const std::vector<std::byte>>(
      zip.read(*member.entry, std::numeric_limits<std::uint64_t>::max()));
  return NpyFile::from_bytes(*content, content, member.name);
}

std::vector<Member> members_of(const ZipReader& zip, Departures& departures) {
  std::vector<Member> members;
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(".npy")) continue;
    const std::string name = entry.name.substr(0, entry.name.size() - 4);
    Member member{departures.utf8(name, "name of an array"), &entry, std::nullopt};
    try {
      with_context(fmt::format("array '{}'", member.name),
                   [&] { member.header = open_member(zip, member).header(); });
    } catch (const Error& error) {  // an error where it is asked for
      if (error.code() == ErrorCode::kDataCorrupt) departures.add("left out", error.what());
    }
    members.push_back(std::move(member));
  }
  return members;
}

bool is_signal(const Member& member) {
  return member.header && is_signal_array(*member.header);
}

std::string list_of(const std::vector<Member>& members) {
  std::string text;
  for (const Member& member : members) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", member.name,
                        member.header ? to_string(member.header->shape) : "(not numeric)");
  }
  return text.empty() ? "no arrays" : text;
}

double stated_rate(const ZipReader& zip, const std::vector<Member>& members) {
  for (const Member& member : members) {
    if (!is_rate_name(member.name) || !member.header || numel(member.header->shape) != 1) continue;
    const double rate_hz = open_member(zip, member).all().to(DType::kF64).data<double>()[0];
    if (is_rate(rate_hz)) return rate_hz;
  }
  return 0;
}

}  // namespace

std::shared_ptr<const Recording> open_npz_recording(const std::filesystem::path& path,
                                                    const OpenOptions& options) {
  const ZipReader zip = ZipReader::open(path);
  Departures departures;
  const std::vector<Member> members = members_of(zip, departures);
  const Member* chosen = nullptr;
  for (const Member& member : members) {
    const bool is_larger =
        is_signal(member) &&
        (chosen == nullptr || numel(member.header->shape) > numel(chosen->header->shape));
    if (options.stream.empty() ? is_larger : member.name == options.stream) chosen = &member;
  }
  require(chosen != nullptr, ErrorCode::kNotFound, "{}; the archive has: {}",
          options.stream.empty() ? "no array [channels, samples] or [trials, channels, samples]"
                                 : fmt::format("no array '{}'", options.stream),
          list_of(members));
  const double rate_hz = options.rate_hz > 0 ? options.rate_hz : stated_rate(zip, members);
  RecordingInfo info;
  info.format = "NPZ";
  info.stream = chosen->name;
  info.warnings = departures.lines();
  for (const Member& member : members) {
    if (&member == chosen || !is_signal(member)) continue;
    const Shape& shape = member.header->shape;
    const std::int64_t channels = shape[shape.size() - 2];
    info.other_streams.push_back({member.name, 0, channels, numel(shape) / channels});
  }
  return with_context(fmt::format("array '{}'", chosen->name), [&] {
    if (!chosen->entry->is_deflated) zip.check_crc(*chosen->entry);
    return make_array_recording(std::move(info), open_member(zip, *chosen), rate_hz);
  });
}

}  // namespace nest::io
