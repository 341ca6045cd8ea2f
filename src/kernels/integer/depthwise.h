// Depthwise convolution of bytes, channels last: lines of input are taken two by two, a vector of channels of a pixel
// beside the same channels of the one below it, for one instruction that multiplies and adds both. The zero point of
// the data is the epilogue's to take away, with the sums of the weights.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/integer/epilogue.h"

namespace thane {

// One line of outputs.
struct IntegerDepthwiseRun {
  int64_t channels = 0;
  int64_t rows = 1, columns = 1;                 // of the kernel
  const uint8_t* const* const* lines = nullptr;  // [rows]; lines[r][i·stride + c·dilation]: a pixel of output i
  int64_t stride = 1, dilation = 1;              // along a line
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
  // Weights [channels][rows][columns] as `run` reads them: [blocks][pairs of rows][columns][block].
  void (*pack)(int64_t channels, int64_t rows, int64_t columns, const int16_t* weights, int32_t* packed) noexcept;

  int64_t packed_size(int64_t channels, int64_t rows, int64_t columns) const {
    return (channels + block - 1) / block * ((rows + 1) / 2) * columns * block;
  }
};

const IntegerDepthwise& integer_depthwise(Isa ceiling);

}  // namespace thane
