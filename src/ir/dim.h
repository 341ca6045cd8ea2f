// One dimension of a shape: a number, a symbolic expression ("batch", "2*seq + 1"), or unknown.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace thane {

// Symbolic dimensions are integer polynomials over named symbols, in a canonical form, so that equal expressions
// compare equal. What a polynomial cannot say (a rounded division) becomes a symbol named by its own text. Arithmetic
// that overflows or grows beyond reason gives an unknown dimension, never an error.
class Dim {
 public:
  Dim() = default;  // unknown
  Dim(int64_t value) : value_(value), kind_(Kind::kNumber) {}
  static Dim symbol(const std::string& name);
  static Dim unknown() { return {}; }

  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_number(int64_t v) const { return kind_ == Kind::kNumber && value_ == v; }
  bool is_unknown() const { return kind_ == Kind::kUnknown; }
  bool is_symbolic() const { return kind_ == Kind::kSymbolic; }
  int64_t number() const { return value_; }  // only when is_number()
  std::string to_string() const;             // "?" when unknown

  // Known to be equal. An unknown dimension equals nothing, not even itself.
  friend bool operator==(const Dim& a, const Dim& b);
  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  static Dim floor_div(const Dim& a, const Dim& b);  // unknown for b == 0
  static Dim ceil_div(const Dim& a, const Dim& b);
  // Surely >= 0: a number, or an expression of sizes without subtraction.
  bool is_nonnegative() const;

 private:
  enum class Kind : uint8_t { kUnknown, kNumber, kSymbolic };
  // Sum of coefficient * product of symbols; the empty product is the constant term.
  struct Term {
    std::vector<std::string> symbols;  // sorted
    int64_t coefficient;
  };
  using Terms = std::vector<Term>;  // sorted by symbols, no zero coefficient

  static Dim from_terms(Terms terms);
  Terms terms() const;
  static std::string text_of(const Terms& terms);

  int64_t value_ = 0;
  Kind kind_ = Kind::kUnknown;
  std::shared_ptr<const Terms> terms_;
};

using Dims = std::vector<int64_t>;  // a concrete shape, row-major
using SymDims = std::vector<Dim>;   // a possibly symbolic one

bool all_numbers(const SymDims& dims);
Dims to_numbers(const SymDims& dims);  // requires all_numbers
SymDims to_symbolic(const Dims& dims);
std::string to_string(const Dims& dims);     // "[1, 3, 224, 224]"
std::string to_string(const SymDims& dims);  // "[batch, 3, ?]"
// Number of elements as a dimension.
Dim count_of(const SymDims& dims);

}  // namespace thane
