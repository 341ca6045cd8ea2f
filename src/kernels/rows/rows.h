// Whole rows of float32: softmax, the normalizations, and products with few rows of a matrix that is not packed.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

struct RowKernels {
  // y = softmax(scale·x + mask), n > 0; mask may be null. y may be x. A row of nothing but -∞ becomes NaN.
  void (*softmax)(int64_t n, float scale, const float* x, const float* mask, float* y) noexcept;
  // The same in two steps: the largest of the logits v = scale·x + mask, and y = exp(v − top), of which the sum is
  // returned. `top` may be that of more logits than these n; what was made with a lower one is to be multiplied by
  // exp(that one − top).
  float (*top)(int64_t n, float scale, const float* x, const float* mask) noexcept;
  float (*exponentials)(int64_t n, float scale, const float* x, const float* mask, float top, float* y) noexcept;
  // y = (x − mean)/√(variance + ε)·scale + bias; or without the mean. bias may be null; y may be x.
  void (*layer_norm)(int64_t n, float epsilon, const float* x, const float* scale, const float* bias,
                     float* y) noexcept;
  void (*rms_norm)(int64_t n, float epsilon, const float* x, const float* scale, float* y) noexcept;
  // y[r] = Σ a[i] · b[r · stride + i] over i in [0, n), for r in [0, rows).
  void (*dots)(int64_t rows, int64_t n, const float* a, const float* b, int64_t stride, float* y) noexcept;
  // y[i] = Σ a[r] · b[r · stride + i] over r in [0, rows), for i in [0, n).
  void (*mix)(int64_t rows, int64_t n, const float* a, const float* b, int64_t stride, float* y) noexcept;
};

const RowKernels& row_kernels(Isa ceiling);

}  // namespace thane
