// Winograd's minimal filtering (Winograd 1980; Lavin, Gray 2016): convolutions of stride 1 with three taps along an
// axis in fewer products. F(4, 3) makes four outputs from six inputs with 6 products instead of 12, F(2, 3) two from
// four with 4 instead of 6; along both axes that is a quarter and four ninths of the products. They are made in a
// transformed space, where they are one matrix product for each of its points.
//
// F(4, 3) is evaluated at the points 0, ±p, ±q, ∞ with p = 3/4 and q = 3/2: exact in binary, and of nearly equal spread
// around 1, which keeps rounding errors at a third of those of the usual ±1, ±2. F(2, 3) at 0, ±1, ∞, where transforms
// only add, subtract and halve.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// What a tile has along each axis: 4 or 2 outputs, from two more inputs; or 1, along an axis without taps.
struct WinogradForm {
  int out_y, out_x;

  static constexpr int points_along(int out) { return out == 1 ? 1 : out + 2; }
  constexpr int points_y() const { return points_along(out_y); }
  constexpr int points_x() const { return points_along(out_x); }
  constexpr int points() const { return points_y() * points_x(); }
  constexpr bool operator==(const WinogradForm&) const = default;
};
inline constexpr WinogradForm kWinograd4x4 = {4, 4}, kWinograd2x2 = {2, 2}, kWinograd1x4 = {1, 4};
inline constexpr int kMostWinogradPoints = kWinograd4x4.points();

// Floats between the matrices of two points beyond their size, which is often a power of two: the lines that a
// transform touches at a time would share a few sets of the first-level cache.
inline constexpr int64_t kWinogradGap = 16;

struct WinogradOutput {
  int64_t channels;
  const float* m;  // [points][point_stride], one tile's
  int64_t point_stride;
  const float* bias;      // null: none
  const float* residual;  // laid out as y; null: none
  float low, high;
  int rows, columns;  // of the tile that exist
  float* y;           // pixel (r, c) at y + r·row_stride + c·column_stride
  int64_t row_stride, column_stride;
};

struct WinogradKernels {
  // G·g for `count` kernels side by side, a multiple of the vector's lanes: g[t·tap_stride + i] are three taps of
  // kernel i along one axis, u[p·point_stride + i] the points they become. Along both axes, where both have taps, that
  // is U = G·g·Gᵀ.
  void (*weights)(int64_t count, const float* g, int64_t tap_stride, float* u, int64_t point_stride) noexcept;
  // v[i·point_stride + c] = (Bᵀ·d·B)[i] for each channel c; taps are the tile's input pixels, row by row.
  void (*input)(int64_t channels, const float* const* taps, float* v, int64_t point_stride) noexcept;
  void (*output)(const WinogradOutput& tile) noexcept;
};

// One of the forms above.
const WinogradKernels& winograd_kernels(Isa ceiling, WinogradForm form);

}  // namespace thane
