#include "ir/dim.h"

#include <algorithm>

#include "base/checked.h"

namespace thane {
namespace {

constexpr size_t kMaxTerms = 16;
constexpr size_t kMaxText = 160;  // bytes of a symbol's name; longer expressions become unknown

template <class T, class Text>
std::string join(const std::vector<T>& items, const Text& text) {
  std::string out = "[";
  for (size_t i = 0; i < items.size(); ++i) out += (i ? ", " : "") + text(items[i]);
  return out + "]";
}

}  // namespace

Dim Dim::symbol(const std::string& name) {
  if (name.empty() || name == "?" || name.size() > kMaxText) return {};  // "?" is how some exporters say unknown
  return from_terms({{{name}, 1}});
}

Dim Dim::from_terms(Terms terms) {
  std::sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return a.symbols < b.symbols; });
  Terms merged;
  for (auto& term : terms) {
    if (!merged.empty() && merged.back().symbols == term.symbols) {
      const auto sum = checked_add(merged.back().coefficient, term.coefficient);
      if (!sum) return {};
      merged.back().coefficient = *sum;
    } else {
      merged.push_back(std::move(term));
    }
  }
  std::erase_if(merged, [](const Term& t) { return t.coefficient == 0; });
  if (merged.empty()) return Dim(0);
  if (merged.size() == 1 && merged[0].symbols.empty()) return Dim(merged[0].coefficient);
  if (merged.size() > kMaxTerms) return {};
  Dim dim;
  dim.kind_ = Kind::kSymbolic;
  dim.terms_ = std::make_shared<const Terms>(std::move(merged));
  return dim;
}

Dim::Terms Dim::terms() const {
  if (kind_ == Kind::kSymbolic) return *terms_;
  return {{{}, value_}};
}

std::string Dim::text_of(const Terms& terms) {
  std::string text;
  // Highest degree first reads best; the canonical order has the constant first.
  for (auto term = terms.rbegin(); term != terms.rend(); ++term) {
    const bool negative = term->coefficient < 0;
    if (!text.empty()) {
      text += negative ? " - " : " + ";
    } else if (negative) {
      text += "-";
    }
    const std::string size = std::to_string(term->coefficient);
    const std::string magnitude = negative ? size.substr(1) : size;
    std::string product = magnitude == "1" && !term->symbols.empty() ? "" : magnitude;
    for (const auto& symbol : term->symbols) product += (product.empty() ? "" : "*") + symbol;
    text += product;
  }
  return text;
}

std::string Dim::to_string() const {
  if (kind_ == Kind::kUnknown) return "?";
  if (kind_ == Kind::kNumber) return std::to_string(value_);
  return text_of(*terms_);
}

bool operator==(const Dim& a, const Dim& b) {
  if (a.kind_ != b.kind_ || a.is_unknown()) return false;
  if (a.is_number()) return a.value_ == b.value_;
  return std::equal(
      a.terms_->begin(), a.terms_->end(), b.terms_->begin(), b.terms_->end(),
      [](const Dim::Term& x, const Dim::Term& y) { return x.coefficient == y.coefficient && x.symbols == y.symbols; });
}

Dim operator+(const Dim& a, const Dim& b) {
  if (a.is_unknown() || b.is_unknown()) return {};
  Dim::Terms terms = a.terms();
  for (auto& term : b.terms()) terms.push_back(std::move(term));
  return Dim::from_terms(std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + b * Dim(-1); }

Dim operator*(const Dim& a, const Dim& b) {
  if (a.is_number(0) || b.is_number(0)) return Dim(0);
  if (a.is_unknown() || b.is_unknown()) return {};
  Dim::Terms terms;
  for (const auto& x : a.terms()) {
    for (const auto& y : b.terms()) {
      const auto product = checked_mul(x.coefficient, y.coefficient);
      if (!product || terms.size() > kMaxTerms || x.symbols.size() + y.symbols.size() > 8) return {};
      auto symbols = x.symbols;
      symbols.insert(symbols.end(), y.symbols.begin(), y.symbols.end());
      std::sort(symbols.begin(), symbols.end());
      terms.push_back({std::move(symbols), *product});
    }
  }
  return Dim::from_terms(std::move(terms));
}

Dim Dim::floor_div(const Dim& a, const Dim& b) {
  if (a.is_unknown() || b.is_unknown() || b.is_number(0)) return {};
  if (b.is_number(1)) return a;
  if (a.is_number() && b.is_number()) {
    if (b.value_ == -1) return a * Dim(-1);
    const int64_t quotient = a.value_ / b.value_;
    return quotient - ((a.value_ % b.value_ != 0) && ((a.value_ < 0) != (b.value_ < 0)));
  }
  if (a == b) return Dim(1);
  // Exact when every coefficient divides, or when b is a single term that divides every term of a.
  const Terms divisor = b.terms();
  if (divisor.size() == 1) {
    Terms quotient;
    for (auto term : a.terms()) {
      if (divisor[0].coefficient == -1 || term.coefficient % divisor[0].coefficient != 0) break;
      term.coefficient /= divisor[0].coefficient;
      bool divides = true;
      for (const auto& symbol : divisor[0].symbols) {
        const auto found = std::find(term.symbols.begin(), term.symbols.end(), symbol);
        if (found == term.symbols.end()) {
          divides = false;
          break;
        }
        term.symbols.erase(found);
      }
      if (!divides) break;
      quotient.push_back(std::move(term));
    }
    if (quotient.size() == a.terms().size()) return from_terms(std::move(quotient));
  }
  return symbol("floor((" + a.to_string() + ")/(" + b.to_string() + "))");
}

Dim Dim::ceil_div(const Dim& a, const Dim& b) { return Dim(0) - floor_div(Dim(0) - a, b); }

bool Dim::is_nonnegative() const {
  if (is_number()) return value_ >= 0;
  // Sizes are never negative, so only a minus sign, perhaps inside a symbol's text, could make the whole so.
  return is_symbolic() && text_of(*terms_).find('-') == std::string::npos;
}

bool all_numbers(const SymDims& dims) {
  return std::all_of(dims.begin(), dims.end(), [](const Dim& d) { return d.is_number(); });
}

Dims to_numbers(const SymDims& dims) {
  Dims numbers;
  numbers.reserve(dims.size());
  for (const auto& d : dims) numbers.push_back(d.number());
  return numbers;
}

SymDims to_symbolic(const Dims& dims) { return {dims.begin(), dims.end()}; }

std::string to_string(const Dims& dims) {
  return join(dims, [](int64_t d) { return std::to_string(d); });
}
std::string to_string(const SymDims& dims) {
  return join(dims, [](const Dim& d) { return d.to_string(); });
}

Dim count_of(const SymDims& dims) {
  Dim count(1);
  for (const auto& d : dims) count = count * d;
  return count;
}

}  // namespace thane
