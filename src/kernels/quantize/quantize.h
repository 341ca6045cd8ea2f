// Between float32 and 8-bit integers with one scale and zero point.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

struct QuantizeKernels {
  // y = saturate(round(x / scale) + zero), halves to even; NaN gives the lowest value.
  void (*to_u8)(int64_t n, float scale, int32_t zero, const float* x, uint8_t* y) noexcept;
  void (*to_s8)(int64_t n, float scale, int32_t zero, const float* x, int8_t* y) noexcept;
  // y = (x − zero) · scale.
  void (*from_u8)(int64_t n, float scale, int32_t zero, const uint8_t* x, float* y) noexcept;
  void (*from_s8)(int64_t n, float scale, int32_t zero, const int8_t* x, float* y) noexcept;
};

const QuantizeKernels& quantize_kernels(Isa ceiling);

}  // namespace thane
