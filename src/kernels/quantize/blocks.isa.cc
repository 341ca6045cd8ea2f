#include "kernels/quantize/blocks.h"

#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// Calls use(step, byte, shift) for every step, those of a byte one after the other, unrolled.
template <int kBits, class Use>
THANE_INLINE void for_each_step(int64_t steps, const Use& use) {
  constexpr int kPerByte = 8 / kBits;
  int64_t step = 0, byte = 0;
  for (; step + kPerByte <= steps; step += kPerByte, ++byte) {
#pragma GCC unroll 4
    for (int i = 0; i < kPerByte; ++i) use(step + i, byte, i * kBits);
  }
  for (int i = 0; step < steps; ++step, ++i) use(step, byte, i * kBits);
}

template <int kBits>
void unpack_bits(const WeightBlock& block, float* to) {
  constexpr int kMask = (1 << kBits) - 1;
  for (int64_t c = 0; c < block.width; c += kLanes) {
    const Vec scale = load(block.scales + c), zero = load(block.zeros + c);
    const uint8_t* packed = block.packed + c;
    float* out = to + c;
    for_each_step<kBits>(
        block.steps, [&](int64_t step, int64_t byte, int shift) __attribute__((always_inline)) {
          const IntVec bytes = to_ints(load_as<NarrowVec<uint8_t>>(packed + byte * block.width));
          const IntVec number = (bytes >> shift) & kMask;
          store(out + step * block.width, (__builtin_convertvector(number, Vec) - zero) * scale);
        });
  }
}

// V vectors of columns from c on: as many chains of additions, which need not wait for each other; where bytes hold
// several numbers, twice as many.
template <int kBits, int V>
THANE_INLINE void add_columns(const WeightBlock& block, const float* a, float total, int64_t c, float* sums) {
  constexpr int kMask = (1 << kBits) - 1, kChains = 2;
  Vec sum[kChains][V] = {};
  for_each_step<kBits>(
      block.steps, [&](int64_t step, int64_t byte, int shift) __attribute__((always_inline)) {
        const Vec x = splat(a[step]);
        const uint8_t* packed = block.packed + byte * block.width + c;
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          const IntVec bytes = to_ints(load_as<NarrowVec<uint8_t>>(packed + v * kLanes));
          sum[shift / kBits % kChains][v] += x * __builtin_convertvector((bytes >> shift) & kMask, Vec);
        }
      });
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const int64_t at = c + v * kLanes;
    sum[0][v] += sum[1][v];
    store(sums + at, load(sums + at) + (sum[0][v] - load(block.zeros + at) * splat(total)) * load(block.scales + at));
  }
}

template <int kBits>
void add_row_bits(const WeightBlock& block, const float* a, float* sums) {
  float total = 0;
  for (int64_t i = 0; i < block.steps; ++i) total += a[i];
  int64_t c = 0;
  for (; c + 2 * kLanes <= block.width; c += 2 * kLanes) add_columns<kBits, 2>(block, a, total, c, sums);
  if (c < block.width) add_columns<kBits, 1>(block, a, total, c, sums);
}

void add_row(const WeightBlock& block, const float* a, float* sums) noexcept {
  switch (block.bits) {
    case 2: return add_row_bits<2>(block, a, sums);
    case 4: return add_row_bits<4>(block, a, sums);
    default: return add_row_bits<8>(block, a, sums);
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
const WeightBlocks kWeightBlocks = {unpack, add_row};

}  // namespace thane::THANE_ISA
