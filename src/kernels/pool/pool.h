// Reductions over rows of channels, channels last: poolings, and means over leading axes.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

struct PoolKernels {
  // y[c] = max over taps[t][c], or scale · Σ taps[t][c], for c < channels; count ≥ 1.
  void (*max)(int64_t channels, int64_t count, const float* const* taps, float* y) noexcept;
  void (*sum)(int64_t channels, int64_t count, const float* const* taps, float scale, float* y) noexcept;
  void (*max_u8)(int64_t channels, int64_t count, const uint8_t* const* taps, uint8_t* y) noexcept;
  void (*max_s8)(int64_t channels, int64_t count, const int8_t* const* taps, int8_t* y) noexcept;
  // The same over rows x + i·stride; sums go by blocks of rows, so that long ones stay exact.
  void (*max_rows)(int64_t channels, int64_t rows, const float* x, int64_t stride, float* y) noexcept;
  void (*sum_rows)(int64_t channels, int64_t rows, const float* x, int64_t stride, float scale, float* y) noexcept;
};

const PoolKernels& pool_kernels(Isa ceiling);

}  // namespace thane
