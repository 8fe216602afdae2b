// What stands beside a sound state dict does not hide it: types that are not computed with, wide
// integers, objects of foreign classes.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/bytes.h"
#include "io/pytorch.h"
#include "io/safetensors.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/checkpoint.h"
#include "nest/io/zip.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

// ---- safetensors

struct Entry {
  std::string name, type;
  Shape shape;
  std::size_t bytes;
};

std::string safetensors(const std::vector<Entry>& entries) {
  Json header = Json::object();
  std::size_t at = 0;
  for (const Entry& entry : entries) {
    header[entry.name] = {
        {"dtype", entry.type}, {"shape", entry.shape}, {"data_offsets", {at, at + entry.bytes}}};
    at += entry.bytes;
  }
  const std::string text = header.dump();
  const std::uint64_t size = text.size();
  std::string file(reinterpret_cast<const char*>(&size), 8);
  return file + text + std::string(at, '\1');
}

TEST(SafetensorsTypes, tensors_of_every_type_of_the_format_are_listed_with_their_shapes) {
  const std::vector<Entry> foreign = {
      {"u16", "U16", {4}, 8},         {"u32", "U32", {2}, 8},         {"u64", "U64", {1}, 8},
      {"c64", "C64", {2}, 16},        {"e4m3", "F8_E4M3", {8}, 8},    {"e5m2", "F8_E5M2", {3}, 3},
      {"e8m0", "F8_E8M0", {0, 5}, 0}, {"f6", "F6_E2M3", {4}, 3},      {"f6b", "F6_E3M2", {8}, 6},
      {"f4", "F4", {3, 2}, 3},        {"later", "F3_OF_2031", {7}, 5}};
  std::vector<Entry> entries = {{"w", "F32", {2, 3}, 24}};
  entries.insert(entries.end(), foreign.begin(), foreign.end());
  const std::string file = safetensors(entries);
  const Safetensors content = parse_safetensors(as_bytes(file), nullptr);
  EXPECT_EQ(content.tensors.size(), 1u);
  ASSERT_EQ(content.unread.size(), foreign.size());
  for (const Entry& want : foreign) {
    const auto found = std::find_if(content.unread.begin(), content.unread.end(),
                                    [&](const UnreadTensor& t) { return t.name == want.name; });
    ASSERT_NE(found, content.unread.end()) << want.name;
    EXPECT_EQ(found->type, want.type);
    EXPECT_EQ(found->shape, want.shape);
  }
}

TEST(SafetensorsTypes, a_size_that_does_not_fit_its_type_is_an_error) {
  for (const Entry& entry : {Entry{"x", "U16", {4}, 7}, Entry{"x", "F4", {3}, 3},
                             Entry{"x", "F8_E4M3", {2}, 8}, Entry{"x", "C64", {2}, 8}}) {
    const std::string file = safetensors({entry});
    EXPECT_THAT([&] { parse_safetensors(as_bytes(file), nullptr); },
                ThrowsMessage<Error>(HasSubstr("do not fit shape")))
        << entry.type;
  }
}

TEST(SafetensorsTypes, unread_tensors_are_warnings_and_cannot_be_converted) {
  const test::TempDir dir;
  test::write_carelessly(dir / "a.safetensors",
                         safetensors({{"w", "F32", {2}, 8}, {"ids", "U16", {4}, 8}}));
  const Checkpoint checkpoint = read_checkpoint(dir / "a.safetensors");
  EXPECT_THAT(checkpoint.warnings, ElementsAre(HasSubstr("'ids' U16")));
  EXPECT_THAT([&] { read_checkpoint(dir / "a.safetensors", {.strict = true}); },
              ThrowsMessage<Error>(HasSubstr("'ids' U16")));
  EXPECT_THAT([&] { write_checkpoint(dir / "b.pt", checkpoint); },
              ThrowsMessage<Error>(HasSubstr("tensor 'ids' is of type U16")));
  EXPECT_FALSE(std::filesystem::exists(dir / "b.pt"));
}

