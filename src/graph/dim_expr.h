#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nest/graph/dim.h"

namespace nest::graph {

struct Polynomial;

/// A symbol, or floor(numerator / divisor). Two atoms are equal if their texts are.
struct DimAtom {
  std::string text;
  std::string symbol;  // empty for a floor division
  std::shared_ptr<const Polynomial> numerator;
  std::int64_t divisor = 1;
};
using DimAtomPtr = std::shared_ptr<const DimAtom>;

/// Orders atoms by their text, which is canonical.
struct DimAtomLess {
  bool operator()(const std::vector<DimAtomPtr>& a, const std::vector<DimAtomPtr>& b) const;
};

/// Sum of coefficient * product of atoms; no coefficient is zero, and the empty product is the
/// constant term. So equal polynomials have equal terms.
struct Polynomial {
  std::map<std::vector<DimAtomPtr>, std::int64_t, DimAtomLess> terms;
};

struct Dim::Expr {
  explicit Expr(Polynomial polynomial);

  Polynomial sum;
  std::string text;
};

}  // namespace nest::graph
