// Depthwise convolution of bytes, channels last: taps are taken two by two, a vector of channels of one beside the same
// channels of the other, for one instruction that multiplies and adds both. The zero point of the data is the
// epilogue's to take away, with the sums of the weights.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/integer/epilogue.h"

namespace thane {

// Where a tap finds its pixel: in one of the lines of input, so many pixels behind the output's first.
struct IntegerTap {
  int64_t line = 0, column = 0;
};

// One line of outputs.
struct IntegerDepthwiseRun {
  int64_t channels = 0;
  const IntegerTap* taps = nullptr;  // 2 · pairs of them; of an odd number the last stands twice
  int64_t pairs = 0;
  const uint8_t* const* const* lines =
      nullptr;  // lines[line][i·stride + column]: a pixel of output i, channel by channel
  int64_t stride = 1;
  bool is_signed = false;
  const int32_t* weights = nullptr;  // packed
  void* y = nullptr;                 // [pixels][channels] bytes
  int64_t pixels = 0;
  IntegerEpilogue epilogue;
};

// Channels go in blocks of a number that fills vectors; the last block overlaps the one before it where there is one.
struct IntegerDepthwise {
  int block;  // channels
  void (*run)(const IntegerDepthwiseRun& run) noexcept;
  // Weights [channels][taps] as `run` reads them: [blocks][pairs][block].
  void (*pack)(int64_t channels, int64_t taps, const int16_t* weights, int32_t* packed) noexcept;

  int64_t packed_size(int64_t channels, int64_t taps) const {
    return (channels + block - 1) / block * ((taps + 1) / 2) * block;
  }
};

const IntegerDepthwise& integer_depthwise(Isa ceiling);

}  // namespace thane
