// The functions of MapOp and ZipOp on one vector. Included only by *.isa.cc files.
#pragma once

#include "kernels/map/map.h"
#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

// One branch remains per instantiation.
template <MapOp kOp>
THANE_INLINE Vec map_one(Vec x, Vec alpha, Vec beta) {
  const Vec zero{}, one = splat(1.0f), half = splat(0.5f);
  if constexpr (kOp == MapOp::kCopy) return x;
  if constexpr (kOp == MapOp::kRelu) return max(zero, x);
  if constexpr (kOp == MapOp::kClip) return min(beta, max(alpha, x));
  if constexpr (kOp == MapOp::kLeakyRelu) return x < zero ? x * alpha : x;
  if constexpr (kOp == MapOp::kSigmoid) return sigmoid(x);
  if constexpr (kOp == MapOp::kTanh) return tanh(x);
  if constexpr (kOp == MapOp::kSilu) return x / (one + exp_beside_one(-(alpha * x)));
  if constexpr (kOp == MapOp::kHardSigmoid) return min(one, max(zero, alpha * x + beta));
  if constexpr (kOp == MapOp::kHardSwish) return x * min(one, max(zero, x * splat(1.0f / 6) + half));
  if constexpr (kOp == MapOp::kGelu) return x * (half + half_erf(x));
  // ½(1 + tanh z) = sigmoid(2z)
  if constexpr (kOp == MapOp::kGeluTanh) {
    return x / (one + exp_beside_one(x * (splat(-1.59576912f) + splat(-0.0713548162f) * (x * x))));
  }
  if constexpr (kOp == MapOp::kErf) return erf(x);
  if constexpr (kOp == MapOp::kExp) return exp(x);
  if constexpr (kOp == MapOp::kLog) return log(x);
  if constexpr (kOp == MapOp::kSqrt) return sqrt(x);
  if constexpr (kOp == MapOp::kReciprocal) return one / x;
  if constexpr (kOp == MapOp::kNegate) return -x;
  if constexpr (kOp == MapOp::kAbs) return abs(x);
  if constexpr (kOp == MapOp::kSquare) return x * x;
  if constexpr (kOp == MapOp::kElu) return x < zero ? alpha * (exp(x) - one) : x;
  if constexpr (kOp == MapOp::kSoftplus) {
    // max(x, 0) + log(1 + e^-|x|); the logarithm of 1 + e as e·log(u)/(u − 1) loses nothing for small e (Kahan).
    const Vec e = exp(-abs(x));
    const Vec u = one + e;
    return max(zero, x) + (u == one ? e : log(u) * e / (u - one));
  }
  if constexpr (kOp == MapOp::kAffine) return alpha * x + beta;
}

template <ZipOp kOp>
THANE_INLINE Vec zip_one(Vec a, Vec b) {
  if constexpr (kOp == ZipOp::kAdd) return a + b;
  if constexpr (kOp == ZipOp::kSub) return a - b;
  if constexpr (kOp == ZipOp::kMul) return a * b;
  if constexpr (kOp == ZipOp::kDiv) return a / b;
  // NaN wins, whichever side it is on.
  if constexpr (kOp == ZipOp::kMin) return a != a ? a : min(a, b);
  if constexpr (kOp == ZipOp::kMax) return a != a ? a : max(a, b);
  if constexpr (kOp == ZipOp::kPRelu) return a < Vec{} ? a * b : a;
}

}  // namespace
}  // namespace thane::THANE_ISA
