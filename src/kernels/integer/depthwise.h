// Depthwise convolution of bytes, channels last. A line of input becomes pairs: 16-bit numbers without their zero
// point, each beside the one that the next tap along the line will meet, so that one instruction does two taps.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/integer/epilogue.h"

namespace thane {

// How taps along the last axis meet lines of pairs: entry i of a line holds input pixels i·step - pad and
// i·step - pad + dilation; pair p of output o is entry o·per_output + p·per_pair.
struct DepthwisePairs {
  int64_t step = 1, pad = 0, dilation = 1, entries = 0;
  int64_t pairs = 1, per_output = 1, per_pair = 2;

  DepthwisePairs() = default;
  DepthwisePairs(int64_t kernel, int64_t stride, int64_t dilation, int64_t pad, int64_t outputs);
};

// One line of outputs.
struct IntegerDepthwiseRun {
  int64_t channels = 0, padded = 0;  // padded: whole vectors
  int64_t rows = 0;                  // taps along the outer axes
  DepthwisePairs pairs;
  const int32_t* const* lines = nullptr;  // per tap row: [entries][padded]
  const int32_t* weights = nullptr;       // [rows · pairs][padded], as 16-bit pairs
  void* y = nullptr;                      // [pixels][channels] bytes
  int64_t pixels = 0;
  IntegerEpilogue epilogue;
};

struct IntegerDepthwise {
  int lanes;
  void (*run)(const IntegerDepthwiseRun& run) noexcept;
  // A line of `in` pixels to entries.
  void (*pair_up)(const DepthwisePairs& pairs, const void* line, int64_t in, int64_t channels, int64_t padded,
                  bool is_signed, int32_t zero, int32_t* entries) noexcept;
};

const IntegerDepthwise& integer_depthwise(Isa ceiling);

// Weights without zero point [channels][taps], kernels of rows × kernel taps, to pairs.
void pack_depthwise_pairs(int64_t channels, int64_t padded, int64_t rows, int64_t kernel, const int16_t* weights,
                          int32_t* packed);

}  // namespace thane
