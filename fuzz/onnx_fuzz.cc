// Any bytes: an Error, or a model whose graphs are valid.
#include <cstdint>
#include <span>

#include "nest/core/error.h"
#include "nest/export/onnx_importer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nest;
  try {
    const graph::Model model =
        exports::import_onnx_operators(std::as_bytes(std::span(data, size)), "fuzzed");
    for (const auto& [name, graph] : model.graphs) graph::validate(graph, &model.weights);
  } catch (const Error& error) {
    if (exit_code(error.code()) != 3) __builtin_trap();
  }
  return 0;
}
