// A model's description (graphs, signal contract, vocabulary) as packages and prepared files carry
// it: a valid model or an Error; what was accepted is written and read back the same.
#include <cstdint>
#include <string_view>

#include "nest/core/error.h"
#include "nest/graph/serialize.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nest;
  const Json json =
      Json::parse(std::string_view(reinterpret_cast<const char*>(data), size), nullptr, false);
  if (json.is_discarded()) return 0;
  graph::Model model;
  try {
    model = graph::model_from_json(json);
  } catch (const Error& error) {
    if (exit_code(error.code()) != 3) __builtin_trap();
    return 0;
  }
  const Json written = graph::to_json(model);
  if (graph::to_json(graph::model_from_json(written)) != written) __builtin_trap();
  return 0;
}
