// Rows of a matrix product cut into register tiles. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

// A number as a type, so that a function can take it as one known while compiling.
template <int N>
struct Count {
  static constexpr int value = N;
};

// Calls use(Count<count>()), 1 ≤ count ≤ kMost.
template <int kMost, class Use>
THANE_INLINE void with_count(int64_t count, const Use& use) {
  if constexpr (kMost > 1) {
    if (count != kMost) return with_count<kMost - 1>(count, use);
  }
  use(Count<kMost>());
}

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
