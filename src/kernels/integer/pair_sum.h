// Sums of two 8-bit quantized operands by one fixed-point product, for bodies that define them otherwise: nearly always
// the same bytes. Included only by *.isa.cc files.
#pragma once

#include "kernels/integer/pair_factors.h"
#include "kernels/integer/round.h"

namespace thane::THANE_ISA {
namespace {

// round(a·(x - a_zero) + b·(y - b_zero)) + zero within bounds.
class PairSum {
 public:
  static constexpr int kBlock = 4 * kLanes;  // what is told together: sure or not

  struct Terms {
    double a, b;
    int32_t a_zero, b_zero;
    double magnitudes() const { return __builtin_fabs(a) + __builtin_fabs(b); }
  };
  // definition_error: how far what is rounded by definition may lie from the sum, in steps of the result.
  PairSum(const Terms& terms, double definition_error, const RoundedBytes& rounded) : rounded_(rounded) {
    // Of x and y as signed bytes: unsigned ones are 128 more.
    const double signed_offset = -terms.a * terms.a_zero - terms.b * terms.b_zero;
    const double unsigned_offset = signed_offset + 128 * (terms.a + terms.b);
    // As many bits below the point as leave the sum within 31, and the factors' upper halves within 16.
    const double from_signed = __builtin_fabs(signed_offset), from_unsigned = __builtin_fabs(unsigned_offset);
    const double most = 128 * terms.magnitudes() + 1 + (from_signed > from_unsigned ? from_signed : from_unsigned);
    for (bits_ = 22; bits_ > 0 && most * unit() > (1 << 30);) --bits_;
    const double error = definition_error + (128 * 2 * 0.5 + 1) / unit();
    is_sure_ = error < 0x1p-9 && most * unit() <= (1 << 30);
    if (!is_sure_) return;
    const auto margin = static_cast<int32_t>(error * unit()) + 1;
    factors_ = PairFactors(nearest(terms.a), nearest(terms.b));
    const int32_t half = 1 << (bits_ - 1);
    signed_offset_ = splat_int(nearest(signed_offset) + half + margin);
    unsigned_offset_ = splat_int(nearest(unsigned_offset) + half + margin);
    below_point_ = splat_int((1 << bits_) - 1);
    limit_ = static_cast<float>(-2 * margin);
  }

  // Whether blocks will hardly ever lie so close to a half that the definition might round differently.
  bool is_sure() const { return is_sure_; }

  // Writes a block where that is so for it; else nothing.
  template <class Byte>
  THANE_INLINE bool block(const uint8_t* a, const uint8_t* b, int8_t* to) const {
    const IntVec offset = is_signed<Byte> ? signed_offset_ : unsigned_offset_;
    IntVec least = below_point_;  // above the last half, less the margin
    IntVec wholes[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      const IntVec sum = factors_.sum(ints<Byte>(a + v * kLanes), ints<Byte>(b + v * kLanes), offset);
      least = min_int(least, sum & below_point_);
      wholes[v] = sum >> bits_;
    }
    if (any_above(-__builtin_convertvector(least, Vec), limit_)) return false;
    rounded_.store(to, wholes);
    return true;
  }

 private:
  template <class Byte>
  static constexpr bool is_signed = static_cast<Byte>(-1) < 0;

  double unit() const { return static_cast<double>(1 << bits_); }
  int32_t nearest(double x) const {
    const double scaled = x * unit();
    return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  }
  template <class Byte>
  static THANE_INLINE IntVec ints(const uint8_t* from) {
    const auto bytes = load_as<NarrowVec<int8_t>>(from);
    return to_ints(is_signed<Byte> ? bytes : bytes ^ static_cast<int8_t>(-128));
  }

  RoundedBytes rounded_;
  PairFactors factors_;
  IntVec signed_offset_, unsigned_offset_, below_point_;
  float limit_;
  int bits_;
  bool is_sure_;
};

}  // namespace
}  // namespace thane::THANE_ISA
