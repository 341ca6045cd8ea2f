// Depthwise convolution, channels last: every channel has a kernel of its own.
#pragma once

#include <cstdint>

#include "kernels/map/map.h"

namespace thane {

// A run of output pixels along the last axis that share their rows of input. Neighbouring pixels share columns too.
struct DepthwiseRun {
  int64_t channels = 0;
  int64_t rows = 0;    // taps along the outer axes
  int64_t kernel = 0;  // taps along the last axis
  int64_t stride = 1;  // input columns between neighbouring outputs
  // Channels of the input column under tap t of row r of output i: columns[r · row_length + i·stride + t·dilation].
  const float* const* columns = nullptr;
  int64_t row_length = 0;
  int64_t dilation = 1;
  const float* weights = nullptr;   // [rows · kernel][channels]
  const float* bias = nullptr;      // [channels], or null
  const float* residual = nullptr;  // as y, or null
  float* y = nullptr;               // [pixels][channels]
  int64_t pixels = 0;
  float low = -__builtin_inff(), high = __builtin_inff();
  MapSpec map;  // kCopy: none
};

struct DepthwiseKernel {
  void (*run)(const DepthwiseRun& run) noexcept;
};

const DepthwiseKernel& depthwise_kernel(Isa ceiling);

}  // namespace thane
