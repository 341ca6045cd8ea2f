#include "api/compare.h"

#include <cmath>
#include <limits>

#include "base/format.h"

namespace thane {
namespace {

class Comparison {
 public:
  explicit Comparison(const Tolerance& tolerance) : tolerance_(tolerance) {}

  void visit(const Value& value, const Value& reference) {
    if (value.is_tensor() && reference.is_tensor()) return tensors(value.tensor(), reference.tensor());
    if (value.is_sequence() && reference.is_sequence()) {
      const auto &a = value.sequence().items, &b = reference.sequence().items;
      if (a.size() != b.size()) return differs(format("{} items against {}", a.size(), b.size()));
      for (size_t i = 0; i < a.size(); ++i) visit(a[i], b[i]);
      return;
    }
    if (value.is_map() && reference.is_map()) {
      if (!identical(value.map().keys, reference.map().keys)) return differs("the keys of a map");
      return tensors(value.map().values, reference.map().values);
    }
    if (!value.empty() || !reference.empty()) {
      differs(format("{} against {}", value.type().to_string(), reference.type().to_string()));
    }
  }

  Difference finish() {
    if (!out_.structure.empty()) {
      out_.within = false;
      return std::move(out_);
    }
    out_.within = out_.beyond == 0;
    if (counted_ > 0) out_.mean_error = error_sum_ / static_cast<double>(counted_);
    const double norms = std::sqrt(value_square_) * std::sqrt(reference_square_);
    out_.cosine = norms > 0 ? product_ / norms : (value_square_ == reference_square_ ? 1 : 0);
    return std::move(out_);
  }

 private:
  void differs(std::string text) {
    if (out_.structure.empty()) out_.structure = std::move(text);
  }

  void tensors(const Tensor& value, const Tensor& reference) {
    if (value.dims() != reference.dims()) {
      return differs(format("shape {} against {}", to_string(value.dims()), to_string(reference.dims())));
    }
    const auto is_complex = [](const Tensor& t) { return mask_of(t.dtype()) & kComplexes; };
    const bool texts = value.dtype() == DType::kString;
    if (value.dtype() != reference.dtype() &&
        (texts || reference.dtype() == DType::kString || is_complex(value) || is_complex(reference))) {
      return differs(format("{} against {}", dtype_name(value.dtype()), dtype_name(reference.dtype())));
    }
    if (texts) return strings(value, reference);
    if (value.dtype() == DType::kComplex64) return parts<float>(value, reference);
    if (value.dtype() == DType::kComplex128) return parts<double>(value, reference);
    for (int64_t i = 0; i < value.size(); ++i) number(value.as_double(i), reference.as_double(i), i);
    rows(value, reference);
  }

  void strings(const Tensor& value, const Tensor& reference) {
    for (int64_t i = 0; i < value.size(); ++i) {
      ++out_.elements;
      if (value.data<std::string>()[i] != reference.data<std::string>()[i]) miss(i, 0, 0);
    }
  }

  template <class T>
  void parts(const Tensor& value, const Tensor& reference) {
    for (int64_t i = 0; i < 2 * value.size(); ++i) {
      number(static_cast<const T*>(value.raw())[i], static_cast<const T*>(reference.raw())[i], i / 2);
    }
  }

  void number(double value, double reference, int64_t index) {
    ++out_.elements;
    if (value == reference || (std::isnan(value) && std::isnan(reference))) {
      if (std::isfinite(value)) measure(value, reference);
      return;
    }
    if (!std::isfinite(value) || !std::isfinite(reference)) {
      out_.max_error = std::numeric_limits<double>::infinity();
      return miss(index, value, reference);
    }
    measure(value, reference);
    const double error = std::abs(value - reference);
    if (error > tolerance_.absolute + tolerance_.relative * std::abs(reference)) miss(index, value, reference);
  }

  void measure(double value, double reference) {
    const double error = std::abs(value - reference);
    ++counted_;
    error_sum_ += error;
    out_.max_error = std::max(out_.max_error, error);
    out_.max_reference = std::max(out_.max_reference, std::abs(reference));
    product_ += value * reference;
    value_square_ += value * value;
    reference_square_ += reference * reference;
  }

  void miss(int64_t index, double value, double reference) {
    if (out_.beyond++ > 0) return;
    out_.first_beyond = index;
    out_.value_there = value;
    out_.reference_there = reference;
  }

  void rows(const Tensor& value, const Tensor& reference) {
    if (value.rank() == 0 || value.dims().back() < 2) return;
    const int64_t width = value.dims().back();
    for (int64_t start = 0; start < value.size(); start += width) {
      ++out_.rows;
      if (largest(value, start, width) == largest(reference, start, width)) ++out_.rows_agreeing;
    }
  }

  static int64_t largest(const Tensor& tensor, int64_t start, int64_t width) {
    int64_t best = 0;
    for (int64_t i = 1; i < width; ++i) {
      if (tensor.as_double(start + i) > tensor.as_double(start + best)) best = i;
    }
    return best;
  }

  const Tolerance tolerance_;
  Difference out_;
  int64_t counted_ = 0;
  double error_sum_ = 0, product_ = 0, value_square_ = 0, reference_square_ = 0;
};

}  // namespace

Difference compare(const Value& value, const Value& reference, const Tolerance& tolerance) {
  Comparison comparison(tolerance);
  comparison.visit(value, reference);
  return comparison.finish();
}

}  // namespace thane
