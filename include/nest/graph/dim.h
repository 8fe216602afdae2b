#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nest::graph {

/// Values of symbols, e.g. {"B": 2, "T": 500}.
using Bindings = std::map<std::string, std::int64_t, std::less<>>;

/// One axis length: an integer, a symbol ("B", "T", "U"), or an expression of them.
///
/// Expressions are sums, products and floor divisions, which is all that convolution and pooling
/// need: frames = floor((T + p - k) / s) + 1. They are kept in a canonical text form, so two dims
/// are equal if they print the same.
class Dim {
 public:
  Dim(std::int64_t value = 0);  // NOLINT: integers are dims
  static Dim symbol(std::string name);
  /// Inverse of text(). Errors: DataCorrupt that names the text and the place.
  static Dim parse(std::string_view text);

  bool is_constant() const;
  /// Errors: InvalidArgument if not constant.
  std::int64_t constant() const;
  /// The symbol's name if this is a bare symbol, else "".
  std::string symbol_name() const;
  /// A symbol and its factor if this is a positive multiple of one ("32 * N"), else "" and 0.
  std::pair<std::string, std::int64_t> symbol_multiple() const;
  bool depends_on(std::string_view symbol) const;
  /// Every symbol in it, sorted.
  std::vector<std::string> symbols() const;

  /// Errors: NotFound if a symbol has no value.
  std::int64_t eval(const Bindings& bindings) const;
  /// "T", "16", "((T + 1) / 4)"
  std::string text() const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  /// Floor division by a positive constant.
  friend Dim operator/(const Dim& a, std::int64_t b);
  friend bool operator==(const Dim& a, const Dim& b);

 private:
  struct Expr;
  explicit Dim(std::shared_ptr<const Expr> expr);
  std::shared_ptr<const Expr> expr_;
};

using DimShape = std::vector<Dim>;

/// "[B, 128, ((T + 1) / 32)]"
std::string to_string(const DimShape& shape);

}  // namespace nest::graph
