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

// Half of a number that is even, which is what an operand of the larger scale contributes.
struct Half {
  static bool fits(const IntegerSum::Operand& operand, int32_t headroom) {
    return operand.fraction == 1 << 30 && operand.shift == 0 && headroom > 0;
  }
  THANE_INLINE IntVec times(IntVec number) const { return number >> 1; }
};

// What bytes of an operand contribute.
template <class Factor>
struct Contribution {
  Bytes flip;
  IntVec zero;
  int32_t headroom;
  Factor factor;
  THANE_INLINE Contribution(const IntegerSum::Operand& operand, int32_t headroom, const Factor& factor)
      : flip(splat_byte(operand.is_signed ? 0x80 : 0)),
        zero(splat_int(operand.zero + (operand.is_signed ? 128 : 0))),
        headroom(headroom),
        factor(factor) {}
  THANE_INLINE IntVec of(Bytes bytes) const { return factor.times((to_ints(bytes ^ flip) - zero) << headroom); }
};

// Bytes of two operands, n of them.
struct Operands {
  int64_t n;
  const uint8_t *a, *b;
  int64_t a_stride, b_stride;
  int8_t* to;
};

template <class Left, class Right, class Factor>
void run_with(const IntegerSum& sum, const Operands& o, const Contribution<Left>& left,
              const Contribution<Right>& right, const Factor& factor) {
  const IntVec zero = splat_int(sum.zero), low = splat_int(sum.low - sum.zero), high = splat_int(sum.high - sum.zero);
  const bool subtracts = sum.subtracts;
  const auto combine = [&](Bytes x, Bytes y) __attribute__((always_inline)) {
    const IntVec addend = right.of(y);
    const IntVec total = left.of(x) + (subtracts ? -addend : addend);
    return low_bytes(min_int(max_int(factor.times(total), low), high) + zero);
  };
  const auto some = [](const uint8_t* from, int64_t stride, int64_t count) {
    Bytes bytes{};
    for (int64_t i = 0; i < count; ++i) bytes[i] = from[i * stride];
    return bytes;
  };
  const Bytes same_a = splat_byte(*o.a), same_b = splat_byte(*o.b);
  int64_t i = 0;
  for (; i + kLanes <= o.n; i += kLanes) {
    const Bytes x = o.a_stride ? load_as<Bytes>(o.a + i) : same_a, y = o.b_stride ? load_as<Bytes>(o.b + i) : same_b;
    store_as(o.to + i, combine(x, y));
  }
  if (i == o.n) return;
  const auto rest =
      combine(some(o.a + i * o.a_stride, o.a_stride, o.n - i), some(o.b + i * o.b_stride, o.b_stride, o.n - i));
  for (int64_t j = 0; i + j < o.n; ++j) o.to[i + j] = rest[j];
}

template <class Factor>
Factor factor_of(int32_t fraction, int32_t shift) {
  return Factor(splat_int(fraction), splat_int(shift));
}

void run(const IntegerSum& sum, int64_t n, const void* a, int64_t a_stride, const void* b, int64_t b_stride,
         void* to) noexcept {
  if (n <= 0) return;
  const Operands operands{n,        static_cast<const uint8_t*>(a), static_cast<const uint8_t*>(b), a_stride,
                          b_stride, static_cast<int8_t*>(to)};
  const auto contribution = [&]<class Factor>(const IntegerSum::Operand& operand, const Factor& factor) {
    return Contribution<Factor>(operand, sum.headroom, factor);
  };
  const auto any = [&](const IntegerSum::Operand& operand) {
    return contribution(operand, factor_of<FixedFactor>(operand.fraction, operand.shift));
  };
  const auto half = [&](const IntegerSum::Operand& operand) { return contribution(operand, Half{}); };
  const auto less = [&](const IntegerSum::Operand& operand) {
    return contribution(operand, factor_of<FixedRightFactor>(operand.fraction, operand.shift));
  };
  // The usual: a factor of ½ for one operand or both, one below ½ for the other.
  const bool half_a = Half::fits(sum.a, sum.headroom), half_b = Half::fits(sum.b, sum.headroom);
  const bool fits_a = half_a || sum.a.shift < 0, fits_b = half_b || sum.b.shift < 0;
  if (sum.shift >= 0 || !(half_a || half_b) || !fits_a || !fits_b) {
    return run_with(sum, operands, any(sum.a), any(sum.b), factor_of<FixedFactor>(sum.fraction, sum.shift));
  }
  const auto result = factor_of<FixedRightFactor>(sum.fraction, sum.shift);
  if (half_a && half_b) return run_with(sum, operands, half(sum.a), half(sum.b), result);
  if (half_a) return run_with(sum, operands, half(sum.a), less(sum.b), result);
  run_with(sum, operands, less(sum.a), half(sum.b), result);
}

}  // namespace

extern const IntegerSumRun kIntegerSum;
const IntegerSumRun kIntegerSum = run;

}  // namespace thane::THANE_ISA
