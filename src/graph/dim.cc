#include "nest/graph/dim.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dim_expr.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

using Product = std::vector<DimAtomPtr>;

std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  require(!__builtin_add_overflow(a, b, &sum), ErrorCode::kInvalidArgument,
          "axis length overflows: {} + {}", a, b);
  return sum;
}

std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  require(!__builtin_mul_overflow(a, b, &product), ErrorCode::kInvalidArgument,
          "axis length overflows: {} * {}", a, b);
  return product;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

std::string term_text(const Product& product, std::int64_t coefficient) {
  std::string text = coefficient == 1 && !product.empty() ? "" : std::to_string(coefficient);
  for (const DimAtomPtr& atom : product) text += (text.empty() ? "" : " * ") + atom->text;
  return text;
}

/// Products in order, the constant last: "(T - 9)", "2 * T", "16".
std::string text_of(const Polynomial& sum) {
  if (sum.terms.empty()) return "0";
  std::string text;
  const auto append = [&](const Product& product, std::int64_t coefficient) {
    if (text.empty()) {
      text = term_text(product, coefficient);
    } else {
      text += (coefficient < 0 ? " - " : " + ") + term_text(product, std::abs(coefficient));
    }
  };
  for (const auto& [product, coefficient] : sum.terms) {
    if (!product.empty()) append(product, coefficient);
  }
  if (const auto constant = sum.terms.find({}); constant != sum.terms.end()) {
    append({}, constant->second);
  }
  return sum.terms.size() > 1 ? "(" + text + ")" : text;
}

void add_term(Polynomial& sum, const Product& product, std::int64_t coefficient) {
  const auto [entry, is_new] = sum.terms.try_emplace(product, 0);
  entry->second = checked_add(entry->second, coefficient);
  if (entry->second == 0) sum.terms.erase(entry);
}

Polynomial scaled_sum(const Polynomial& a, const Polynomial& b, std::int64_t factor) {
  Polynomial sum = a;
  for (const auto& [product, value] : b.terms) add_term(sum, product, checked_mul(value, factor));
  return sum;
}

Polynomial product_of(const Polynomial& a, const Polynomial& b) {
  Polynomial result;
  for (const auto& [left, x] : a.terms) {
    for (const auto& [right, y] : b.terms) {
      Product product = left;
      product.insert(product.end(), right.begin(), right.end());
      std::sort(product.begin(), product.end(),
                [](const auto& p, const auto& q) { return p->text < q->text; });
      add_term(result, product, checked_mul(x, y));
    }
  }
  return result;
}

/// floor((q d + r) / d) = q + floor(r / d), and floor((floor(x / a) + c) / d) = floor((x + a c) /
/// (a d)).
Polynomial quotient_of(const Polynomial& sum, std::int64_t divisor) {
  Polynomial whole;
  Polynomial rest;
  for (const auto& [product, coefficient] : sum.terms) {
    const std::int64_t quotient = floor_div(coefficient, divisor);
    if (quotient != 0) add_term(whole, product, quotient);
    if (const std::int64_t left = coefficient - quotient * divisor; left != 0) {
      add_term(rest, product, left);
    }
  }
  const bool is_fraction = std::any_of(rest.terms.begin(), rest.terms.end(),
                                       [](const auto& t) { return !t.first.empty(); });
  if (!is_fraction) return whole;  // the constant left over is below the divisor

  const Product& first = rest.terms.rbegin()->first;
  const bool has_one_atom = rest.terms.size() == (rest.terms.contains({}) ? 2U : 1U);
  if (has_one_atom && first.size() == 1 && first[0]->numerator &&
      rest.terms.rbegin()->second == 1) {
    const DimAtom& inner = *first[0];
    const std::int64_t constant = rest.terms.contains({}) ? rest.terms.at({}) : 0;
    Polynomial merged = *inner.numerator;
    if (constant != 0) add_term(merged, {}, checked_mul(constant, inner.divisor));
    return scaled_sum(whole, quotient_of(merged, checked_mul(inner.divisor, divisor)), 1);
  }
  auto atom = std::make_shared<DimAtom>();
  atom->text = fmt::format("({} / {})", text_of(rest), divisor);
  atom->numerator = std::make_shared<Polynomial>(std::move(rest));
  atom->divisor = divisor;
  add_term(whole, {std::move(atom)}, 1);
  return whole;
}

void collect_symbols(const Polynomial& sum, std::set<std::string>& symbols) {
  for (const auto& [product, coefficient] : sum.terms) {
    for (const DimAtomPtr& atom : product) {
      if (atom->numerator) {
        collect_symbols(*atom->numerator, symbols);
      } else {
        symbols.insert(atom->symbol);
      }
    }
  }
}

