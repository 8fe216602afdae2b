#include <algorithm>
#include <cstring>
#include <optional>

#include <zlib.h>

#include "io/bytes.h"
#include "io/mat_node.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

constexpr std::uint32_t kMatrix = 14;      // miMATRIX
constexpr std::uint32_t kCompressed = 15;  // miCOMPRESSED
constexpr std::uint64_t kMatHeaderBytes = 128;
constexpr std::size_t kPrefixBytes = 4096;  // flags, dimensions and name of a variable

// mxArray classes
constexpr int kCellClass = 1, kStructClass = 2, kCharClass = 4, kFirstNumber = 6, kLastNumber = 15;

std::optional<MatType> type_of(std::uint32_t mi) {
  switch (mi) {
    case 1:
      return MatType::kI8;
    case 2:
      return MatType::kU8;
    case 3:
      return MatType::kI16;
    case 4:
    case 17:  // UTF-16
      return MatType::kU16;
    case 5:
      return MatType::kI32;
    case 6:
    case 18:  // UTF-32
      return MatType::kU32;
    case 7:
      return MatType::kF32;
    case 9:
      return MatType::kF64;
    case 12:
      return MatType::kI64;
    case 13:
      return MatType::kU64;
    case 16:
      return MatType::kUtf8;
    default:
      return std::nullopt;
  }
}

MatKind kind_of(int mx) {
  if (mx == kCellClass) return MatKind::kCell;
  if (mx == kStructClass) return MatKind::kStruct;
  if (mx == kCharClass) return MatKind::kText;
  return mx >= kFirstNumber && mx <= kLastNumber ? MatKind::kNumbers : MatKind::kOther;
}

struct Element {
  std::uint32_t type = 0;
  std::span<const std::byte> content;
};

// Walks over the elements of a buffer; every length is checked against what is left of it.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, bool is_swapped)
      : bytes_(bytes), is_swapped_(is_swapped) {}

  std::size_t left() const { return bytes_.size() - at_; }
  bool is_swapped() const { return is_swapped_; }

  std::uint32_t u32(std::span<const std::byte> from, std::size_t index = 0) const {
    require(from.size() >= 4 * (index + 1), ErrorCode::kDataCorrupt,
            "an element of {} bytes is too short", from.size());
    const auto value = load_le<std::uint32_t>(from.data() + 4 * index);
    return is_swapped_ ? __builtin_bswap32(value) : value;
  }

  Element next() {
    require(left() >= 8, ErrorCode::kDataCorrupt, "{} bytes are left where an element must begin",
            left());
    const auto tag = bytes_.subspan(at_);
    const std::uint32_t first = u32(tag);
    if (first >> 16 != 0) {  // type, length and at most four bytes in eight
      const std::uint32_t length = first >> 16;
      require(length <= 4, ErrorCode::kDataCorrupt, "a short element claims {} bytes", length);
      at_ += 8;
      return {first & 0xFFFF, tag.subspan(4, length)};
    }
    const std::uint32_t length = u32(tag, 1);
    require(length <= left() - 8, ErrorCode::kDataCorrupt,
            "an element claims {} bytes, {} are left", length, left() - 8);
    const std::size_t padded = (std::size_t{length} + 7) / 8 * 8;
    at_ += 8 + std::min(padded, left() - 8);
    return {first, tag.subspan(8, length)};
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  bool is_swapped_;
};

std::string text_of(std::span<const std::byte> bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.substr(0, text.find('\0'));
}

struct ArrayHeader {
  int mx_class = 0;
  bool is_complex = false;
  Shape dims;
  std::string name;
};

ArrayHeader read_header(Cursor& cursor) {
  ArrayHeader header;
  const Element flags = cursor.next();
  const std::uint32_t word = cursor.u32(flags.content);
  header.mx_class = static_cast<int>(word & 0xFF);
  header.is_complex = (word & 0x0800) != 0;
  const Element dims = cursor.next();
  const std::size_t rank = dims.content.size() / 4;
  require(rank >= 2 && rank <= 32, ErrorCode::kDataCorrupt, "an array of {} dimensions", rank);
  std::int64_t count = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    const auto dim = static_cast<std::int32_t>(cursor.u32(dims.content, i));
    require(dim >= 0 && (dim == 0 || count <= (std::int64_t{1} << 48) / dim),
            ErrorCode::kDataCorrupt, "dimension {} of an array is impossible: {}", i + 1, dim);
    count *= dim;
    header.dims.push_back(dim);
  }
  header.name = text_of(cursor.next().content);
  return header;
}

