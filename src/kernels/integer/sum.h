// Sums and differences of two 8-bit quantized operands, rounded as TensorFlow Lite does.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// y = clamp(((a − a.zero)·2^headroom·a.factor ± (b − b.zero)·2^headroom·b.factor)·factor + zero, low, high), each
// product with a factor, fraction · 2^(shift - 31), rounded twice.
struct IntegerSum {
  struct Operand {
    bool is_signed = false;  // int8, else uint8
    int32_t zero = 0;
    int32_t fraction = 0, shift = 0;  // shift in [-31, 0]: operands are brought down to a common scale
  };
  Operand a, b;
  bool subtracts = false;
  int32_t headroom = 0;                 // at most 22: 9 bits shifted up stay within 32
  int32_t fraction = 0, shift = 0;      // of the result
  int32_t zero = 0, low = 0, high = 0;  // [low, high] lies in 0 … 255 or in -128 … 127
};

// n bytes of `to`. Operand strides are 0 (one byte for all) or 1.
using IntegerSumRun = void (*)(const IntegerSum& sum, int64_t n, const void* a, int64_t a_stride, const void* b,
                               int64_t b_stride, void* to) noexcept;
IntegerSumRun integer_sum(Isa ceiling);

}  // namespace thane