std::int64_t evaluate(const Polynomial& sum, const Bindings& bindings) {
  std::int64_t total = 0;
  for (const auto& [product, coefficient] : sum.terms) {
    std::int64_t term = coefficient;
    for (const DimAtomPtr& atom : product) {
      if (atom->numerator) {
        term = checked_mul(term, floor_div(evaluate(*atom->numerator, bindings), atom->divisor));
        continue;
      }
      const auto found = bindings.find(atom->symbol);
      require(found != bindings.end(), ErrorCode::kNotFound, "axis symbol {} has no value",
              atom->symbol);
      term = checked_mul(term, found->second);
    }
    total = checked_add(total, term);
  }
  return total;
}

}  // namespace

bool DimAtomLess::operator()(const Product& a, const Product& b) const {
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const DimAtomPtr& p, const DimAtomPtr& q) { return p->text < q->text; });
}

Dim::Dim(std::shared_ptr<const Expr> expr) : expr_(std::move(expr)) {}

Dim::Dim(std::int64_t value) {
  Polynomial sum;
  if (value != 0) sum.terms.emplace(Product{}, value);
  expr_ = std::make_shared<Expr>(std::move(sum));
}

Dim::Expr::Expr(Polynomial polynomial) : sum(std::move(polynomial)), text(text_of(sum)) {}

Dim Dim::symbol(std::string name) {
  auto atom = std::make_shared<DimAtom>();
  atom->text = name;
  atom->symbol = std::move(name);
  Polynomial sum;
  sum.terms.emplace(Product{std::move(atom)}, 1);
  return Dim(std::make_shared<Expr>(std::move(sum)));
}

bool Dim::is_constant() const {
  const auto& terms = expr_->sum.terms;
  return terms.empty() || (terms.size() == 1 && terms.begin()->first.empty());
}

std::int64_t Dim::constant() const {
  require(is_constant(), ErrorCode::kInvalidArgument, "axis length {} is not a constant", text());
  return expr_->sum.terms.empty() ? 0 : expr_->sum.terms.begin()->second;
}

std::pair<std::string, std::int64_t> Dim::symbol_multiple() const {
  const auto& terms = expr_->sum.terms;
  const bool is_multiple = terms.size() == 1 && terms.begin()->second > 0 &&
                           terms.begin()->first.size() == 1 && !terms.begin()->first[0]->numerator;
  if (!is_multiple) return {"", 0};
  return {terms.begin()->first[0]->symbol, terms.begin()->second};
}

std::string Dim::symbol_name() const {
  const auto [symbol, factor] = symbol_multiple();
  return factor == 1 ? symbol : "";
}

std::vector<std::string> Dim::symbols() const {
  std::set<std::string> found;
  collect_symbols(expr_->sum, found);
  return {found.begin(), found.end()};
}

bool Dim::depends_on(std::string_view symbol) const {
  const std::vector<std::string> all = symbols();
  return std::find(all.begin(), all.end(), symbol) != all.end();
}

std::int64_t Dim::eval(const Bindings& bindings) const {
  return evaluate(expr_->sum, bindings);
}

std::string Dim::text() const {
  return expr_->text;
}

Dim operator+(const Dim& a, const Dim& b) {
  return Dim(std::make_shared<Dim::Expr>(scaled_sum(a.expr_->sum, b.expr_->sum, 1)));
}

Dim operator-(const Dim& a, const Dim& b) {
  return Dim(std::make_shared<Dim::Expr>(scaled_sum(a.expr_->sum, b.expr_->sum, -1)));
}

Dim operator*(const Dim& a, const Dim& b) {
  return Dim(std::make_shared<Dim::Expr>(product_of(a.expr_->sum, b.expr_->sum)));
}

Dim operator/(const Dim& a, std::int64_t b) {
  require(b > 0, ErrorCode::kInvalidArgument,
          "axis length {} divided by {}: the divisor must be "
          "positive",
          a.text(), b);
  return b == 1 ? a : Dim(std::make_shared<Dim::Expr>(quotient_of(a.expr_->sum, b)));
}

bool operator==(const Dim& a, const Dim& b) {
  return a.expr_->text == b.expr_->text;
}

std::string to_string(const DimShape& shape) {
  std::string text = "[";
  for (const Dim& dim : shape) text += (text.size() > 1 ? ", " : "") + dim.text();
  return text + "]";
}

}  // namespace nest::graph