class Reader {
 public:
  Reader(bool is_swapped, const std::vector<std::string>& fields)
      : is_swapped_(is_swapped), keep_(fields) {}

  MatNode array(std::span<const std::byte> content, int depth) {
    require(depth < kMatMaxDepth, ErrorCode::kDataCorrupt, "values nest deeper than {}",
            kMatMaxDepth);
    require(++nodes_ <= kMatMaxNodes, ErrorCode::kDataCorrupt, "more than {} values", kMatMaxNodes);
    MatNode node;
    node.is_swapped = is_swapped_;
    if (content.empty()) {  // [] where nothing was assigned
      node.kind = MatKind::kNumbers;
      node.dims = {0, 0};
      return node;
    }
    Cursor cursor(content, is_swapped_);
    const ArrayHeader header = read_header(cursor);
    node.kind = kind_of(header.mx_class);
    node.is_complex = header.is_complex;
    node.dims = header.dims;
    switch (node.kind) {
      case MatKind::kNumbers:
      case MatKind::kText:
        elements(cursor, node);
        break;
      case MatKind::kCell:
        children(cursor, node, {true}, depth);
        break;
      case MatKind::kStruct:
        children(cursor, node, field_names(cursor, node), depth);
        break;
      case MatKind::kOther:
        break;
    }
    return node;
  }

 private:
  static void elements(Cursor& cursor, MatNode& node) {
    const std::int64_t count = numel(node.dims);
    if (count == 0) return;
    const Element data = cursor.next();
    const auto type = type_of(data.type);
    require(type.has_value(), ErrorCode::kDataCorrupt, "elements of unknown type {}", data.type);
    node.type = *type;
    node.data = data.content;
    if (*type == MatType::kUtf8) return;  // as many bytes as the text needs
    const std::size_t needed = static_cast<std::size_t>(count) * size_of(*type);
    require(data.content.size() >= needed, ErrorCode::kDataCorrupt,
            "an array of {} elements has {} bytes, {} are needed", count, data.content.size(),
            needed);
    node.data = data.content.first(needed);
  }

  // Fills in the names of the fields that are wanted; says for each field whether it is.
  std::vector<bool> field_names(Cursor& cursor, MatNode& node) const {
    const std::size_t width = cursor.u32(cursor.next().content);
    const auto names = cursor.next().content;
    require(width >= 1 && names.size() % width == 0, ErrorCode::kDataCorrupt,
            "field names of {} bytes, {} each", names.size(), width);
    std::vector<bool> is_wanted;
    for (std::size_t at = 0; at < names.size(); at += width) {
      const std::string name = text_of(names.subspan(at, width));
      is_wanted.push_back(keep_.empty() ||
                          std::find(keep_.begin(), keep_.end(), name) != keep_.end());
      if (is_wanted.back()) node.fields.push_back(name);
    }
    return is_wanted;
  }

  void children(Cursor& cursor, MatNode& node, const std::vector<bool>& is_wanted, int depth) {
    const std::size_t each = is_wanted.size();
    if (each == 0) node.dims = {0, 0};  // without fields any number of elements holds nothing
    const std::int64_t count = numel(node.dims);
    // every value takes eight bytes at least
    require(count == 0 || static_cast<std::uint64_t>(count) <= cursor.left() / 8 / each,
            ErrorCode::kDataCorrupt, "{} values of {} fields in {} bytes", count, each,
            cursor.left());
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) * each; ++i) {
      const Element child = cursor.next();
      require(child.type == kMatrix, ErrorCode::kDataCorrupt,
              "an array was expected, found an element of type {}", child.type);
      if (is_wanted[i % each]) node.items.push_back(array(child.content, depth + 1));
    }
  }

  bool is_swapped_;
  const std::vector<std::string>& keep_;
  std::size_t nodes_ = 0;
};

// Up to `limit` bytes of a zlib stream; all of it must be there if it has fewer.
std::vector<std::byte> inflate_up_to(std::span<const std::byte> packed, std::size_t limit) {
  z_stream stream{};
  require(inflateInit(&stream) == Z_OK, ErrorCode::kInternal, "zlib cannot start");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::vector<std::byte> out;
  while (out.size() < limit) {
    const std::size_t before = out.size();
    out.resize(std::min(limit, std::max<std::size_t>(kPrefixBytes, 2 * before)));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (status == Z_STREAM_END) return out;
    require(status == Z_OK, ErrorCode::kDataCorrupt, "compressed data are damaged (zlib: {})",
            stream.msg != nullptr ? stream.msg : "they end early");
  }
  return out;
}

bool file_is_swapped(const ByteSource& file) {
  return file.read_text(126, 2) == "MI";
}

