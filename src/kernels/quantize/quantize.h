// Between float32 and 8-bit integers with one scale and zero point.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// a + b on quantized operands: each dequantized, added, quantized into [low, high].
struct QuantizedSum {
  float a_scale = 1, b_scale = 1, y_scale = 1;
  int32_t a_zero = 0, b_zero = 0, y_zero = 0, low = 0, high = 0;
};

struct QuantizeKernels {
  // y = saturate(round(x / scale) + zero), halves to even; NaN gives the lowest value.
  void (*to_u8)(int64_t n, float scale, int32_t zero, const float* x, uint8_t* y) noexcept;
  void (*to_s8)(int64_t n, float scale, int32_t zero, const float* x, int8_t* y) noexcept;
  // y = (x − zero) · scale.
  void (*from_u8)(int64_t n, float scale, int32_t zero, const uint8_t* x, float* y) noexcept;
  void (*from_s8)(int64_t n, float scale, int32_t zero, const int8_t* x, float* y) noexcept;
  // Widens *low and *high, low ≤ high, to hold all of x; NaN is passed over.
  void (*widen_range)(int64_t n, const float* x, float* low, float* high) noexcept;
  // Every step rounds as the nodes would one by one.
  void (*add_u8)(int64_t n, const QuantizedSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* y) noexcept;
  void (*add_s8)(int64_t n, const QuantizedSum& sum, const int8_t* a, const int8_t* b, int8_t* y) noexcept;
};

const QuantizeKernels& quantize_kernels(Isa ceiling);

}  // namespace thane
