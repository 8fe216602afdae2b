#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/io/checkpoint.h"
#include "tests/support/paths.h"

namespace nest::io {
namespace {

const std::filesystem::path kBad = test::tests_dir() / "golden/weights/bad";

struct BadFile {
  const char* name;
  const char* said;  ///< what the error must say
};

/// Every file that tests/golden/weights/generate.py writes into bad/.
constexpr BadFile kFiles[] = {
    {"system_call.pt", "posix.system"},
    {"stack_global.pt", "posix.system"},
    {"builtin_eval.pt", "__builtin__.eval"},
    {"inst.pt", "INST"},
    {"newobj.pt", "NEWOBJ"},
    {"build_on_dict.pt", "sets the state of a dict"},
    {"call_storage_type.pt", "calls a storage type"},
    {"cyclic.pt", "within themselves"},
    {"laughs.pt", "after expansion"},
    {"deep.pt", "deeper than"},
    {"memo_unknown.pt", "memo 7"},
    {"memo_flood.pt", "no state dict"},
    {"stack_underflow.pt", "empty stack"},
    {"text_too_long.pt", "truncated"},
    {"no_stop.pt", "truncated"},
    {"not_utf8.pt", "no state dict"},
    {"storage_missing.pt", "no member 'archive/data/9'"},
    {"storage_short.pt", "should hold 400 elements"},
    {"outside_storage.pt", "leaves its storage of 4"},
    {"offset_outside.pt", "leaves its storage of 4"},
    {"negative_stride.pt", "negative"},
    {"stride_overflow.pt", "overflows"},
    {"expanded_bomb.pt", "expand far beyond"},
    {"many_copies.pt", "expand far beyond"},
    {"name_twice.pt", "twice"},
    {"bomb.pt", "zip bomb"},
    {"not_a_dict.pt", "holds a list"},
    {"no_state_dict.pt", "keys: epoch"},
    {"torchscript.pt", "TorchScript"},
    {"big_endian.pt", "byte order 'big'"},
    {"legacy_format.pt", "before 1.6"},
    {"truncated.pt", "truncated"},
    {"empty.pt", "not a PyTorch file"},
    {"header_too_long.safetensors", "header length"},
    {"header_beyond_file.safetensors", "header length 100"},
    {"short.safetensors", "truncated"},
    {"not_json.safetensors", "parse error"},
    {"deep.safetensors", "deeper than"},
    {"duplicate.safetensors", "'a' occurs twice"},
    {"overlap.safetensors", "overlap"},
    {"gap.safetensors", "gap"},
    {"trailing.safetensors", "1 bytes behind the last tensor"},
    {"truncated.safetensors", "truncated"},
    {"wrong_size.safetensors", "do not fit shape [3]"},
    {"backwards.safetensors", "begins at byte 8"},
    {"overflow.safetensors", "2^62"},
    {"negative.safetensors", "not a whole number"},
    {"dtype.safetensors", "F8_E4M3"},
    {"metadata.safetensors", "not a text"},
};

class BadWeights : public testing::TestWithParam<BadFile> {};

TEST_P(BadWeights, is_refused_as_bad_data_with_its_reason) {
  const std::filesystem::path path = kBad / GetParam().name;
  try {
    read_checkpoint(path);
    FAIL() << path << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.code()), 3) << error.what();
    EXPECT_NE(std::string(error.what()).find(GetParam().said), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, BadWeights, testing::ValuesIn(kFiles), [](const auto& info) {
  std::string name = info.param.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

TEST(BadWeightsTable, covers_every_file_of_the_folder) {
  std::set<std::string> listed, present;
  for (const BadFile& file : kFiles) listed.insert(file.name);
  for (const auto& entry : std::filesystem::directory_iterator(kBad)) {
    present.insert(entry.path().filename().string());
  }
  EXPECT_EQ(listed, present);
}

}  // namespace
}  // namespace nest::io
