// Functions of one or two numbers over runs of float32: what unary and binary elementwise ops, activations after a
// product and fused chains are made of.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// y = f(x; alpha, beta).
enum class MapOp : uint8_t {
  kCopy,
  kRelu,
  kClip,       // min(max(x, alpha), beta)
  kLeakyRelu,  // x < 0 ? alpha·x : x
  kSigmoid,
  kTanh,
  kSilu,         // x·sigmoid(alpha·x)
  kHardSigmoid,  // min(max(alpha·x + beta, 0), 1)
  kHardSwish,    // x·min(max(x/6 + ½, 0), 1)
  kGelu,         // ½·x·(1 + erf(x/√2))
  kGeluTanh,     // ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
  kErf,
  kExp,
  kLog,
  kSqrt,
  kReciprocal,
  kNegate,
  kAbs,
  kSquare,
  kElu,       // x < 0 ? alpha·(eˣ − 1) : x
  kSoftplus,  // log(1 + eˣ)
  kAffine,    // alpha·x + beta
};
inline constexpr int kMapOpCount = static_cast<int>(MapOp::kAffine) + 1;

struct MapSpec {
  MapOp op = MapOp::kCopy;
  float alpha = 0, beta = 0;
};

enum class ZipOp : uint8_t { kAdd, kSub, kMul, kDiv, kMin, kMax, kPRelu };
inline constexpr int kZipOpCount = static_cast<int>(ZipOp::kPRelu) + 1;

// `to` may be the same memory as an operand.
using MapRun = void (*)(float alpha, float beta, int64_t n, const float* from, float* to);
// Operand strides are 0 (one number for all) or 1.
using ZipRun = void (*)(int64_t n, const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* to);

struct MapKernels {
  MapRun map[kMapOpCount];
  ZipRun zip[kZipOpCount];

  void run(const MapSpec& spec, int64_t n, const float* from, float* to) const {
    map[static_cast<int>(spec.op)](spec.alpha, spec.beta, n, from, to);
  }
  ZipRun run(ZipOp op) const { return zip[static_cast<int>(op)]; }
};

const MapKernels& map_kernels(Isa ceiling);

}  // namespace thane
