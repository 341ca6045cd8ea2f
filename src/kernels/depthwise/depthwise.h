// Depthwise convolution, channels last: every channel has a kernel of its own.
#pragma once

#include <cstdint>

#include "kernels/map/map.h"

namespace thane {

// Lines of output pixels along the last axis. Neighbouring pixels share columns of input, neighbouring lines share
// lines of it.
struct DepthwiseRun {
  int64_t channels = 0;
  int64_t rows = 0;    // taps along the outer axes
  int64_t kernel = 0;  // taps along the last axis
  int64_t stride = 1;  // input columns between neighbouring outputs
  int64_t dilation = 1;
  // Channels of the input column under tap t of row r of output i: lines[r][i·stride + t·dilation].
  const float* const* const* lines = nullptr;
  int64_t out_lines = 1;            // line l of the outputs reads the lines of input from lines + l on
  const float* weights = nullptr;   // [rows · kernel][channels]
  const float* bias = nullptr;      // [channels], or null
  const float* residual = nullptr;  // as y, or null
  float* y = nullptr;               // [out_lines][pixels][channels]
  int64_t pixels = 0;
  float low = -__builtin_inff(), high = __builtin_inff();
  MapSpec map;  // kCopy: none
};

struct DepthwiseKernel {
  void (*run)(const DepthwiseRun& run) noexcept;
};

// Lines of outputs that go together: the wider sets have registers for the sums of two.
inline constexpr int64_t kDepthwiseLines = 2;

const DepthwiseKernel& depthwise_kernel(Isa ceiling);

}  // namespace thane
