// Sums and differences of two 8-bit quantized operands in fixed point.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// y = clamp(((a·x + b·z + offset) >> shift) + zero, low, high) for bytes x and z. Sums fit 32 bits; what is added on
// the way to them may wrap.
struct IntegerSum {
  bool is_signed = false;  // x and z are int8, else uint8
  int32_t a = 0, b = 0;    // within ±2^21
  int32_t offset = 0, shift = 0;
  int32_t zero = 0, low = 0, high = 0;  // [low, high] lies in 0 … 255 or in -128 … 127
};

// n bytes of `to`. Operand strides are 0 (one byte for all) or 1.
using IntegerSumRun = void (*)(const IntegerSum& sum, int64_t n, const void* x, int64_t x_stride, const void* z,
                               int64_t z_stride, void* to) noexcept;
IntegerSumRun integer_sum(Isa ceiling);

}  // namespace thane