struct TopElement {
  std::uint32_t type = 0;
  std::uint64_t content = 0;  // where it begins
  std::uint32_t length = 0;
};

TopElement top_element(const ByteSource& file, std::uint64_t offset, bool is_swapped) {
  const auto tag = file.read_bytes(offset, 8);
  const Cursor words(tag, is_swapped);
  TopElement element{words.u32(tag), offset + 8, words.u32(tag, 1)};
  require(element.length <= file.size() - element.content, ErrorCode::kDataCorrupt,
          "truncated: the variable at byte {} claims {} bytes, {} are left", offset, element.length,
          file.size() - element.content);
  return element;
}

// The content of a variable's miMATRIX element, or its first bytes.
std::vector<std::byte> matrix_bytes(const ByteSource& file, std::uint64_t offset,
                                    bool only_prefix) {
  const bool is_swapped = file_is_swapped(file);
  const TopElement element = top_element(file, offset, is_swapped);
  if (element.type == kMatrix) {
    const std::uint32_t length =
        only_prefix ? std::min<std::uint32_t>(element.length, kPrefixBytes) : element.length;
    return file.read_bytes(element.content, length);
  }
  require(element.type == kCompressed, ErrorCode::kDataCorrupt,
          "the element at byte {} is of type {}, no variable", offset, element.type);
  const auto packed = file.read_bytes(element.content, element.length);
  const std::uint64_t most = mat_most_bytes(file.size());
  auto bytes = inflate_up_to(packed, only_prefix ? kPrefixBytes : most);
  require(only_prefix || bytes.size() < most, ErrorCode::kDataCorrupt,
          "the variable at byte {} expands to {} bytes or more, which is not believed of a file of "
          "{}",
          offset, most, file.size());
  const Cursor words(bytes, is_swapped);
  require(words.u32(bytes) == kMatrix, ErrorCode::kDataCorrupt,
          "the compressed element at byte {} is no variable", offset);
  const std::size_t length = words.u32(bytes, 1);
  require(only_prefix || length <= bytes.size() - 8, ErrorCode::kDataCorrupt,
          "the variable at byte {} claims {} bytes, it has {}", offset, length, bytes.size() - 8);
  bytes.erase(bytes.begin(), bytes.begin() + 8);
  bytes.resize(std::min(bytes.size(), length));
  return bytes;
}

void add_variable(const ByteSource& file, std::uint64_t at, bool is_swapped,
                  std::vector<MatVariable>& variables) {
  const auto bytes = matrix_bytes(file, at, true);
  if (bytes.empty()) return;
  Cursor cursor(bytes, is_swapped);
  const ArrayHeader header = read_header(cursor);
  if (header.name.empty()) return;  // MATLAB's own subsystem data
  variables.push_back({header.name, header.dims, kind_of(header.mx_class), at});
}

}  // namespace

std::size_t size_of(MatType type) {
  switch (type) {
    case MatType::kI8:
    case MatType::kU8:
    case MatType::kUtf8:
      return 1;
    case MatType::kI16:
    case MatType::kU16:
      return 2;
    case MatType::kI32:
    case MatType::kU32:
    case MatType::kF32:
      return 4;
    default:
      return 8;
  }
}

bool is_mat5(const ByteSource& file) {
  if (file.size() < kMatHeaderBytes) return false;
  const std::string version = file.read_text(124, 4);
  return version == std::string("\0\1IM", 4) || version == std::string("\1\0MI", 4);
}

std::vector<MatVariable> mat5_variables(const ByteSource& file, Departures& departures) {
  const bool is_swapped = file_is_swapped(file);
  std::vector<MatVariable> variables;
  for (std::uint64_t at = kMatHeaderBytes; file.size() - at >= 8;) {
    const TopElement element = top_element(file, at, is_swapped);
    try {
      add_variable(file, at, is_swapped, variables);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kDataCorrupt) throw;
      departures.add("variable left out", fmt::format("at byte {}: {}", at, error.what()));
    }
    at = element.content + element.length;
    if (element.type != kCompressed) at = std::min(file.size(), (at + 7) / 8 * 8);
  }
  return variables;
}

std::shared_ptr<const MatRoot> mat5_read(const ByteSource& file, const MatVariable& variable,
                                         const std::vector<std::string>& fields) {
  auto bytes =
      std::make_shared<const std::vector<std::byte>>(matrix_bytes(file, variable.offset, false));
  auto root = std::make_shared<MatRoot>();
  root->node = Reader(file_is_swapped(file), fields).array(*bytes, 0);
  root->owner = bytes;
  return root;
}

}  // namespace nest::io
