// What the kernels of depthwise convolution share.
#pragma once

#include <algorithm>

#include "kernels/depthwise/depthwise.h"
#include "ops/conv/conv.h"

namespace thane {

// Weights [channels][1][kernel…], at any address, as [kernel…][channels].
Result<Tensor> pack_depthwise(const Tensor& weights);

// A row of outputs of this convolution, but for the pointers to its data. `weights` are packed and must outlive it.
DepthwiseRun depthwise_run(const ConvShape& shape, const Tensor& weights, const Activation& activation);

// Pixels of input that a line of outputs reaches over, and the most that kernels take on: they keep a place for each.
inline int64_t reach(const WindowAxis& axis) {
  return (std::max<int64_t>(axis.out, 1) - 1) * axis.stride + axis.extent();
}
inline constexpr int64_t kMostReach = 1 << 20;

// Pointers to those pixels; `outside` in the padding. `line` is where a line of the input starts; null: all of it lies
// in the padding.
template <class T>
void find_columns(const WindowAxis& axis, const T* line, int64_t channels, const T* outside, const T** columns) {
  const int64_t count = reach(axis);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = i - axis.pad_begin;
    columns[i] = line && at >= 0 && at < axis.in ? line + at * channels : outside;
  }
}

}  // namespace thane