// ---- PyTorch

std::string text(const std::string& value) {
  std::string out = "X";
  const auto size = static_cast<std::uint32_t>(value.size());
  out.append(reinterpret_cast<const char*>(&size), 4);
  return out + value;
}

std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

// Two elements of storage `key`.
std::string tensor(const std::string& storage_type, const std::string& key,
                   const std::string& module = "torch") {
  return global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") +
         global(module, storage_type) + text(key) + text("cpu") + "K\2tQ" + std::string("K\0", 2) +
         "(K\2t(K\1t\x89" + global("collections", "OrderedDict") + ")RtR";
}

std::string typed_tensor(const std::string& type, const std::string& key) {
  return global("torch._utils", "_rebuild_tensor_v3") + "((" + text("storage") +
         global("torch.storage", "UntypedStorage") + text(key) + text("cpu") + "K\2tQ" +
         std::string("K\0", 2) + "(K\2t(K\1t\x89" + global("collections", "OrderedDict") + ")R" +
         global("torch", type) + "tR";
}

// {"model_state_dict": {"w": two floats, ...state}, ...rest}
Checkpoint read(const std::string& state, const std::string& rest) {
  const std::string program = "\x80\x02}(" + text("model_state_dict") + "}(" + text("w") +
                              tensor("FloatStorage", "0") + state + "u" + rest + "u.";
  std::ostringstream out;
  ZipWriter zip(out);
  zip.add_stored("archive/data.pkl", as_bytes(program), 64);
  const std::string content(8, '\0');
  zip.add_stored("archive/data/0", as_bytes(content), 64);
  zip.finish();
  return parse_pytorch(as_bytes(out.view()), nullptr);
}

