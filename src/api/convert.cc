#include "api/convert.h"

#include <cmath>
#include <limits>

#include "base/format.h"

namespace thane {
namespace {

constexpr DTypeMask kConvertible = kFloats | kInts | mask_of(DType::kBool);

bool is_integer(DType dtype) { return mask_of(dtype) & (kInts | mask_of(DType::kBool)); }

// Whether element i of `tensor` is a whole number that T can hold.
template <class T>
bool fits(const Tensor& tensor, int64_t i) {
  if (is_integer(tensor.dtype())) {
    if (tensor.dtype() == DType::kUInt64 && tensor.data<uint64_t>()[i] > uint64_t{INT64_MAX}) {
      return std::is_same_v<T, uint64_t>;
    }
    return std::in_range<T>(tensor.as_int64(i));
  }
  const double value = tensor.as_double(i);
  if (!(std::floor(value) == value) || std::isinf(value)) return false;
  // 2^63 and 2^64 are exact in double where max() is not.
  const double high = std::ldexp(1.0, std::numeric_limits<T>::digits);
  return value >= static_cast<double>(std::numeric_limits<T>::min()) && value < high;
}

Error does_not_fit(const Tensor& tensor, int64_t i, DType dtype) {
  return invalid_argument(format("element {} is {}", i, tensor.as_double(i)))
      .expecting(format("a whole number that {} can hold", dtype_name(dtype)));
}

template <class T>
Status convert_to_integer(const Tensor& from, Tensor& to) {
  for (int64_t i = 0; i < from.size(); ++i) {
    if (!fits<T>(from, i)) return does_not_fit(from, i, to.dtype());
    to.data<T>()[i] = is_integer(from.dtype()) ? static_cast<T>(from.as_int64(i)) : static_cast<T>(from.as_double(i));
  }
  return ok();
}

}  // namespace

Result<Tensor> converted_exactly(const Tensor& tensor, DType dtype) {
  if (!(mask_of(tensor.dtype()) & kConvertible) || !(mask_of(dtype) & kConvertible)) {
    return invalid_argument(format("{} cannot be converted to {}", dtype_name(tensor.dtype()), dtype_name(dtype)));
  }
  THANE_ASSIGN(Tensor out, Tensor::allocate(dtype, tensor.dims()));
  if (dtype == DType::kBool) {
    for (int64_t i = 0; i < tensor.size(); ++i) {
      const double value = tensor.as_double(i);
      if (value != 0 && value != 1) return does_not_fit(tensor, i, dtype);
      out.data<bool>()[i] = value != 0;
    }
    return out;
  }
  Status status;
  if (dispatch_ints(dtype, [&]<class T>() { status = convert_to_integer<T>(tensor, out); })) {
    if (!status.ok()) return std::move(status).error();
    return out;
  }
  dispatch_floats(dtype, [&]<class T>() {
    for (int64_t i = 0; i < tensor.size(); ++i) out.data<T>()[i] = T(tensor.as_double(i));
  });
  return out;
}

}  // namespace thane
