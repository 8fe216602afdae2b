#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

/// Numbers that count what is done with them: the measuring instrument behind graph/cost.h.
namespace nest::reference {

/// `sum += a * b` is a MAC; everything else is one operation each. Negation is none.
struct OperationCount {
  std::int64_t macs = 0;
  std::int64_t others = 0;
  std::int64_t flops() const { return 2 * macs + others; }
};

class Counted;

/// a * b that nothing has taken yet.
class Product {
 public:
  explicit Product(double value) : value_(value) {}

 private:
  friend class Counted;
  double value_;
};

class Counted {
 public:
  Counted(double value = 0) : value_(value) {}                           // NOLINT: a number
  Counted(const Product& product) : value_(product.value_) { count(); }  // NOLINT: a multiplication

  double value() const { return value_; }
  /// Of this thread since the last reset.
  static OperationCount& done() {
    thread_local OperationCount count;
    return count;
  }

  friend Product operator*(const Counted& a, const Counted& b) {
    return Product(a.value_ * b.value_);
  }
  Counted& operator+=(const Product& product) {
    ++done().macs;
    value_ += product.value_;
    return *this;
  }
  Counted& operator+=(const Counted& other) { return *this = *this + other; }
  friend Counted operator+(const Counted& a, const Counted& b) {
    return result(a.value_ + b.value_);
  }
  friend Counted operator-(const Counted& a, const Counted& b) {
    return result(a.value_ - b.value_);
  }
  friend Counted operator/(const Counted& a, const Counted& b) {
    return result(a.value_ / b.value_);
  }
  friend Counted operator-(const Counted& a) { return Counted(-a.value_); }
  friend bool operator>(const Counted& a, const Counted& b) {
    count();
    return a.value_ > b.value_;
  }
  friend Counted largest(const Counted& a, const Counted& b) {
    return result(std::max(a.value_, b.value_));
  }
  friend Counted exp(const Counted& a) { return result(std::exp(a.value_)); }
  friend Counted log(const Counted& a) { return result(std::log(a.value_)); }
  friend Counted tanh(const Counted& a) { return result(std::tanh(a.value_)); }
  friend Counted erf(const Counted& a) { return result(std::erf(a.value_)); }
  friend Counted sqrt(const Counted& a) { return result(std::sqrt(a.value_)); }

 private:
  static void count() { ++done().others; }
  static Counted result(double value) {
    count();
    return Counted(value);
  }

  double value_;
};

Counted operator+(const Counted& a, const Counted& b);  // seen for two products as well

inline Counted sigmoid(const Counted& x) {
  return Counted(1) / (Counted(1) + exp(-x));
}

}  // namespace nest::reference
