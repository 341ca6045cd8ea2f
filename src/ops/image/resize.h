// How Resize maps each axis, apart from the elements.
#pragma once

#include <vector>

#include "ops/image/image.h"

namespace thane {

struct ResizeAxis {
  int64_t in = 0;
  int64_t out = 0;
  float scale = 1;
  float out_length = 0;  // scale × in: not whole where scales were given
  float roi_start = 0;
  float roi_end = 1;

  bool same() const { return in == out && scale == 1.0f && roi_start == 0.0f && roi_end == 1.0f; }
};

enum ResizeInput : size_t { kX, kRoi, kScales, kSizes };

// Where the axes listed in roi, scales and sizes stand in the tensor.
Result<std::vector<size_t>> listed_axes(const ResizeAttrs& attrs, size_t rank);
// All axes settled but for the region of interest. Exactly one of scales and sizes is given.
Result<std::vector<ResizeAxis>> settle_axes(const ResizeAttrs& attrs, const Dims& in, const Tensor* scales,
                                            const std::optional<Dims>& sizes);

// Output position j is the sum of weights[j·taps + k] · input[indices[j·taps + k]].
struct ResizeWeights {
  int64_t taps = 1;
  std::vector<int64_t> indices;
  std::vector<double> weights;
  std::vector<bool> extrapolated;  // per output position; empty: none is
};

// Input position nearest to each output position; -1: outside of a cropped region.
std::vector<int64_t> nearest_indices(const ResizeAttrs& attrs, const ResizeAxis& axis);
ResizeWeights resize_weights(const ResizeAttrs& attrs, const ResizeAxis& axis);

}  // namespace thane
