// Which scale and zero point belong to which element: per tensor, per index along an axis, or per block along an axis.
#pragma once

#include "ir/context.h"
#include "ops/broadcast.h"

namespace thane {

// The tensor reshaped so that its scales broadcast to it. Blocks that do not divide their axis have no such shape: then
// the scales must be repeated along the axis first (see expand_blocks).
struct Granularity {
  Dims dims;           // same elements in the same order
  Dims scale_dims;     // same rank, 1 where scales are shared
  int64_t repeat = 0;  // not 0: the block size by which to repeat scales of shape [outer, blocks, inner] along axis 1

  BroadcastWalk<1> walk() const { return BroadcastWalk<1>(dims, {&scale_dims}); }
};

// `block_size` 0: per tensor (one scale) or per axis. Errors say what shape the scale should have.
Result<Granularity> granularity(const Dims& x, const Dims& scale, int64_t axis, int64_t block_size);
// The same checks as far as dims are known.
Status check_granularity(const SymDims& x, const SymDims& scale, int64_t axis, int64_t block_size);

// [outer, blocks, inner] → [outer, n, inner]: element i along the axis takes block i / block_size.
Result<Tensor> expand_blocks(const Tensor& scales, const Granularity& granularity);

}  // namespace thane
