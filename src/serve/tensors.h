#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/tensor.h"
#include "serve/message.h"

/// Tensors as the Open Inference Protocol v2 carries them: JSON, and the binary tensor extension.
namespace nest::serve {

/// A request's JSON and the bytes behind it.
struct InferBody {
  Json json;
  std::span<const std::byte> binary;
};
/// `header_length` is Inference-Header-Content-Length, "" without it. Errors: RequestError.
InferBody parse_infer_body(std::string_view body, std::string_view header_length);

/// An input of a request as float32 or float64, whatever number type it has. `binary` loses what
/// belongs to it. Errors: RequestError naming the input.
Tensor parse_input(const Json& input, std::span<const std::byte>& binary);

/// One output of an answer.
struct InferOutput {
  std::string name;
  std::string datatype;  ///< "FP32", "BYTES"
  Shape shape;
  std::vector<float> numbers;      ///< of FP32
  std::vector<std::string> texts;  ///< of BYTES
  bool is_binary = false;
};

/// The answer's body: JSON, then the binary outputs. `header_length` is 0 if all is JSON.
std::string infer_answer(Json header, const std::vector<InferOutput>& outputs,
                         std::size_t& header_length);

}  // namespace nest::serve
