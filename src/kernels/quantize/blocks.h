// Weights of 2, 4 or 8 bits back to floats, a panel of a matrix product (kernels/gemm) at a time.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// Steps over k that share a scale and a zero point in each column: part of a block of weights. The first of the steps
// in a byte stands in its lowest bits.
struct WeightBlock {
  int bits = 4;
  int64_t steps = 0;
  int64_t width = 0;                // columns of the panel: whole vectors
  const uint8_t* packed = nullptr;  // [steps · bits / 8, up to whole bytes][width]
  const float* scales = nullptr;    // [width]
  const float* zeros = nullptr;     // [width]
};

struct WeightBlocks {
  // to[steps][width] = (number − zero) · scale.
  void (*unpack)(const WeightBlock& block, float* to) noexcept;
  // sums[width] += a[steps] · (number − zero) · scale, for one row of A: nothing is written in between. Zero points are
  // taken away at the end, with the sum of a.
  void (*add_row)(const WeightBlock& block, const float* a, float* sums) noexcept;
};

const WeightBlocks& weight_blocks(Isa ceiling);

}  // namespace thane
