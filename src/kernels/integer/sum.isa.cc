// The body of sum.h.
#include "kernels/integer/sum.h"

#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

using Bytes = NarrowVec<uint8_t>;
THANE_INLINE Bytes splat_byte(uint8_t byte) {
  Bytes bytes;
  for (int i = 0; i < kLanes; ++i) bytes[i] = byte;
  return bytes;
}

// What bytes of an operand contribute.
struct Contribution {
  Bytes flip;
  IntVec zero;
  int32_t headroom;
  FixedFactor factor;
  THANE_INLINE Contribution(const IntegerSum::Operand& operand, int32_t headroom)
      : flip(splat_byte(operand.is_signed ? 0x80 : 0)),
        zero(splat_int(operand.zero + (operand.is_signed ? 128 : 0))),
        headroom(headroom),
        factor(splat_int(operand.fraction), splat_int(operand.shift)) {}
  THANE_INLINE IntVec of(Bytes bytes) const { return factor.times((to_ints(bytes ^ flip) - zero) << headroom); }
};

void run(const IntegerSum& sum, int64_t n, const void* a, int64_t a_stride, const void* b, int64_t b_stride,
         void* to) noexcept {
  const auto* p = static_cast<const uint8_t*>(a);
  const auto* q = static_cast<const uint8_t*>(b);
  auto* out = static_cast<int8_t*>(to);
  const Contribution left(sum.a, sum.headroom), right(sum.b, sum.headroom);
  const FixedFactor factor(splat_int(sum.fraction), splat_int(sum.shift));
  const IntVec zero = splat_int(sum.zero), low = splat_int(sum.low - sum.zero), high = splat_int(sum.high - sum.zero);
  const auto combine = [&](Bytes x, Bytes y) __attribute__((always_inline)) {
    const IntVec addend = right.of(y);
    const IntVec total = left.of(x) + (sum.subtracts ? -addend : addend);
    return low_bytes(min_int(max_int(factor.times(total), low), high) + zero);
  };
  const auto some = [](const uint8_t* from, int64_t stride, int64_t count) {
    Bytes bytes{};
    for (int64_t i = 0; i < count; ++i) bytes[i] = from[i * stride];
    return bytes;
  };
  if (n <= 0) return;
  const Bytes same_a = splat_byte(*p), same_b = splat_byte(*q);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store_as(out + i, combine(a_stride ? load_as<Bytes>(p + i) : same_a, b_stride ? load_as<Bytes>(q + i) : same_b));
  }
  if (i == n) return;
  const auto rest = combine(some(p + i * a_stride, a_stride, n - i), some(q + i * b_stride, b_stride, n - i));
  for (int64_t j = 0; i + j < n; ++j) out[i + j] = rest[j];
}

}  // namespace

extern const IntegerSumRun kIntegerSum;
const IntegerSumRun kIntegerSum = run;

}  // namespace thane::THANE_ISA
