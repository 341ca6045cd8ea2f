// The register tile of matrix products, whatever their elements: with V vectors across and R rows down, each step loads
// V vectors of B and broadcasts R elements of A. R·V sums, V operands and what a product needs must fit the register
// file. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectors = 4;
constexpr int kMostRows[] = {0, 8, 8, 8, 6};  // by vectors across; narrow panels are few: not the most that would fit
#elif defined(__AVX2__)
constexpr int kVectors = 2;
constexpr int kMostRows[] = {0, 8, 6};
#else
constexpr int kVectors = 2;
constexpr int kMostRows[] = {0, 4, 4};
#endif
constexpr int kColumns = kVectors * kLanes;

// Cuts rows into tiles of nearly equal height, none above `most`: calls run(first row, height, tiles) for those of each
// height, one after the other.
template <class Run>
THANE_INLINE void for_each_height(int64_t rows, int64_t most, const Run& run) {
  const int64_t tiles = (rows + most - 1) / most;
  const int64_t height = rows / tiles, taller = rows % tiles;
  if (taller) run(int64_t{0}, height + 1, taller);
  run(taller * (height + 1), height, tiles - taller);
}

// Calls run(first row, rows) for each of those tiles.
template <class Run>
THANE_INLINE void for_each_tile(int64_t rows, int64_t most, const Run& run) {
  for_each_height(rows, most, [&](int64_t row, int64_t height, int64_t tiles) {
    for (int64_t tile = 0; tile < tiles; ++tile) run(row + tile * height, height);
  });
}

}  // namespace
}  // namespace thane::THANE_ISA
