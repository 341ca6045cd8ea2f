// Element types. The numbers are those of onnx.TensorProto.DataType, which gives every type of the five ecosystems a
// code; formats with other numbers translate while reading.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/small_types.h"

namespace thane {

enum class DType : uint8_t {
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
inline constexpr int kDTypeCount = 27;

// Name as in numpy where numpy has it ("float32", "int64", "bool"), else lower-case ONNX ("float8e4m3fn").
std::string_view dtype_name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);

// Bytes one element takes in memory. Sub-byte types take a whole byte each: files pack them, tensors do not.
// Strings: sizeof(std::string).
size_t dtype_size(DType dtype);
// Bits one element takes in a file: 2, 4, 8, … ; 0 for strings.
int dtype_bits(DType dtype);

inline bool is_valid_dtype(int64_t code) { return code > 0 && code < kDTypeCount; }

// A set of dtypes as bits 1 << code; ops state what they accept with it.
using DTypeMask = uint64_t;
constexpr DTypeMask mask_of(DType dtype) { return DTypeMask{1} << static_cast<int>(dtype); }
template <class... D>
constexpr DTypeMask mask_of(DType first, D... rest) {
  return (mask_of(first) | ... | mask_of(rest));
}
inline constexpr DTypeMask kIeeeFloats = mask_of(DType::kFloat16, DType::kFloat32, DType::kFloat64);
inline constexpr DTypeMask kFloats = kIeeeFloats | mask_of(DType::kBFloat16);
inline constexpr DTypeMask kFloat8s = mask_of(DType::kFloat8E4M3FN, DType::kFloat8E4M3FNUZ, DType::kFloat8E5M2,
                                              DType::kFloat8E5M2FNUZ, DType::kFloat8E8M0);
inline constexpr DTypeMask kSignedInts = mask_of(DType::kInt8, DType::kInt16, DType::kInt32, DType::kInt64);
inline constexpr DTypeMask kUnsignedInts = mask_of(DType::kUInt8, DType::kUInt16, DType::kUInt32, DType::kUInt64);
inline constexpr DTypeMask kInts = kSignedInts | kUnsignedInts;
inline constexpr DTypeMask kSubByte =
    mask_of(DType::kInt4, DType::kUInt4, DType::kInt2, DType::kUInt2, DType::kFloat4E2M1);
inline constexpr DTypeMask kComplexes = mask_of(DType::kComplex64, DType::kComplex128);
inline constexpr DTypeMask kNumeric = kFloats | kInts;
inline constexpr DTypeMask kIndexInts = mask_of(DType::kInt32, DType::kInt64);
inline constexpr DTypeMask kInt64Only = mask_of(DType::kInt64);
inline constexpr DTypeMask kBoolOnly = mask_of(DType::kBool);
inline constexpr DTypeMask kStringOnly = mask_of(DType::kString);
inline constexpr DTypeMask kFixedSize = (((DTypeMask{1} << kDTypeCount) - 2) & ~kStringOnly);
inline constexpr DTypeMask kAnyTensor = kFixedSize | kStringOnly;
// Not dtypes but kinds of value; above the dtype bits so that one mask describes a parameter.
inline constexpr DTypeMask kSequenceKind = DTypeMask{1} << 40;
inline constexpr DTypeMask kOptionalKind = DTypeMask{1} << 41;
inline constexpr DTypeMask kMapKind = DTypeMask{1} << 42;
inline constexpr DTypeMask kAnyValue = kAnyTensor | kSequenceKind | kOptionalKind | kMapKind;

std::string dtype_mask_names(DTypeMask mask);  // "float16|float32|sequence"

// C++ type ↔ DType.
template <class T>
inline constexpr DType kDTypeOf = DType::kUndefined;
template <>
inline constexpr DType kDTypeOf<float> = DType::kFloat32;
template <>
inline constexpr DType kDTypeOf<double> = DType::kFloat64;
template <>
inline constexpr DType kDTypeOf<uint8_t> = DType::kUInt8;
template <>
inline constexpr DType kDTypeOf<int8_t> = DType::kInt8;
template <>
inline constexpr DType kDTypeOf<uint16_t> = DType::kUInt16;
template <>
inline constexpr DType kDTypeOf<int16_t> = DType::kInt16;
template <>
inline constexpr DType kDTypeOf<uint32_t> = DType::kUInt32;
template <>
inline constexpr DType kDTypeOf<int32_t> = DType::kInt32;
template <>
inline constexpr DType kDTypeOf<uint64_t> = DType::kUInt64;
template <>
inline constexpr DType kDTypeOf<int64_t> = DType::kInt64;
template <>
inline constexpr DType kDTypeOf<bool> = DType::kBool;
template <>
inline constexpr DType kDTypeOf<std::string> = DType::kString;
template <>
inline constexpr DType kDTypeOf<Half> = DType::kFloat16;
template <>
inline constexpr DType kDTypeOf<BFloat16> = DType::kBFloat16;
template <>
inline constexpr DType kDTypeOf<std::complex<float>> = DType::kComplex64;
template <>
inline constexpr DType kDTypeOf<std::complex<double>> = DType::kComplex128;
template <>
inline constexpr DType kDTypeOf<Float8E4M3FN> = DType::kFloat8E4M3FN;
template <>
inline constexpr DType kDTypeOf<Float8E4M3FNUZ> = DType::kFloat8E4M3FNUZ;
template <>
inline constexpr DType kDTypeOf<Float8E5M2> = DType::kFloat8E5M2;
template <>
inline constexpr DType kDTypeOf<Float8E5M2FNUZ> = DType::kFloat8E5M2FNUZ;
template <>
inline constexpr DType kDTypeOf<Float8E8M0> = DType::kFloat8E8M0;
template <>
inline constexpr DType kDTypeOf<Float4E2M1> = DType::kFloat4E2M1;
template <>
inline constexpr DType kDTypeOf<UInt4> = DType::kUInt4;
template <>
inline constexpr DType kDTypeOf<Int4> = DType::kInt4;
template <>
inline constexpr DType kDTypeOf<UInt2> = DType::kUInt2;
template <>
inline constexpr DType kDTypeOf<Int2> = DType::kInt2;

// Calls f.operator()<T>() for the C++ type of `dtype` among Ts. Returns false, calling nothing, when it is none of
// them.
template <class... Ts, class F>
bool dispatch(DType dtype, F&& f) {
  return ((dtype == kDTypeOf<Ts> ? (f.template operator()<Ts>(), true) : false) || ...);
}
template <class F>
bool dispatch_floats(DType dtype, F&& f) {
  return dispatch<float, double, Half, BFloat16>(dtype, f);
}
template <class F>
bool dispatch_ints(DType dtype, F&& f) {
  return dispatch<int32_t, int64_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t, uint64_t>(dtype, f);
}
template <class F>
bool dispatch_numeric(DType dtype, F&& f) {
  return dispatch_floats(dtype, f) || dispatch_ints(dtype, f);
}
// Data movement only needs the element size: f.operator()<T>() with an unsigned integer (or 16-byte struct) of that
// size, or std::string. Covers every dtype with six instantiations.
struct Bytes16 {
  uint64_t words[2];
};
template <class F>
void dispatch_by_size(DType dtype, F&& f) {
  if (dtype == DType::kString) return f.template operator()<std::string>();
  switch (dtype_size(dtype)) {
    case 1: return f.template operator()<uint8_t>();
    case 2: return f.template operator()<uint16_t>();
    case 4: return f.template operator()<uint32_t>();
    case 8: return f.template operator()<uint64_t>();
    default: return f.template operator()<Bytes16>();
  }
}

}  // namespace thane
