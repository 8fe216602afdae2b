#include <cstring>

#include "nest/core/deflate.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/core/json.h"
#include "nest/graph/old_code_rows.h"
#include "nest/graph/serialize.h"
#include "nest/runtime/prepared.h"
#include "runtime/prepared_impl.h"
#include "runtime/prepared_version5.h"
#include "runtime/round_up.h"

/// A prepared model on disk: 8 bytes magic, u32 version, u32 CRC-32 of the header, u64 header
/// length, the header (JSON as a zlib stream: model with its quantization, options, blocks), zeros
/// up to 64, then the blocks, each 64-byte aligned. Little-endian. Packed weights are the same on
/// every instruction set; of filters the codes are stored, and what the kernels want is made of
/// them when the file is opened. Version 2 had the quantization, and how to run, among the options;
/// versions 2 and 3 had embeddings in fp32; before 5 headers were plain and filters floats; before
/// 6 int4 weights had a scale for every 32.
namespace nest::runtime {
namespace {

constexpr char kMagic[8] = {'N', 'E', 'S', 'T', 'P', 'R', 'E', 'P'};
constexpr std::size_t kAlign = 64;
constexpr std::size_t kFixed = 24;
constexpr std::size_t kMostHeader = std::size_t{64} << 20;
constexpr std::uint32_t kOldestVersion = 2, kNarrowEmbeddings = 4, kDeflatedHeader = 5,
                        kInt4Multipliers = 6;

std::size_t aligned(std::size_t n) {
  return round_up(n, kAlign);
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

struct Header {
  std::uint32_t version = 0;
  Json json;
};

Header parse_header(std::span<const std::byte> file) {
  require(file.size() >= kFixed && std::memcmp(file.data(), kMagic, sizeof kMagic) == 0,
          ErrorCode::kDataCorrupt, "not a prepared model");
  Header made;
  made.version = read_at<std::uint32_t>(file, 8);
  require(made.version >= kOldestVersion && made.version <= kPreparedVersion,
          ErrorCode::kUnsupported,
          "prepared model of version {}, this build reads {} to {}: prepare the model again",
          made.version, kOldestVersion, kPreparedVersion);
  const auto length = read_at<std::uint64_t>(file, 16);
  require(length <= file.size() - kFixed, ErrorCode::kDataCorrupt,
          "header of {} bytes in a file of {}", length, file.size());
  const auto header = file.subspan(kFixed, static_cast<std::size_t>(length));
  require(crc32(header) == read_at<std::uint32_t>(file, 12), ErrorCode::kDataCorrupt,
          "header checksum does not match");
  const std::string_view stored(reinterpret_cast<const char*>(header.data()), header.size());
  made.json = Json::parse(
      made.version < kDeflatedHeader ? std::string(stored) : inflated(stored, kMostHeader), nullptr,
      false);
  require(made.json.is_object(), ErrorCode::kDataCorrupt, "header is not JSON");
  return made;
}

/// Tables of tokens were fp32 whatever the precision.
void keep_embeddings(graph::Model& model) {
  graph::Quantization& quantization = model.quantization;
  for (const auto& [name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      if (std::holds_alternative<graph::Embedding>(node.op) &&
          graph::precision_of(quantization, node.name) != graph::Precision::kFp32)
        quantization.layers[node.name] = {graph::Precision::kFp32};
    }
  }
}

std::unique_ptr<PreparedModel::Impl> open_graphs(const Header& header) {
  graph::Model model = graph::model_from_json(header.json.at("model"));
  const Json& stored = header.json.at("options");
  PrepareOptions options;
  if (header.version == 2) {
    options = take_version2_options(stored, model);
  } else {
    options.sparse = stored.at("sparse").get<bool>();
    options.rewrite = stored.at("rewrite").get<bool>();
  }
  if (header.version < kNarrowEmbeddings) keep_embeddings(model);
  if (header.version < kInt4Multipliers) graph::make_int8_of_int4(model.quantization);
  return std::make_unique<PreparedModel::Impl>(std::move(model), options, false);
}

/// The blocks of weights that follow the header.
void adopt_blocks(const Header& header, const std::shared_ptr<const MappedFile>& mapped,
                  WeightStore& store) {
  const std::span<const std::byte> file = mapped->bytes();
  const std::size_t begin =
      aligned(kFixed + static_cast<std::size_t>(read_at<std::uint64_t>(file, 16)));
  for (const Json& block : header.json.at("blocks")) {
    const auto key = block.at("key").get<std::string>();
    const auto at = block.at("offset").get<std::uint64_t>();
    const auto size = block.at("bytes").get<std::uint64_t>();
    require(begin <= file.size() && at <= file.size() - begin && size <= file.size() - begin - at &&
                at % kAlign == 0,
            ErrorCode::kDataCorrupt, "block '{}' lies outside the file", key);
    const auto data =
        file.subspan(begin + static_cast<std::size_t>(at), static_cast<std::size_t>(size));
    require(crc32(data) == block.at("crc32").get<std::uint32_t>(), ErrorCode::kDataCorrupt,
            "checksum of block '{}' does not match", key);
    const WeightStore::Entry entry{data.data(), data.size(), WeightStore::Keep::kInFiles};
    header.version < kInt4Multipliers&& is_old_int4(key) ? store.adopt_old(key, entry, mapped)
                                                         : store.adopt(key, entry, mapped);
  }
}

/// What stands before the blocks of weights.
std::string header_text(const PreparedModel::Impl& impl) {
  Json blocks = Json::array();
  std::size_t at = 0;
  for (const auto& [key, entry] : impl.store.entries()) {
    if (entry.keep == WeightStore::Keep::kInMemory) continue;
    blocks.push_back({{"key", key},
                      {"offset", at},
                      {"bytes", entry.bytes},
                      {"crc32", crc32(bytes_of(entry.data, entry.bytes))}});
    at += aligned(entry.bytes);
  }
  Json header;
  header["model"] = graph::to_json(impl.model);
  header["options"] = {{"sparse", impl.options.sparse}, {"rewrite", impl.options.rewrite}};
  header["blocks"] = std::move(blocks);
  return deflated(header.dump());
}

}  // namespace

bool is_prepared_file(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return file->size() >= sizeof kMagic &&
         std::memcmp(file->bytes().data(), kMagic, sizeof kMagic) == 0;
}

std::size_t PreparedModel::file_bytes() const {
  const std::lock_guard lock(impl_->mutex);
  std::size_t bytes = aligned(kFixed + header_text(*impl_).size());
  for (const auto& [key, entry] : impl_->store.entries()) {
    if (entry.keep == WeightStore::Keep::kInFiles) bytes += aligned(entry.bytes);
  }
  return bytes;
}

void PreparedModel::save(const std::filesystem::path& path) const {
  const std::lock_guard lock(impl_->mutex);
  const std::string text = header_text(*impl_);
  const std::uint32_t crc = crc32(bytes_of(text.data(), text.size()));
  const std::uint64_t length = text.size();
  write_file_atomic(path, [&](std::ostream& out) {
    out.write(kMagic, sizeof kMagic);
    out.write(reinterpret_cast<const char*>(&kPreparedVersion), 4);
    out.write(reinterpret_cast<const char*>(&crc), 4);
    out.write(reinterpret_cast<const char*>(&length), 8);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    pad(out, kFixed + text.size());
    for (const auto& [key, entry] : impl_->store.entries()) {
      if (entry.keep == WeightStore::Keep::kInMemory) continue;
      out.write(static_cast<const char*>(entry.data), static_cast<std::streamsize>(entry.bytes));
      pad(out, entry.bytes);
    }
  });
}

std::shared_ptr<const PreparedModel> PreparedModel::open(const std::filesystem::path& path) {
  return with_context(path.string(), [&] {
    const std::shared_ptr<const MappedFile> mapped = MappedFile::open(path);
    try {
      const Header header = parse_header(mapped->bytes());
      auto impl = open_graphs(header);
      adopt_blocks(header, mapped, impl->store);
      if (impl->store.has_old()) impl->pack();
      return std::make_shared<const PreparedModel>(std::move(impl));
    } catch (const Json::exception& error) {
      fail(ErrorCode::kDataCorrupt, "header: {}", error.what());
    }
  });
}

}  // namespace nest::runtime
