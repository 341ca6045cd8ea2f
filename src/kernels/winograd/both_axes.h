// A tile's transform along one axis after the other, whatever its numbers. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

// put(i, …) gets point i of Bᵀ·d·B for a vector of channels, where get(i) gives pixel i of the tile's kRows × kColumns,
// both row by row, and transform(from, to) makes Bᵀ·d of arrays of as many vectors as a column or a row has.
template <class V, int kRows, int kColumns, class Transform, class Get, class Put>
THANE_INLINE void transform_pixels(const Transform& transform, const Get& get, const Put& put) {
  V half[kColumns][kRows];  // [column][point along the rows]
  for (int x = 0; x < kColumns; ++x) {
    V column[kRows];
    for (int y = 0; y < kRows; ++y) column[y] = get(y * kColumns + x);
    transform(column, half[x]);
  }
  for (int i = 0; i < kRows; ++i) {
    V row[kColumns], v[kColumns];
    for (int x = 0; x < kColumns; ++x) row[x] = half[x][i];
    transform(row, v);
    for (int j = 0; j < kColumns; ++j) put(i * kColumns + j, v[j]);
  }
}

}  // namespace
}  // namespace thane::THANE_ISA
