// What the kernels of depthwise convolution share.
#pragma once

#include "kernels/depthwise/depthwise.h"
#include "ops/conv/conv.h"

namespace thane {

// Weights [channels][1][kernel…] as [kernel…][channels].
Result<Tensor> pack_depthwise(const Tensor& weights);

// A row of outputs of this convolution, but for the pointers to its data. `weights` are packed and must outlive it.
DepthwiseRun depthwise_run(const ConvShape& shape, const Tensor& weights, const Activation& activation);

// Pointers to the input columns under one row of taps; zeros in the padding. `line` is where a line of the input
// starts; null: the whole row lies in the padding.
void find_columns(const WindowAxis& axis, const float* line, const DepthwiseRun& run, const float* zeros,
                  const float** columns);

}  // namespace thane
