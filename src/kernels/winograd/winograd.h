// Winograd's F(4×4, 3×3): a 3×3 convolution of stride 1 in 36 products where direct evaluation takes 144 (Winograd
// 1980; Lavin, Gray 2016). Outputs go by tiles of 4 × 4, each from 6 × 6 inputs; products are made in a transformed
// space, where they are 36 matrix products.
//
// Evaluated at the points 0, ±p, ±q, ∞ with p = 3/4 and q = 3/2: exact in binary, and of nearly equal spread around 1,
// which keeps rounding errors at a third of those of the usual ±1, ±2.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

inline constexpr int kWinogradOut = 4, kWinogradIn = 6, kWinogradPoints = 36;
// Floats between the matrices of two points beyond their size, which is often a power of two: the 36 lines that a
// transform touches at a time would share a few sets of the first-level cache.
inline constexpr int64_t kWinogradGap = 16;

struct WinogradOutput {
  int64_t channels;
  const float* m;  // [36][point_stride], one tile's
  int64_t point_stride;
  const float* bias;      // null: none
  const float* residual;  // laid out as y; null: none
  float low, high;
  int rows, columns;  // of the tile that exist, 1 to 4
  float* y;           // pixel (r, c) at y + r·row_stride + c·channels
  int64_t row_stride;
};

struct WinogradKernels {
  // G·g for `count` kernels side by side, a multiple of the vector's lanes: g[t·tap_stride + i] are three taps of
  // kernel i along one axis, u[p·point_stride + i] the six points they become. Along both axes that is U = G·g·Gᵀ.
  void (*weights)(int64_t count, const float* g, int64_t tap_stride, float* u, int64_t point_stride) noexcept;
  // v[i·point_stride + c] = (Bᵀ·d·B)[i] for each channel c; taps are the 36 input pixels, row by row.
  void (*input)(int64_t channels, const float* const* taps, float* v, int64_t point_stride) noexcept;
  void (*output)(const WinogradOutput& tile) noexcept;
};

const WinogradKernels& winograd_kernels(Isa ceiling);

}  // namespace thane
