#include "compare.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>

#include "base/format.h"

namespace thane {
namespace {

bool close(double a, double b, const Tolerance& tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= tolerance.absolute + tolerance.relative * std::abs(b);
}

std::string mismatch(int64_t i, const std::string& actual, const std::string& expected, int64_t wrong, int64_t all) {
  return format("element {} is {}, expected {} ({} of {} differ)", i, actual, expected, wrong, all);
}

// f(i) tells whether element i is right; print(tensor, i) shows it.
template <class Right, class Print>
std::string compare_elements(const Tensor& actual, const Tensor& expected, const Right& right, const Print& print) {
  int64_t first = -1, wrong = 0;
  for (int64_t i = 0; i < actual.size(); ++i) {
    if (right(i)) continue;
    if (wrong++ == 0) first = i;
  }
  if (wrong == 0) return "";
  return mismatch(first, print(actual, first), print(expected, first), wrong, actual.size());
}

template <class T>
std::string compare_complex(const Tensor& a, const Tensor& b, const Tolerance& tolerance) {
  const auto *x = a.data<std::complex<T>>(), *y = b.data<std::complex<T>>();
  return compare_elements(
      a, b,
      [&](int64_t i) {
        const bool finite = std::isfinite(y[i].real()) && std::isfinite(y[i].imag());
        if (finite) return std::abs(x[i] - y[i]) <= tolerance.absolute + tolerance.relative * std::abs(y[i]);
        return close(x[i].real(), y[i].real(), tolerance) && close(x[i].imag(), y[i].imag(), tolerance);
      },
      [](const Tensor& t, int64_t i) {
        const auto v = t.data<std::complex<T>>()[i];
        return format("{}+{}i", v.real(), v.imag());
      });
}

std::string compare_tensors(const Tensor& actual, const Tensor& unaligned, const Tolerance& tolerance) {
  if (actual.dtype() != unaligned.dtype()) {
    return format("dtype {}, expected {}", dtype_name(actual.dtype()), dtype_name(unaligned.dtype()));
  }
  if (actual.dims() != unaligned.dims()) {
    return format("shape {}, expected {}", to_string(actual.dims()), to_string(unaligned.dims()));
  }
  auto copy = unaligned.copy();
  if (!copy.ok()) return copy.error().to_string();
  const Tensor& expected = *copy;
  switch (actual.dtype()) {
    case DType::kString:
      return compare_elements(
          actual, expected, [&](int64_t i) { return actual.data<std::string>()[i] == expected.data<std::string>()[i]; },
          [](const Tensor& t, int64_t i) { return "'" + t.data<std::string>()[i] + "'"; });
    case DType::kComplex64: return compare_complex<float>(actual, expected, tolerance);
    case DType::kComplex128: return compare_complex<double>(actual, expected, tolerance);
    case DType::kInt64:
    case DType::kUInt64:
      if (identical(actual, expected)) return "";
      [[fallthrough]];
    default:
      if (tolerance.steps && (mask_of(actual.dtype()) & (kInts | kSubByte | kBoolOnly))) {
        const Tolerance integer{0, static_cast<double>(*tolerance.steps), {}};
        return compare_tensors(actual, unaligned, integer);
      }
      return compare_elements(
          actual, expected, [&](int64_t i) { return close(actual.as_double(i), expected.as_double(i), tolerance); },
          [](const Tensor& t, int64_t i) { return format("{}", t.as_double(i)); });
  }
}

std::string_view kind(const Value& value) {
  if (value.is_tensor()) return "a tensor";
  if (value.is_sequence()) return "a sequence";
  if (value.is_map()) return "a map";
  return "nothing";
}

}  // namespace

Tensor with_dtype(const Tensor& tensor, DType dtype) {
  Tensor same = Tensor::must_allocate(dtype, tensor.dims());
  if (tensor.size() > 0) std::memcpy(same.raw(), tensor.raw(), std::min(same.size_bytes(), tensor.size_bytes()));
  return same;
}

std::string compare(const Value& actual, const Value& expected, const Tolerance& tolerance) {
  if (kind(actual) != kind(expected)) return format("{}, expected {}", kind(actual), kind(expected));
  if (actual.is_tensor()) return compare_tensors(actual.tensor(), expected.tensor(), tolerance);
  if (actual.is_map()) {
    if (!identical(actual.map().keys, expected.map().keys)) return "the keys differ";
    return compare_tensors(actual.map().values, expected.map().values, tolerance);
  }
  if (actual.empty()) return "";
  const auto &items = actual.sequence().items, &wanted = expected.sequence().items;
  if (items.size() != wanted.size()) return format("{} items, expected {}", items.size(), wanted.size());
  for (size_t i = 0; i < items.size(); ++i) {
    if (const std::string reason = compare(items[i], wanted[i], tolerance); !reason.empty()) {
      return format("item {}: {}", i, reason);
    }
  }
  return "";
}

}  // namespace thane
