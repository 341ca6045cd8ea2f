// Numbers of a few bits, and the zero points of MatMulNBits' blocks, which may be such numbers.
#pragma once

#include "ops/contrib/contrib.h"
#include "ops/contrib/floats.h"

namespace thane::contrib {

// Value i of a row of `bits`-wide numbers, the first in the lowest bits. bits divides 8.
inline int unpack(const uint8_t* row, int64_t i, int bits) {
  const int64_t bit = i * bits;
  return (row[bit / 8] >> (bit % 8)) & ((1 << bits) - 1);
}

// Of every block of every row; the middle of the range where no tensor gives them.
class BlockZeros {
 public:
  BlockZeros(const MatMulNBitsAttrs& attrs, const Tensor* zeros)
      : bits_(static_cast<int>(attrs.bits)),
        blocks_(attrs.blocks()),
        packed_(zeros && zeros->dtype() == DType::kUInt8 ? zeros->data<uint8_t>() : nullptr),
        plain_(packed_ ? nullptr : zeros) {}

  float operator()(int64_t row, int64_t block) const {
    if (packed_) return static_cast<float>(unpack(packed_ + row * ((blocks_ * bits_ + 7) / 8), block, bits_));
    return plain_.data() ? plain_.data()[row * blocks_ + block] : static_cast<float>(1 << (bits_ - 1));
  }

 private:
  int bits_;
  int64_t blocks_;
  const uint8_t* packed_;
  Floats plain_;
};

}  // namespace thane::contrib
