#include "preprocessing_loops.h"

#include <cmath>
#include <memory>

#include "nest/signal/design.h"

namespace nest::exports {
namespace {

/// x' = A x + B u, y = C x + D u for the delay elements x of a whole cascade, row-major.
struct StateSpace {
  std::int64_t size = 0;
  std::vector<double> a_transposed;  ///< [size, size]
  std::vector<double> b;             ///< [1, size]
  std::vector<double> c;             ///< [size, 1]
  double d = 0;
};

/// One step of the cascade in transposed direct form II; returns its output.
double step(const signal::Sos& sos, std::vector<double>& state, double x) {
  for (std::size_t i = 0; i < sos.size(); ++i) {
    const signal::SosSection& s = sos[i];
    double& z0 = state[2 * i];
    double& z1 = state[2 * i + 1];
    const double y = s.b0 * x + z0;
    z0 = s.b1 * x + z1 - s.a1 * y;
    z1 = s.b2 * x - s.a2 * y;
    x = y;
  }
  return x;
}

/// What a unit in each delay element, and in the input, becomes in one step.
StateSpace state_space(const signal::Sos& sos) {
  StateSpace space;
  const std::size_t size = 2 * sos.size();
  space.size = static_cast<std::int64_t>(size);
  for (std::size_t i = 0; i < size; ++i) {
    std::vector<double> unit(size, 0);
    unit[i] = 1;
    space.c.push_back(step(sos, unit, 0));
    space.a_transposed.insert(space.a_transposed.end(), unit.begin(), unit.end());
  }
  space.b.assign(size, 0);
  space.d = step(sos, space.b, 1);
  return space;
}

OnnxValue value(const std::string& name, std::vector<OnnxDim> shape) {
  return {name, DType::kF64, std::move(shape)};
}

/// Runs `body` over the columns of x: states, then a column -> next states, then a column.
std::string scan(OnnxBuilder& onnx, const std::string& x, Names states, OnnxGraph body) {
  const std::size_t count = states.size();
  states.push_back(x);
  const std::vector<std::int64_t> columns{1};
  return onnx
      .add_many("Scan", std::move(states), std::vector<bool>(count + 1, true),
                {{"body", std::make_shared<OnnxGraph>(std::move(body))},
                 attribute("num_scan_inputs", std::int64_t{1}),
                 attribute("scan_input_axes", columns),
                 attribute("scan_output_axes", columns)})
      .back();
}

}  // namespace

std::string doubles(OnnxBuilder& onnx, const std::string& name, Shape shape,
                    const std::vector<double>& values) {
  return onnx.weight_as_is(name, Tensor::from<double>(std::move(shape), values));
}

std::string filtered(OnnxBuilder& onnx, const std::string& x, const signal::Sos& sos,
                     std::int64_t rows) {
  const StateSpace space = state_space(sos);
  const std::int64_t n = space.size;
  OnnxBuilder body(onnx.dialect(), "filter/");
  body.set_scope("step");
  const std::string state = body.port("state"), column = body.port("sample");
  const std::string u = body.unsqueeze(column, {1});
  const std::string seen = body.add("MatMul", {state, doubles(body, "c", {n, 1}, space.c)});
  const std::string y = body.squeeze(
      body.add("Add", {seen, body.add("Mul", {u, doubles(body, "d", {1, 1}, {space.d})})}), {1});
  const std::string kept =
      body.add("MatMul", {state, doubles(body, "a", {n, n}, space.a_transposed)});
  const std::string next =
      body.add("Add", {kept, body.add("MatMul", {u, doubles(body, "b", {1, n}, space.b)})});
  OnnxGraph& graph = body.graph();
  graph.name = "filter_step";
  graph.inputs = {value(state, {rows, n}), value(column, {rows})};
  graph.outputs = {value(next, {rows, n}), value(y, {rows})};
  std::vector<double> steady;
  for (const signal::SosState& z : signal::sos_steady_state(sos))
    steady.insert(steady.end(), z.begin(), z.end());
  const std::string start =
      onnx.add("MatMul", {onnx.slice(x, 1, 0, 1), doubles(onnx, "steady_state", {1, n}, steady)});
  return scan(onnx, x, {start}, std::move(graph));
}

std::string running_normalized(OnnxBuilder& onnx, const std::string& x, std::int64_t rows,
                               double samples_of_memory) {
  constexpr double kFloor = 1e-12;  // OnlinePreprocessorOptions::stddev_floor
  OnnxBuilder body(onnx.dialect(), "running/");
  body.set_scope("step");
  const std::string mean = body.port("mean"), variance = body.port("variance"),
                    seen = body.port("seen"), column = body.port("sample");
  const std::string one = doubles(body, "one", {1}, {1});
  const std::string count = body.add("Add", {seen, one});
  const std::string slowest = doubles(body, "slowest", {1}, {-std::expm1(-1 / samples_of_memory)});
  const std::string alpha = body.add("Max", {body.add("Div", {one, count}), slowest});
  const std::string difference = body.add("Sub", {column, mean});
  const std::string change = body.add("Mul", {alpha, difference});
  const std::string new_mean = body.add("Add", {mean, change});
  const std::string spread = body.add("Add", {variance, body.add("Mul", {difference, change})});
  const std::string new_variance = body.add("Mul", {body.add("Sub", {one, alpha}), spread});
  const std::string divisor =
      body.add("Max", {body.add("Sqrt", {new_variance}), doubles(body, "floor", {1}, {kFloor})});
  const std::string y = body.add("Div", {body.add("Sub", {column, new_mean}), divisor});
  OnnxGraph& graph = body.graph();
  graph.name = "running_step";
  graph.inputs = {value(mean, {rows}), value(variance, {rows}), value(seen, {std::int64_t{1}}),
                  value(column, {rows})};
  graph.outputs = {value(new_mean, {rows}), value(new_variance, {rows}),
                   value(count, {std::int64_t{1}}), value(y, {rows})};
  const std::string zeros =
      doubles(onnx, "zeros", {rows}, std::vector<double>(static_cast<std::size_t>(rows), 0));
  return scan(onnx, x, {zeros, zeros, doubles(onnx, "zero", {1}, {0})}, std::move(graph));
}

}  // namespace nest::exports
