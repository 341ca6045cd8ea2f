// Elementary functions on vectors, within 2 ulp of the exact result where that is a normal number (map_test.cc measures
// it). Polynomials are minimax fits of our own, by Lawson's iteration (Lawson 1961); reductions follow Cody & Waite
// (1980). NaN in gives NaN out, but for half_erf. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

constexpr float kRounder = 12582912.0f;  // 1.5 · 2^23: adding it rounds to a whole number, halves to even
// 2^n for whole n in [-126, 127], 0 for -127; given as they are or as the bits of kRounder + n, whose low ones hold n.
THANE_INLINE Vec power_of_two(IntVec n) { return from_bits((n + 127) << 23); }

// x = n·log 2 + r, exp x = 2^n·exp r; p is exp r, n in the low bits of `rounded`.
struct ExpParts {
  Vec p, rounded;
};
THANE_INLINE ExpParts exp_parts(Vec x) {
  const Vec rounded = x * splat(1.44269504f) + splat(kRounder);
  const Vec n = rounded - splat(kRounder);
  Vec r = x - n * splat(0.693359375f);
  r = r + n * splat(2.12194440e-4f);
  Vec p = splat(0.00138145966f);
  p = p * r + splat(0.00836871731f);
  p = p * r + splat(0.0416683881f);
  p = p * r + splat(0.166665206f);
  p = p * r + splat(0.499999934f);
  return {p * (r * r) + r + splat(1.0f), rounded};
}

// The scale is applied in two halves so that it neither overflows before the result does nor loses subnormal results.
THANE_INLINE Vec exp(Vec x) {
  const ExpParts e = exp_parts(min(splat(89.0f), max(splat(-104.0f), x)));
  const IntVec whole = bits_of(e.rounded) - bits_of(splat(kRounder));
  const IntVec half = whole >> 1;
  return e.p * power_of_two(half) * power_of_two(whole - half);
}

// For a sum with 1: ∞ from 2^127.5 already, and never below 2^-126.
THANE_INLINE Vec exp_beside_one(Vec x) {
  const ExpParts e = exp_parts(min(splat(89.0f), max(splat(-87.0f), x)));
  return e.p * power_of_two(bits_of(e.rounded) - bits_of(splat(kRounder)));
}

// For x ≤ 88, where what is below 2^-126 may be 0. Within 2·10⁻⁷ for x near 0, and 10⁻⁵ for all.
THANE_INLINE Vec exp_flushed(Vec x) {
  const Vec log2e = splat(1.44269504f);
  const Vec least = max(splat(-88.1f), x);  // 2^-127.1
  const Vec rounded = least * log2e + splat(kRounder);
  const Vec f = least * log2e - (rounded - splat(kRounder));
  Vec p = splat(0.0013264727f);
  p = p * f + splat(0.009671513f);
  p = p * f + splat(0.055507336f);
  p = p * f + splat(0.24022242f);
  p = p * f + splat(0.693147f);
  p = p * f + splat(1.0f);
  return p * power_of_two(bits_of(rounded));
}

THANE_INLINE Vec sigmoid(Vec x) { return splat(1.0f) / (splat(1.0f) + exp_beside_one(-x)); }

THANE_INLINE Vec tanh(Vec x) {
  const Vec s = x * x;
  Vec p = splat(-0.00571703253f);
  p = p * s + splat(0.0206505756f);
  p = p * s + splat(-0.0537434943f);
  p = p * s + splat(0.133314912f);
  p = p * s + splat(-0.333332839f);
  const Vec near = x + x * s * p;
  const Vec t = abs(x);
  const Vec far = copy_sign(splat(1.0f) - splat(2.0f) / (exp_beside_one(t + t) + splat(1.0f)), x);
  return t > splat(0.625f) ? (x != x ? x : far) : near;
}

// Near 0 an odd polynomial; beyond, 1 − exp of a polynomial of |x|.
THANE_INLINE Vec erf(Vec x) {
  const Vec s = x * x;
  Vec p = splat(-0.000595373944f);
  p = p * s + splat(0.00498594027f);
  p = p * s + splat(-0.0267617198f);
  p = p * s + splat(0.112816825f);
  p = p * s + splat(-0.376124811f);
  p = p * s + splat(0.128379148f);
  const Vec near = p * x + x;
  const Vec t = min(splat(4.0f), abs(x));
  Vec q = splat(2.12179146e-05f);
  q = q * t + splat(-0.000435884629f);
  q = q * t + splat(0.0041779617f);
  q = q * t + splat(-0.0251376198f);
  q = q * t + splat(0.108308268f);
  q = q * t + splat(0.633321255f);
  q = q * t + splat(0.129527647f);
  q = q * t + splat(-0.000177334455f);
  const Vec far = copy_sign(splat(1.0f) - exp_beside_one(-(q + t)), x);
  return t > splat(0.93f) ? (x != x ? x : far) : near;
}

// ½·erf(x/√2), what the normal distribution has between 0 and x, within 2·10⁻⁷: x·P(x²)/Q(x²), which reaches ½ before
// ±5.8.
THANE_INLINE Vec half_erf(Vec x) {
  const Vec t = min(splat(5.8f), max(splat(-5.8f), x)), s = t * t;
  Vec p = splat(2.2533118e-08f);
  p = p * s + splat(6.33268981e-06f);
  p = p * s + splat(0.000169448391f);
  p = p * s + splat(0.00468079386f);
  p = p * s + splat(0.0339383128f);
  p = p * s + splat(0.398942247f);
  Vec q = splat(1.18974983e-06f);
  q = q * s + splat(7.37214459e-05f);
  q = q * s + splat(0.00188812038f);
  q = q * s + splat(0.0286904083f);
  q = q * s + splat(0.251736767f);
  q = q * s + splat(1.0f);
  return min(splat(0.5f), max(splat(-0.5f), t * p / q));
}

// x = 2^n·(1 + f) with 1 + f in [√½, √2); log x = n·log 2 + log(1 + f).
THANE_INLINE Vec log(Vec x) {
  const IntVec subnormal = bits_of(x) < 0x00800000;
  const Vec scaled = subnormal ? x * splat(8388608.0f) : x;
  const IntVec shifted = bits_of(scaled) - 0x3f3504f3;  // the bits of √½
  const IntVec exponent = (shifted >> 23) - (subnormal & 23);
  const Vec f = from_bits((shifted & 0x007fffff) + 0x3f3504f3) - splat(1.0f);
  Vec p = splat(0.0674660795f);
  p = p * f + splat(-0.116756531f);
  p = p * f + splat(0.118881781f);
  p = p * f + splat(-0.124055899f);
  p = p * f + splat(0.142195503f);
  p = p * f + splat(-0.166679957f);
  p = p * f + splat(0.200021188f);
  p = p * f + splat(-0.250000096f);
  p = p * f + splat(0.333333126f);
  const Vec n = __builtin_convertvector(exponent, Vec);
  const Vec s = f * f;
  const Vec tail = n * splat(-2.12194440e-4f) + (p * f * s - splat(0.5f) * s);
  Vec result = n * splat(0.693359375f) + (f + tail);
  result = x == splat(__builtin_inff()) ? x : result;
  result = x == splat(0.0f) ? splat(-__builtin_inff()) : result;
  return x >= splat(0.0f) ? result : splat(__builtin_nanf(""));
}

}  // namespace
}  // namespace thane::THANE_ISA
