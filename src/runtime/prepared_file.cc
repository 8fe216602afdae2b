#include <cstring>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/core/json.h"
#include "nest/graph/serialize.h"
#include "nest/runtime/prepared.h"
#include "runtime/lower.h"
#include "runtime/weights.h"

/// A prepared model on disk: 8 bytes magic, u32 version, u32 CRC-32 of the header, u64 header
/// length, the header (JSON: model, options, blocks), zeros up to 64, then the blocks, each 64-byte
/// aligned. Little-endian. Packed weights are the same on every instruction set.
namespace nest::runtime {
namespace {

constexpr char kMagic[8] = {'N', 'E', 'S', 'T', 'P', 'R', 'E', 'P'};
constexpr std::size_t kAlign = 64;
constexpr std::size_t kFixed = 24;

std::size_t aligned(std::size_t n) {
  return (n + kAlign - 1) / kAlign * kAlign;
}

std::span<const std::byte> bytes_of(const void* data, std::size_t n) {
  return {static_cast<const std::byte*>(data), n};
}

template <class T>
T read_at(std::span<const std::byte> file, std::size_t at) {
  T value;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

void pad(std::ostream& out, std::size_t from) {
  const char zeros[kAlign] = {};
  out.write(zeros, static_cast<std::streamsize>(aligned(from) - from));
}

Json parse_header(std::span<const std::byte> file) {
  require(file.size() >= kFixed && std::memcmp(file.data(), kMagic, sizeof kMagic) == 0,
          ErrorCode::kDataCorrupt, "not a prepared model");
  const auto version = read_at<std::uint32_t>(file, 8);
  require(version == kPreparedVersion, ErrorCode::kUnsupported,
          "prepared model of version {}, this build reads {}: prepare the model again", version,
          kPreparedVersion);
  const auto length = read_at<std::uint64_t>(file, 16);
  require(length <= file.size() - kFixed, ErrorCode::kDataCorrupt,
          "header of {} bytes in a file of {}", length, file.size());
  const auto header = file.subspan(kFixed, static_cast<std::size_t>(length));
  require(crc32(header) == read_at<std::uint32_t>(file, 12), ErrorCode::kDataCorrupt,
          "header checksum does not match");
  const auto* text = reinterpret_cast<const char*>(header.data());
  Json json = Json::parse(text, text + header.size(), nullptr, false);
  require(json.is_object(), ErrorCode::kDataCorrupt, "header is not JSON");
  return json;
}

}  // namespace

bool is_prepared_file(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return file->size() >= sizeof kMagic &&
         std::memcmp(file->bytes().data(), kMagic, sizeof kMagic) == 0;
}

void PreparedModel::save(const std::filesystem::path& path) const {
  for (const auto& [name, graph] : model_.graphs) pack_all(name);
  const std::lock_guard lock(mutex_);
  Json blocks = Json::array();
  std::size_t at = 0;
  for (const auto& [key, entry] : store_->entries()) {
    blocks.push_back({{"key", key},
                      {"offset", at},
                      {"bytes", entry.bytes},
                      {"crc32", crc32(bytes_of(entry.data, entry.bytes))}});
    at += aligned(entry.bytes);
  }
  Json header;
  header["model"] = graph::to_json(model_);
  header["options"] = to_json(options_);
  header["blocks"] = std::move(blocks);
  const std::string text = header.dump();
  const std::uint32_t crc = crc32(bytes_of(text.data(), text.size()));
  const std::uint64_t length = text.size();
  write_file_atomic(path, [&](std::ostream& out) {
    out.write(kMagic, sizeof kMagic);
    out.write(reinterpret_cast<const char*>(&kPreparedVersion), 4);
    out.write(reinterpret_cast<const char*>(&crc), 4);
    out.write(reinterpret_cast<const char*>(&length), 8);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    pad(out, kFixed + text.size());
    for (const auto& [key, entry] : store_->entries()) {
      out.write(static_cast<const char*>(entry.data), static_cast<std::streamsize>(entry.bytes));
      pad(out, entry.bytes);
    }
  });
}

std::shared_ptr<const PreparedModel> PreparedModel::open(const std::filesystem::path& path,
                                                         const Options& machine) {
  return with_context(path.string(), [&]() -> std::shared_ptr<const PreparedModel> {
    const auto mapped = MappedFile::open(path);
    const std::span<const std::byte> file = mapped->bytes();
    try {
      const Json header = parse_header(file);
      Options options = options_from_json(header.at("options"));
      options.isa = machine.isa;
      options.threads = machine.threads;
      options.spin_us = machine.spin_us;
      options.pin_threads = machine.pin_threads;
      options.profile = machine.profile;
      auto prepared = std::shared_ptr<PreparedModel>(
          new PreparedModel(graph::model_from_json(header.at("model")), options, false));
      const std::size_t begin =
          aligned(kFixed + static_cast<std::size_t>(read_at<std::uint64_t>(file, 16)));
      for (const Json& block : header.at("blocks")) {
        const auto key = block.at("key").get<std::string>();
        const auto at = block.at("offset").get<std::uint64_t>();
        const auto size = block.at("bytes").get<std::uint64_t>();
        require(begin <= file.size() && at <= file.size() - begin &&
                    size <= file.size() - begin - at && at % kAlign == 0,
                ErrorCode::kDataCorrupt, "block '{}' lies outside the file", key);
        const auto data =
            file.subspan(begin + static_cast<std::size_t>(at), static_cast<std::size_t>(size));
        require(crc32(data) == block.at("crc32").get<std::uint32_t>(), ErrorCode::kDataCorrupt,
                "checksum of block '{}' does not match", key);
        prepared->store_->adopt(key, {data.data(), data.size()}, mapped);
      }
      return prepared;
    } catch (const Json::exception& error) {
      fail(ErrorCode::kDataCorrupt, "header: {}", error.what());
    }
  });
}

}  // namespace nest::runtime
