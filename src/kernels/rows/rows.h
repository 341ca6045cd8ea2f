// Whole rows of float32: softmax and the normalizations.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

struct RowKernels {
  // y = softmax(scale·x + mask), n > 0; mask may be null. y may be x. A row of nothing but -∞ becomes NaN.
  void (*softmax)(int64_t n, float scale, const float* x, const float* mask, float* y) noexcept;
  // y = (x − mean)/√(variance + ε)·scale + bias; or without the mean. bias may be null; y may be x.
  void (*layer_norm)(int64_t n, float epsilon, const float* x, const float* scale, const float* bias,
                     float* y) noexcept;
  void (*rms_norm)(int64_t n, float epsilon, const float* x, const float* scale, float* y) noexcept;
};

const RowKernels& row_kernels(Isa ceiling);

}  // namespace thane
