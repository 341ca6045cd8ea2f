// Sums of two 8-bit quantized operands in floats, for bodies that define them otherwise: nearly always the same bytes.
// Included only by *.isa.cc files.
#pragma once

#include "kernels/integer/round.h"

namespace thane::THANE_ISA {
namespace {

// round(a·(x - a_zero) + b·(y - b_zero)) + zero within bounds.
class FloatSum {
 public:
  static constexpr int kBlock = 4 * kLanes;  // what is told together: sure or not

  struct Terms {
    double a, b;
    int32_t a_zero, b_zero;
  };
  // definition_error: how far what is rounded by definition may lie from the sum, in steps of the result.
  FloatSum(const Terms& terms, double definition_error, const RoundedBytes& rounded) : rounded_(rounded) {
    a_ = splat(static_cast<float>(terms.a));
    b_ = splat(static_cast<float>(terms.b));
    offset_ = splat(static_cast<float>(-terms.a * terms.a_zero - terms.b * terms.b_zero));
    const double error = definition_error + rounding_error(terms) * 5;
    limit_ = static_cast<float>(0.5 - error);
    is_sure_ = error < 0x1p-9;
  }

  // One rounding to a float of numbers none of which is above 512 · (|a| + |b|).
  static double rounding_error(const Terms& terms) {
    return 512 * ((terms.a < 0 ? -terms.a : terms.a) + (terms.b < 0 ? -terms.b : terms.b)) / (1 << 24);
  }

  // Whether blocks will hardly ever lie so close to a half that the definition might round differently.
  bool is_sure() const { return is_sure_; }

  // Whether that is so for this block.
  template <class Byte>
  THANE_INLINE bool block(const uint8_t* a, const uint8_t* b, int8_t* to) const {
    Vec worst{};
#pragma GCC unroll 2
    for (int i = 0; i < kBlock; i += 2 * kLanes) {
      const IntVec both[2] = {RoundedBytes::whole(total<Byte>(a + i, b + i), worst),
                              RoundedBytes::whole(total<Byte>(a + i + kLanes, b + i + kLanes), worst)};
      rounded_.store(to + i, both);
    }
    return !any_above(worst, limit_);
  }

 private:
  template <class Byte>
  THANE_INLINE Vec total(const uint8_t* a, const uint8_t* b) const {
    return floats<Byte>(a) * a_ + (floats<Byte>(b) * b_ + offset_);
  }
  template <class Byte>
  static THANE_INLINE Vec floats(const uint8_t* from) {
    return __builtin_convertvector(to_ints(load_as<NarrowVec<Byte>>(from)), Vec);
  }

  RoundedBytes rounded_;
  Vec a_, b_, offset_;
  float limit_;
  bool is_sure_;
};

}  // namespace
}  // namespace thane::THANE_ISA
