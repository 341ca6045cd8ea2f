// Tensors and the other values that go in and out of models.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "thane/error.hpp"

namespace thane::v1 {

// Element types, numbered as in onnx.TensorProto.DataType. In memory every element takes whole bytes, also those of
// less than 8 bits (integers in an int8_t or uint8_t of the same value; float4 as its code in a uint8_t).
enum class DType : int {
  kUndefined = 0,
  kFloat32 = 1,
  kUInt8 = 2,
  kInt8 = 3,
  kUInt16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUInt32 = 12,
  kUInt64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBFloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUInt4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUInt2 = 25,
  kInt2 = 26,
};
THANE_API std::string_view dtype_name(DType dtype);  // "float32", "int64", "bool", …
THANE_API size_t dtype_size(DType dtype);            // bytes of one element in memory; of a string: sizeof(std::string)

using Shape = std::vector<int64_t>;

namespace detail {
template <class T>
constexpr DType dtype_of();
template <class T>
constexpr bool stores(DType dtype);  // whether T is how elements of `dtype` lie in memory
}  // namespace detail

// A dense tensor: dtype, shape, and elements in row-major order. A cheap handle: copies share the same memory. Reading
// from several threads is safe; writing through mutable_data() is the caller's to order.
class THANE_API Tensor {
 public:
  Tensor();  // undefined: no dtype, no elements

  // Memory of its own, filled with zeros (strings: empty).
  static Result<Tensor> zeros(DType dtype, Shape shape);
  // A copy of `bytes` bytes at `data`, which must be as many as dtype and shape need. Not for strings.
  static Result<Tensor> copy_of(DType dtype, Shape shape, const void* data, size_t bytes);
  // The caller's memory, not copied and never written: it must stay as it is until the last handle is gone. `owner`, if
  // given, is kept alive until then. Not for strings.
  static Result<Tensor> borrow(DType dtype, Shape shape, const void* data, size_t bytes,
                               std::shared_ptr<const void> owner = nullptr);
  static Result<Tensor> strings(Shape shape, std::vector<std::string> elements);
  // A copy of elements whose C++ type tells the dtype: float, double, bool, (u)int8_t … (u)int64_t, std::complex.
  template <class T>
  static Result<Tensor> of(Shape shape, std::span<const T> elements) {
    static_assert(detail::dtype_of<T>() != DType::kUndefined, "no dtype for this C++ type; use copy_of");
    return copy_of(detail::dtype_of<T>(), std::move(shape), elements.data(), elements.size_bytes());
  }
  template <class T>
  static Result<Tensor> of(Shape shape, const std::vector<T>& elements) {
    return of<T>(std::move(shape), std::span<const T>(elements));
  }

  DType dtype() const;
  const Shape& shape() const;
  size_t rank() const { return shape().size(); }
  size_t size() const;        // elements
  size_t size_bytes() const;  // size() * dtype_size(dtype())
  bool defined() const { return dtype() != DType::kUndefined; }

  const void* data() const;
  // Null for borrowed memory and for undefined tensors.
  void* mutable_data();
  // The elements as C++ values. T is the C++ type of the dtype; uint16_t for float16 and bfloat16 (their bits), uint8_t
  // for 8-bit floats, uint4, uint2 and float4, int8_t for int4 and int2, std::string for strings. Another T is an
  // error. Valid while a handle lives.
  template <class T>
  Result<std::span<const T>> values() const {
    if (!detail::stores<T>(dtype())) return wrong_element_type(dtype_name(detail::dtype_of<T>()));
    return std::span<const T>(static_cast<const T*>(data()), size());
  }

 private:
  struct Body;
  friend struct Access;
  explicit Tensor(std::shared_ptr<Body> body);
  Error wrong_element_type(std::string_view asked) const;
  std::shared_ptr<Body> body_;
};

// NumPy files.
THANE_API Result<Tensor> read_npy(const std::string& path);
THANE_API Status write_npy(const std::string& path, const Tensor& tensor);

// What an input or output holds: most often a tensor; else a sequence of values, a map (as two tensors of equal
// length), or nothing (an optional left empty). Immutable, a cheap handle.
class THANE_API Value {
 public:
  enum class Kind { kNone, kTensor, kSequence, kMap };

  Value();  // kNone
  Value(Tensor tensor);
  // `element` is the items' dtype, needed when there are none.
  static Value sequence(std::vector<Value> items, DType element = DType::kUndefined);
  // Keys (int64 or string) and values, both of rank 1 and the same length.
  static Result<Value> map(Tensor keys, Tensor values);

  Kind kind() const;
  // An undefined tensor unless kind() is kTensor; and so on.
  const Tensor& tensor() const;
  const std::vector<Value>& items() const;
  const Tensor& map_keys() const;
  const Tensor& map_values() const;

 private:
  struct Body;
  friend struct Access;
  std::shared_ptr<const Body> body_;
};

// ---- details

namespace detail {

template <class T>
constexpr DType dtype_of() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, float>)
    return DType::kFloat32;
  else if constexpr (std::is_same_v<U, double>)
    return DType::kFloat64;
  else if constexpr (std::is_same_v<U, bool>)
    return DType::kBool;
  else if constexpr (std::is_same_v<U, std::string>)
    return DType::kString;
  else if constexpr (std::is_same_v<U, std::complex<float>>)
    return DType::kComplex64;
  else if constexpr (std::is_same_v<U, std::complex<double>>)
    return DType::kComplex128;
  else if constexpr (std::is_integral_v<U>) {
    constexpr DType kSigned[] = {DType::kInt8, DType::kInt16, DType::kUndefined, DType::kInt32};
    constexpr DType kUnsigned[] = {DType::kUInt8, DType::kUInt16, DType::kUndefined, DType::kUInt32};
    if constexpr (sizeof(U) == 8)
      return std::is_signed_v<U> ? DType::kInt64 : DType::kUInt64;
    else
      return std::is_signed_v<U> ? kSigned[sizeof(U) - 1] : kUnsigned[sizeof(U) - 1];
  } else
    return DType::kUndefined;
}

template <class T>
constexpr bool stores(DType dtype) {
  switch (dtype) {
    case DType::kUndefined: return false;
    case DType::kFloat16:
    case DType::kBFloat16: return dtype_of<T>() == DType::kUInt16;
    case DType::kInt4:
    case DType::kInt2: return dtype_of<T>() == DType::kInt8;
    case DType::kFloat8E4M3FN:
    case DType::kFloat8E4M3FNUZ:
    case DType::kFloat8E5M2:
    case DType::kFloat8E5M2FNUZ:
    case DType::kFloat8E8M0:
    case DType::kFloat4E2M1:
    case DType::kUInt4:
    case DType::kUInt2: return dtype_of<T>() == DType::kUInt8;
    default: return dtype_of<T>() == dtype;
  }
}

}  // namespace detail
}  // namespace thane::v1
