// Winograd's F(4×4, 3×3) in integers (kernels/winograd/winograd.h has that of floats): 36 products of 16-bit numbers
// where direct evaluation of 8-bit data takes 144, and the same sums to the last bit.
//
// At the points 0, ±1, ±2, ∞ the transforms of data and weights are whole numbers, of 16 bits for 8-bit data, when the
// fractions of the usual Gᵀ are left to the end: what comes out are 24² times the sums. All of it goes modulo 2^32,
// where 9 can be divided by exactly; the other 64 costs six bits, so sums must lie within ±2^25.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/integer/epilogue.h"

namespace thane {

inline constexpr int64_t kIntegerWinogradLimit = int64_t{1} << 25;  // of absolute sums, exclusive

// Weights of one kernel to the transformed space. g[9] and u[36] hold `count` values each, side by side; those of g lie
// in -255 … 255.
void transform_integer_weights(int64_t count, const int16_t* g, int16_t* u);

struct IntegerWinogradInput {
  int64_t channels;
  const uint8_t* const* taps;  // the 36 input pixels, row by row
  bool is_signed;              // int8, else uint8
  int32_t zero;                // the zero point
  int16_t* v;                  // v[i·point_stride + c]; channels go up to an even number, with a 0
  int64_t point_stride;
};

struct IntegerWinogradOutput {
  int64_t channels;
  const int32_t* m;  // [36][point_stride], one tile's; read up to whole vectors of channels
  int64_t point_stride;
  int rows, columns;  // of the tile that exist, 1 to 4
  void* y;            // pixel (r, c) at element r·row_stride + c·channels
  int64_t row_stride;
  IntegerEpilogue epilogue;
};

struct IntegerWinograd {
  void (*input)(const IntegerWinogradInput& tile) noexcept;
  void (*output)(const IntegerWinogradOutput& tile) noexcept;
};

const IntegerWinograd& integer_winograd(Isa ceiling);

}  // namespace thane
