// What becomes of finished 32-bit sums, column by column (a column is an output channel).
#pragma once

#include <cstdint>

namespace thane {

enum class IntegerResult : uint8_t {
  kSums,    // int32, as they are
  kReals,   // float: sum · scale + addend
  kScaled,  // a byte: round(sum · scale) + zero, halves to even
};

// Sums wrap around in 32 bits. Arrays have an element per column, up to a whole vector: they are read beyond n.
struct IntegerEpilogue {
  IntegerResult result = IntegerResult::kSums;
  const int32_t* bias = nullptr;        // added to the sums first; null: none
  const float* scales = nullptr;        // kReals, kScaled
  const float* addends = nullptr;       // kReals; null: none
  bool shrinks = false;                 // scales lie within -1 … 1: no sum becomes larger
  int32_t zero = 0, low = 0, high = 0;  // of the bytes: [low, high] lies in 0 … 255 or in -128 … 127

  int64_t result_bytes() const { return result == IntegerResult::kSums || result == IntegerResult::kReals ? 4 : 1; }
  // The same for columns from `column` on.
  IntegerEpilogue from(int64_t column) const {
    IntegerEpilogue e = *this;
    if (e.bias) e.bias += column;
    if (e.scales) e.scales += column;
    if (e.addends) e.addends += column;
    return e;
  }
};

}  // namespace thane
