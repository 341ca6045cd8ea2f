// One vector of channels of a few neighbouring pixels at a time: an input vector, once loaded, meets every tap that
// wants it, and a row's weights stay in registers for all pixels of the block.
#include "kernels/depthwise/depthwise.h"
#include "kernels/simd.h"

namespace thane::THANE_ISA {

extern const MapKernels kMaps;

namespace {

// P pixels from `first`, kernels of K columns without dilation, stride S; one vector of channels from c.
template <int K, int S, int P>
THANE_INLINE void block(const DepthwiseRun& run, int64_t first, int64_t c) {
  const Part part(run.channels - c);
  Vec sums[P];
  const Vec bias = run.bias ? part.load(run.bias + c) : Vec{};
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) sums[p] = bias;
  const float* weights = run.weights + c;
  const float* const* columns = run.columns + first * S;
  for (int64_t row = 0; row < run.rows; ++row, columns += run.row_length, weights += K * run.channels) {
    Vec w[K];
#pragma GCC unroll 8
    for (int t = 0; t < K; ++t) w[t] = part.load(weights + t * run.channels);
#pragma GCC unroll 32
    for (int x = 0; x < (P - 1) * S + K; ++x) {
      const Vec in = part.load(columns[x] + c);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const int t = x - p * S;
        if (t >= 0 && t < K) sums[p] += in * w[t];
      }
    }
  }
  const int64_t at = first * run.channels + c;
  if (run.residual) {
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) sums[p] += part.load(run.residual + at + p * run.channels);
  }
  const Vec low = splat(run.low), high = splat(run.high);
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) part.store(run.y + at + p * run.channels, min(high, max(low, sums[p])));
}

// Whole vectors of channels; blocks of P pixels, then of fewer. Returns how many pixels are done.
template <int K, int S, int P>
THANE_INLINE int64_t pixels(const DepthwiseRun& run, int64_t first, int64_t end) {
  for (; first + P <= run.pixels; first += P) {
    for (int64_t c = 0; c < end; c += kLanes) block<K, S, P>(run, first, c);
  }
  return first;
}
template <int K, int S>
void blocks(const DepthwiseRun& given, int64_t end) {
  const DepthwiseRun run = given;  // a copy nobody else sees: stores to y leave it alone
  // Common widths are multiples of 7, and 7 sums, a row of weights and an operand fit 16 registers up to K = 7.
  int64_t first = pixels<K, S, 7>(run, 0, end);
  first = pixels<K, S, 3>(run, first, end);
  pixels<K, S, 1>(run, first, end);
}

struct Full {
  static THANE_INLINE Vec get(const float* from, int64_t n) { return Part(n).load(from); }
  static THANE_INLINE void put(float* to, Vec v, int64_t n) { Part(n).store(to, v); }
};
struct Some {
  static THANE_INLINE Vec get(const float* from, int64_t n) { return load_some(from, n); }
  static THANE_INLINE void put(float* to, Vec v, int64_t n) { store_some(to, v, n); }
};

// Any kernel, one pixel at a time; n channels from c.
template <class Access>
THANE_INLINE void any_pixel(const DepthwiseRun& run, int64_t pixel, int64_t c, int64_t n) {
  Vec sum = run.bias ? Access::get(run.bias + c, n) : Vec{};
  const float* weights = run.weights + c;
  for (int64_t row = 0; row < run.rows; ++row) {
    const float* const* columns = run.columns + row * run.row_length + pixel * run.stride;
    for (int64_t t = 0; t < run.kernel; ++t, weights += run.channels) {
      sum += Access::get(columns[t * run.dilation] + c, n) * Access::get(weights, n);
    }
  }
  const int64_t at = pixel * run.channels + c;
  if (run.residual) sum += Access::get(run.residual + at, n);
  Access::put(run.y + at, min(splat(run.high), max(splat(run.low), sum)), n);
}

void any(const DepthwiseRun& run, int64_t end) {
  for (int64_t p = 0; p < run.pixels; ++p) {
    for (int64_t c = 0; c < end; c += kLanes) any_pixel<Full>(run, p, c, run.channels - c);
  }
}

void run_kernel(const DepthwiseRun& run) noexcept {
  const int64_t shape = run.dilation == 1 && run.stride <= 2 ? run.kernel * 10 + run.stride : 0;
  const int64_t rest = kHasMasks ? 0 : run.channels % kLanes, end = run.channels - rest;
  switch (shape) {
    case 31: blocks<3, 1>(run, end); break;
    case 32: blocks<3, 2>(run, end); break;
    case 51: blocks<5, 1>(run, end); break;
    case 52: blocks<5, 2>(run, end); break;
    case 71: blocks<7, 1>(run, end); break;
    case 72: blocks<7, 2>(run, end); break;
    default: any(run, end);
  }
  for (int64_t p = 0; rest > 0 && p < run.pixels; ++p) any_pixel<Some>(run, p, end, rest);
  if (run.map.op != MapOp::kCopy) kMaps.run(run.map, run.pixels * run.channels, run.y, run.y);
}

}  // namespace

extern const DepthwiseKernel kDepthwise;
const DepthwiseKernel kDepthwise = {run_kernel};

}  // namespace thane::THANE_ISA
