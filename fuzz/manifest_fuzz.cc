// A line of manifest.jsonl and, after the first line break, dataset.json.
#include <cstdint>
#include <string_view>

#include "nest/core/error.h"
#include "nest/data/dataset.h"
#include "nest/data/manifest.h"

namespace {

template <class Read>
void check(std::string_view text, Read read) {
  const nest::Json json = nest::Json::parse(text, nullptr, false);
  if (json.is_discarded()) return;
  try {
    const auto content = read(json);
    const nest::Json written = to_json(content);
    if (to_json(read(written)) != written) __builtin_trap();
  } catch (const nest::Error& error) {
    if (nest::exit_code(error.code()) != 3) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = std::min(input.find('\n'), input.size());
  check(input.substr(0, split), nest::data::utterance_from_json);
  check(input.substr(std::min(split + 1, input.size())), nest::data::dataset_info_from_json);
  return 0;
}
