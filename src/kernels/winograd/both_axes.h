// A tile's transform along one axis after the other, whatever its numbers. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

// put(i, …) gets point i of Bᵀ·d·B for a vector of channels, where get(i) gives pixel i of the 36, both row by row, and
// transform(from, to) makes Bᵀ·d of six vectors.
template <class V, class Transform, class Get, class Put>
THANE_INLINE void transform_pixels(const Transform& transform, const Get& get, const Put& put) {
  V half[6][6];  // [column][point along the rows]
  for (int x = 0; x < 6; ++x) {
    V column[6];
    for (int y = 0; y < 6; ++y) column[y] = get(y * 6 + x);
    transform(column, half[x]);
  }
  for (int i = 0; i < 6; ++i) {
    const V row[6] = {half[0][i], half[1][i], half[2][i], half[3][i], half[4][i], half[5][i]};
    V v[6];
    transform(row, v);
    for (int j = 0; j < 6; ++j) put(i * 6 + j, v[j]);
  }
}

}  // namespace
}  // namespace thane::THANE_ISA
