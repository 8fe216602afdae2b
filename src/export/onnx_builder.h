#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "onnx_model.h"

namespace nest::exports {

/// Edges by name.
using Names = std::vector<std::string>;

/// What the operators may be and what numbers are.
struct OnnxDialect {
  int opset = 17;
  DType number = DType::kF32;  ///< of weights and activations: kF32 or kF16
};

OnnxAttribute attribute(std::string name, std::int64_t value);
OnnxAttribute attribute(std::string name, std::vector<std::int64_t> values);
OnnxAttribute attribute(std::string name, std::string value);
OnnxAttribute attribute(std::string name, double value);

/// Adds operators to an ONNX graph, in the form that an operator set has them: what moved from
/// attributes to inputs, or exists from some version on only, is decided here.
///
/// Names of nodes and edges begin with the scope, the name of the model's node they stand for.
/// Axes may be negative wherever ONNX takes them so.
class OnnxBuilder {
 public:
  /// `prefix` goes before every name: of a graph within a graph, whose names may not be those of
  /// the outer one.
  explicit OnnxBuilder(const OnnxDialect& dialect, std::string prefix = "")
      : dialect_(dialect), prefix_(std::move(prefix)) {}

  const OnnxDialect& dialect() const { return dialect_; }
  void set_scope(std::string scope) { scope_ = std::move(scope); }
  OnnxGraph& graph() { return graph_; }
  /// A name that nothing else has: `wanted`, or with a number behind.
  std::string unique(const std::string& wanted);
  /// The name of an input of a graph within a graph.
  std::string port(const std::string& wanted);
  /// Takes the name of a graph input or output before anything else does.
  void reserve(const std::string& port) { taken_.insert(port), fixed_.insert(port); }

  // --- constants: one of each value -------------------------------------------------------------

  /// A named weight, in the dialect's numbers if it is a float. Given twice, it is there once.
  std::string weight(const std::string& name, const Tensor& values);
  /// The same of the type it has: codes and their scales.
  std::string weight_as_is(const std::string& name, const Tensor& values);
  std::string zero_code(std::uint8_t code);  ///< [], the zero point of unsigned codes
  /// Of the dialect's numbers.
  std::string number(double value);
  std::string integers(const std::vector<std::int64_t>& values);  ///< [n]
  std::string integer(std::int64_t value);                        ///< []

  // --- operators ---------------------------------------------------------------------------------

  std::string add(std::string_view op, Names inputs, std::vector<OnnxAttribute> attributes = {});
  /// With several outputs; those of which `wanted` is false are absent.
  Names add_many(std::string_view op, Names inputs, const std::vector<bool>& wanted,
                 std::vector<OnnxAttribute> attributes = {});

  std::string unsqueeze(const std::string& x, std::vector<std::int64_t> axes);
  std::string squeeze(const std::string& x, std::vector<std::int64_t> axes);
  std::string transpose(const std::string& x, std::vector<std::int64_t> order);
  /// 0 keeps a length, -1 is what is left.
  std::string reshape(const std::string& x, std::vector<std::int64_t> lengths);
  std::string concat(Names parts, std::int64_t axis);
  Names split(const std::string& x, std::int64_t axis, const std::vector<std::int64_t>& lengths);
  std::string slice(const std::string& x, std::int64_t axis, std::int64_t begin, std::int64_t end);
  /// begin and end are int64 [1].
  std::string slice(const std::string& x, std::int64_t axis, const std::string& begin,
                    const std::string& end);
  std::string cast(const std::string& x, DType dtype);
  /// Of the dialect's numbers as float32, and back.
  std::string as_float(const std::string& x);
  std::string as_number(const std::string& x);
  std::string mean_of_last_axis(const std::string& x);
  std::string sum(const std::string& x, std::int64_t axis);     ///< the axis stays, of length 1
  std::string length(const std::string& x, std::int64_t axis);  ///< int64 []

  /// Makes a value the graph output of that (reserved) name.
  void name_output(const std::string& value, const std::string& name);

 private:
  std::string with_axes(std::string_view op, const std::string& x, std::vector<std::int64_t> axes,
                        int input_since, std::vector<OnnxAttribute> attributes);
  std::string constant(const std::string& name, Tensor values);
  std::string free_name(const std::string& wanted);

  OnnxDialect dialect_;
  std::string prefix_;
  OnnxGraph graph_;
  std::string scope_;
  std::set<std::string> taken_;
  std::map<std::string, std::string> constants_;  ///< edge by what it holds
  std::set<std::string> fixed_;                   ///< edges that keep their names
  std::map<std::string, std::string> renamed_;
};

}  // namespace nest::exports
