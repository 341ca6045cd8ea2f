#include "kernels/quantize/blocks.h"

#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

template <int kBits>
void unpack_bits(const WeightBlock& block, float* to) {
  constexpr int kPerByte = 8 / kBits, kMask = (1 << kBits) - 1;
  for (int64_t c = 0; c < block.width; c += kLanes) {
    const Vec scale = load(block.scales + c), zero = load(block.zeros + c);
    const uint8_t* packed = block.packed + c;
    float* out = to + c;
    for (int64_t step = 0; step < block.steps; step += kPerByte, packed += block.width) {
      const IntVec bytes = to_ints(load_as<NarrowVec<uint8_t>>(packed));
#pragma GCC unroll 4
      for (int i = 0; i < kPerByte; ++i, out += block.width) {
        const IntVec number = (bytes >> (i * kBits)) & kMask;
        store(out, (__builtin_convertvector(number, Vec) - zero) * scale);
      }
    }
  }
}

void unpack(const WeightBlock& block, float* to) noexcept {
  switch (block.bits) {
    case 2: return unpack_bits<2>(block, to);
    case 4: return unpack_bits<4>(block, to);
    default: return unpack_bits<8>(block, to);
  }
}

}  // namespace

extern const WeightBlocks kWeightBlocks;
const WeightBlocks kWeightBlocks = {unpack};

}  // namespace thane::THANE_ISA
