#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "io/bytes.h"
#include "nest/io/npy.h"

namespace nest::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxRank = 64;

/// Reads the Python dict literal of a header: {'descr': '<f4', 'fortran_order': False, ...}.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : text_(text) {}

  bool accept(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    require(accept(token), ErrorCode::kDataCorrupt, "NPY header: expected \"{}\" at '{}'", token,
            printable(text_.substr(at_)));
  }
  std::string_view quoted() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    require(quote == '\'' || quote == '"', ErrorCode::kDataCorrupt,
            "NPY header: expected a quoted text at '{}'", printable(text_.substr(at_)));
    const std::size_t end = text_.find(quote, at_ + 1);
    require(end != std::string_view::npos, ErrorCode::kDataCorrupt,
            "NPY header: a quoted text does not end");
    const std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return value;
  }
  std::int64_t integer() {
    skip_space();
    std::int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    require(error == std::errc{} && value >= 0, ErrorCode::kDataCorrupt,
            "NPY header: expected a length at '{}'", printable(text_.substr(at_)));
    at_ += static_cast<std::size_t>(end - begin);
    accept("L");  // Python 2
    return value;
  }
  bool boolean() {
    if (accept("True")) return true;
    expect("False");
    return false;
  }
  Shape shape() {
    expect("(");
    Shape shape;
    while (!accept(")")) {
      shape.push_back(integer());
      require(shape.size() <= kMaxRank, ErrorCode::kDataCorrupt, "NPY header: more than {} axes",
              kMaxRank);
      if (!accept(",")) {
        expect(")");
        break;
      }
    }
    return shape;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

void set_dtype(NpyHeader& header, std::string_view descr) {
  struct Row {
    std::string_view code;
    DType dtype;
  };
  static constexpr std::array<Row, 9> kRows{{{"f4", DType::kF32},
                                             {"f8", DType::kF64},
                                             {"f2", DType::kF16},
                                             {"i1", DType::kI8},
                                             {"u1", DType::kU8},
                                             {"i2", DType::kI16},
                                             {"i4", DType::kI32},
                                             {"i8", DType::kI64},
                                             {"b1", DType::kBool}}};
  if (!descr.empty()) {
    for (const Row& row : kRows) {
      if (descr.substr(1) == row.code &&
          std::string_view("<>|=").find(descr[0]) != std::string_view::npos) {
        header.dtype = row.dtype;
        header.is_byte_swapped = descr[0] == '>' && size_of(row.dtype) > 1;
        return;
      }
    }
  }
  fail(ErrorCode::kUnsupported,
       "NPY element type '{}' is not supported; known: f2 f4 f8 i1 i2 i4 i8 u1 b1; convert the "
       "array with numpy's astype first",
       printable(descr));
}

void parse_dict(NpyHeader& header, std::string_view literal) {
  HeaderText text(literal);
  bool has_descr = false, has_order = false, has_shape = false;
  text.expect("{");
  while (!text.accept("}")) {
    const std::string_view key = text.quoted();
    text.expect(":");
    if (key == "descr") {
      require(!text.accept("["), ErrorCode::kUnsupported,
              "NPY structured arrays are not supported; save each field as its own array");
      set_dtype(header, text.quoted());
      has_descr = true;
    } else if (key == "fortran_order") {
      header.is_fortran_order = text.boolean();
      has_order = true;
    } else if (key == "shape") {
      header.shape = text.shape();
      has_shape = true;
    } else {
      fail(ErrorCode::kDataCorrupt, "NPY header: unknown key '{}'", printable(key));
    }
    if (!text.accept(",")) {
      text.expect("}");
      break;
    }
  }
  require(has_descr && has_order && has_shape, ErrorCode::kDataCorrupt,
          "NPY header: one of descr, fortran_order, shape is missing");
}

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> file) {
  require(as_text(file).starts_with(kMagic), ErrorCode::kDataCorrupt,
          "not an NPY file: it does not start with \\x93NUMPY");
  const auto major = load_le<std::uint8_t>(file, 6, "NPY version");
  require(major >= 1 && major <= 3, ErrorCode::kUnsupported,
          "NPY format version {} is not known (1, 2 and 3 are)", major);
  const std::size_t length = major == 1 ? load_le<std::uint16_t>(file, 8, "NPY header length")
                                        : load_le<std::uint32_t>(file, 8, "NPY header length");
  const std::size_t begin = major == 1 ? 10 : 12;
  NpyHeader header;
  parse_dict(header, as_text(slice(file, begin, length, "NPY header")));
  header.data_offset = begin + length;
  std::int64_t count = 0;
  try {
    count = numel(header.shape);
  } catch (const Error& error) {
    fail(ErrorCode::kDataCorrupt, "NPY header: {}", error.message());
  }
  const std::size_t available = (file.size() - header.data_offset) / size_of(header.dtype);
  require(static_cast<std::uint64_t>(count) <= available, ErrorCode::kDataCorrupt,
          "truncated: shape {} of {} needs {} elements, the file holds {}", to_string(header.shape),
          name_of(header.dtype), count, available);
  return header;
}

}  // namespace nest::io
