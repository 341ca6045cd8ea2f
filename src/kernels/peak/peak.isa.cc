// Loops that do nothing but keep the multiply-add units, or the memory bus, busy.
#include "kernels/peak/peak.h"
#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

// Latency 4 or 5 times two units: 12 chains are enough, and fit the 16 registers of AVX2.
constexpr int kChains = 12;

int64_t multiply_add(int64_t rounds, float* sink) noexcept {
  Vec chains[kChains];
#pragma GCC unroll 12
  for (int i = 0; i < kChains; ++i) chains[i] = splat(static_cast<float>(i));
  const Vec scale = splat(0.999f), shift = splat(0.001f);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12  // else the chains live in memory, and stores are measured
    for (int i = 0; i < kChains; ++i) {
      chains[i] = rounded(chains[i] * scale + shift);  // keeps the compiler from folding rounds together
    }
  }
  Vec sum = splat(0);
  for (int i = 0; i < kChains; ++i) sum += chains[i];
  float lanes[kLanes];
  store(lanes, sum);
  for (int i = 0; i < kLanes; ++i) *sink += lanes[i];
  return rounds * kChains * kLanes;
}

void read(const float* from, int64_t n, float* sink) noexcept {
  constexpr int kStreams = 8;
  Vec sums[kStreams] = {};
  int64_t i = 0;
  for (; i + kStreams * kLanes <= n; i += kStreams * kLanes) {
    for (int s = 0; s < kStreams; ++s) sums[s] += load(from + i + s * kLanes);
  }
  for (int s = 1; s < kStreams; ++s) sums[0] += sums[s];
  float lanes[kLanes];
  store(lanes, sums[0]);
  for (int lane = 0; lane < kLanes; ++lane) *sink += lanes[lane];
}

}  // namespace

extern const PeakKernel kPeak;
const PeakKernel kPeak = {multiply_add, read};

}  // namespace thane::THANE_ISA
