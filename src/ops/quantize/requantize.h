// Rounding real numbers to quantized integers.
#pragma once

#include <cstdint>
#include <limits>

#include "base/dtype.h"

namespace thane {

// To nearest, halves to even, for |x| below 2^22 (float) or 2^51 (double): adding a number whose unit in the last place
// is 1 leaves the fraction no room. Unlike the library's function it compiles to vector code on every machine.
template <class T>
T round_small(T x) {
  constexpr T kMagic = sizeof(T) == 4 ? static_cast<T>(0x1.8p23) : static_cast<T>(0x1.8p52);
  return (x + kMagic) - kMagic;
}

// The representable range of an integer dtype of at most 16 bits.
struct QuantizedRange {
  int32_t low = 0, high = 0;
};
inline QuantizedRange quantized_range(DType dtype) {
  const int bits = dtype_bits(dtype);
  const bool is_signed = mask_of(dtype) & mask_of(DType::kInt8, DType::kInt16, DType::kInt4, DType::kInt2);
  if (is_signed) return {-(1 << (bits - 1)), (1 << (bits - 1)) - 1};
  return {0, (1 << bits) - 1};
}

// saturate(round(x) + zero_point). Clamping first is the same, as the bounds are whole numbers; NaN gives the lowest
// value.
template <class T>
int32_t quantized(T x, int32_t zero_point, QuantizedRange range) {
  const T low = static_cast<T>(range.low - zero_point), high = static_cast<T>(range.high - zero_point);
  const T clamped = !(x > low) ? low : x > high ? high : x;
  return static_cast<int32_t>(round_small(clamped)) + zero_point;
}

}  // namespace thane
