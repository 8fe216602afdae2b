#include "nest/io/npy.h"

#include <numeric>
#include <sstream>

#include <gtest/gtest.h>

#include "io/bytes.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

std::string npy_text(std::string_view dict, std::string_view data) {
  std::string header(dict);
  header += '\n';
  const auto size = static_cast<std::uint16_t>(header.size());
  std::string text("\x93NUMPY\x01\x00", 8);
  text.append(reinterpret_cast<const char*>(&size), 2);
  return text + header + std::string(data);
}

ErrorCode code_of(std::string_view text) {
  try {
    parse_npy(as_bytes(text));
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted";
  return ErrorCode::kInternal;
}

TEST(Npy, every_element_type_comes_back_bit_equal) {
  const test::TempDir dir;
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kF16, DType::kI8, DType::kU8,
                            DType::kI16, DType::kI32, DType::kI64, DType::kBool}) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 0, 4}}) {
      Tensor tensor(dtype, shape);
      auto* bytes = static_cast<std::uint8_t*>(tensor.mutable_raw());
      for (std::size_t i = 0; i < tensor.nbytes(); ++i) bytes[i] = i % 2 == 1;
      write_npy(dir / "a.npy", tensor);
      EXPECT_TRUE(bit_equal(read_npy(dir / "a.npy"), tensor)) << name_of(dtype);
      EXPECT_TRUE(bit_equal(NpyFile::open(dir / "a.npy").all(), tensor)) << name_of(dtype);
    }
  }
}

TEST(Npy, bfloat16_is_written_as_float32_of_the_same_value) {
  std::ostringstream out;
  write_npy(out, Tensor::from<BFloat16>({2}, {to_bfloat16(1.5f), to_bfloat16(-3.0f)}));
  const Tensor back = parse_npy(as_bytes(out.view()));
  ASSERT_EQ(back.dtype(), DType::kF32);
  EXPECT_EQ(back.data<float>()[0], 1.5f);
  EXPECT_EQ(back.data<float>()[1], -3.0f);
}

TEST(Npy, fortran_order_becomes_row_major) {
  const std::string text =
      npy_text("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }", "\1\4\2\5\3\6");
  const Tensor tensor = parse_npy(as_bytes(text));
  EXPECT_TRUE(bit_equal(tensor, Tensor::from<std::int8_t>({2, 3}, {1, 2, 3, 4, 5, 6})));
  const test::TempDir dir;
  write_text_file(dir / "f.npy", text);
  EXPECT_TRUE(bit_equal(NpyFile::open(dir / "f.npy").rows(1, 2),
                        Tensor::from<std::int8_t>({1, 3}, {4, 5, 6})));
}

TEST(Npy, big_endian_values_are_swapped) {
  const Tensor tensor = parse_npy(as_bytes(npy_text(
      "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", std::string("\1\2\3\4", 4))));
  EXPECT_TRUE(bit_equal(tensor, Tensor::from<std::int16_t>({2}, {0x0102, 0x0304})));
}

TEST(Npy, rows_of_a_file_are_views_of_the_map) {
  const test::TempDir dir;
  std::vector<float> values(12);
  std::iota(values.begin(), values.end(), 0.0f);
  write_npy(dir / "a.npy", Tensor::from<float>({4, 3}, values));
  const NpyFile file = NpyFile::open(dir / "a.npy");
  const Tensor rows = file.rows(1, 3);
  EXPECT_EQ(rows.shape(), (Shape{2, 3}));
  EXPECT_EQ(rows.data<float>()[0], 3.0f);
  EXPECT_EQ(rows.raw(), static_cast<const float*>(file.all().raw()) + 3);
  EXPECT_THROW(file.rows(3, 5), Error);
  EXPECT_THROW(file.rows(-1, 2), Error);
}

TEST(Npy, bools_other_than_0_and_1_become_true) {
  const Tensor tensor = parse_npy(as_bytes(npy_text(
      "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\0\1\x7f", 3))));
  EXPECT_TRUE(tensor.data<bool>()[2]);
  EXPECT_EQ(static_cast<const std::uint8_t*>(tensor.raw())[2], 1);
}

TEST(Npy, damaged_files_are_refused) {
  EXPECT_EQ(code_of(""), ErrorCode::kDataCorrupt);
  EXPECT_EQ(code_of("\x93NUMPY\x01"), ErrorCode::kDataCorrupt);
  EXPECT_EQ(code_of(std::string("\x93NUMPY\x01\x00\xff\xff{", 11)), ErrorCode::kDataCorrupt);
  const auto with = [](std::string_view dict) { return code_of(npy_text(dict, "12345678")); };
  EXPECT_EQ(with("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"),
            ErrorCode::kDataCorrupt);
  EXPECT_EQ(with("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8), }"),
            ErrorCode::kDataCorrupt);
  EXPECT_EQ(with("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
            ErrorCode::kDataCorrupt);
  EXPECT_EQ(with("{'descr': '<f8', 'fortran_order': False}"), ErrorCode::kDataCorrupt);
  EXPECT_EQ(with("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
            ErrorCode::kUnsupported);
  EXPECT_EQ(with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"),
            ErrorCode::kUnsupported);
}

TEST(Npy, archives_of_arrays_come_back_bit_equal) {
  const test::TempDir dir;
  TensorMap arrays;
  arrays["a"] = Tensor::from<float>({2}, {1.0f, 2.0f});
  arrays["b.c"] = Tensor::from<std::int64_t>({1, 1}, {7});
  write_npz(dir / "a.npz", arrays);
  const TensorMap back = read_npz(dir / "a.npz");
  ASSERT_EQ(back.size(), 2u);
  for (const auto& [name, tensor] : arrays) EXPECT_TRUE(bit_equal(back.at(name), tensor)) << name;
}

}  // namespace
}  // namespace nest::io