TEST(PytorchLenient, integers_of_any_width_are_read_and_kept_as_digits) {
  const Checkpoint checkpoint =
      read("", text("seed") + std::string("\x8a\x09\0\0\0\0\0\0\0\x80\0", 11) + text("low") +
                   std::string("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\xff", 11) + text("huge") +
                   std::string("\x8b\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16) + text("small") +
                   "\x8a\x01\xfe");
  EXPECT_EQ(checkpoint.state_dict.size(), 1u);
  EXPECT_EQ(checkpoint.extra["seed"], "9223372036854775808");
  EXPECT_EQ(checkpoint.extra["low"], "-9223372036854775809");
  EXPECT_EQ(checkpoint.extra["huge"], "1208925819614629174706176");
  EXPECT_EQ(checkpoint.extra["small"], -2);
  EXPECT_THAT(checkpoint.warnings, ElementsAre(HasSubstr("'seed' 9223372036854775808")));
}

TEST(PytorchLenient, objects_of_foreign_classes_stay_names_and_hide_nothing) {
  const std::string namespace_object =
      global("argparse", "Namespace") + ")\x81}" + text("lr") + "K\1sb";
  const std::string path = global("pathlib", "PosixPath") + "(" + text("/") + text("data") + "tR";
  const std::string counter = global("collections", "defaultdict") + global("builtins", "int") +
                              "\x85R(" + text("a") + "K\1u";
  const Checkpoint checkpoint = read("", text("args") + namespace_object + text("path") + path +
                                             text("counts") + counter + text("kept") + "K\7");
  EXPECT_EQ(checkpoint.state_dict.size(), 1u);
  EXPECT_EQ(checkpoint.extra["args"], "object of argparse.Namespace");
  EXPECT_EQ(checkpoint.extra["path"], "object of pathlib.PosixPath");
  EXPECT_EQ(checkpoint.extra["kept"], 7);
  EXPECT_THAT(checkpoint.warnings, ElementsAre(HasSubstr("'args' argparse.Namespace")));
}

TEST(PytorchLenient, sets_and_byte_arrays_are_values) {
  const Checkpoint checkpoint =
      read("", text("set") + "\x8f(K\1K\2\x90" + text("frozen") + "(K\3\x91");
  EXPECT_EQ(checkpoint.extra["set"], Json({1, 2}));
  EXPECT_EQ(checkpoint.extra["frozen"], Json({3}));
  EXPECT_THAT(checkpoint.warnings, IsEmpty());
}

TEST(PytorchLenient, tensors_of_other_types_are_listed_beside_those_that_are_read) {
  const Checkpoint checkpoint = read(
      text("ids") + typed_tensor("uint16", "0") + text("c") + tensor("ComplexFloatStorage", "0") +
          text("q") + global("torch._utils", "_rebuild_qtensor") + ")R" + text("n") + "K\5",
      "");
  EXPECT_EQ(checkpoint.state_dict.size(), 1u);
  std::map<std::string, std::string> types;
  for (const UnreadTensor& tensor : checkpoint.unread) types[tensor.name] = tensor.type;
  EXPECT_EQ(types["ids"], "uint16");
  EXPECT_EQ(types["c"], "ComplexFloat");
  EXPECT_EQ(types["q"], "torch._utils._rebuild_qtensor");
  EXPECT_EQ(types["n"], "an int");
  EXPECT_EQ(checkpoint.unread.front().shape, (Shape{2}));
}

TEST(PytorchLenient, names_that_are_no_utf8_are_read_as_latin_1) {
  const Checkpoint checkpoint =
      read(text("poids_\xE9") + tensor("FloatStorage", "0"), text("note\xFF") + text("\xFF"));
  EXPECT_TRUE(checkpoint.state_dict.contains("poids_\xC3\xA9"));
  EXPECT_EQ(checkpoint.extra["note\xC3\xBF"], "\xC3\xBF");
  EXPECT_FALSE(checkpoint.warnings.empty());
}

TEST(PytorchLenient, a_key_that_occurs_twice_has_its_last_value_and_can_be_written) {
  const std::string last = "}(" + text("v") + tensor("FloatStorage", "0") + "u";
  const Checkpoint checkpoint =
      read("", text("model_state_dict") + "K\5" + text("model_state_dict") + last);
  EXPECT_TRUE(checkpoint.state_dict.contains("v"));
  EXPECT_FALSE(checkpoint.state_dict.contains("w"));
  EXPECT_EQ(checkpoint.extra, Json::object());
  std::ostringstream out;
  write_pytorch(out, checkpoint);
}

TEST(PytorchLenient, a_second_state_dict_is_left_out_and_named) {
  const Checkpoint checkpoint = read("", text("state_dict") + "}");
  EXPECT_TRUE(checkpoint.state_dict.contains("w"));
  EXPECT_EQ(checkpoint.extra, Json::object());
  EXPECT_THAT(checkpoint.warnings, ElementsAre(HasSubstr("'state_dict'")));
}

TEST(ZipLenient, a_member_packed_in_an_unknown_way_is_an_error_only_when_it_is_read) {
  std::ostringstream out;
  ZipWriter zip(out);
  const std::string content = "content";
  zip.add_stored("good", as_bytes(content));
  zip.add_stored("odd", as_bytes(content));
  zip.finish();
  std::string file = out.str();
  const std::size_t local = file.rfind("PK\x03\x04");
  const std::size_t directory = file.rfind("PK\x01\x02");
  file[local + 8] = 12;  // bzip2
  file[directory + 10] = 12;
  const ZipReader reader(as_bytes(file), nullptr);
  EXPECT_EQ(reader.read(reader.at("good"), 100).size(), 7u);
  EXPECT_THAT([&] { reader.read(reader.at("odd"), 100); },
              ThrowsMessage<Error>(HasSubstr("compression method 12")));
  EXPECT_THROW(reader.mapped(reader.at("odd")), Error);
}

}  // namespace
}  // namespace nest::io
