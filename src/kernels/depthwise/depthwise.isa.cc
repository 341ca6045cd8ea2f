// One vector of channels of a few neighbouring pixels at a time: an input vector, once loaded, meets every tap that
// wants it, and a row's weights stay in registers for all pixels of the block.
#include "kernels/depthwise/depthwise.h"
#include "kernels/simd.h"

namespace thane::THANE_ISA {

extern const MapKernels kMaps;

namespace {

struct Full {
  static THANE_INLINE Vec get(const float* from, int64_t) { return load(from); }
  static THANE_INLINE void put(float* to, Vec v, int64_t) { store(to, v); }
};
struct Some {
  static THANE_INLINE Vec get(const float* from, int64_t n) { return load_some(from, n); }
  static THANE_INLINE void put(float* to, Vec v, int64_t n) { store_some(to, v, n); }
};

// P pixels, kernels of K columns without dilation, stride S; n channels from c.
template <class Access, int K, int S, int P>
THANE_INLINE void block(const DepthwiseRun& run, int64_t first, int64_t c, int64_t n) {
  Vec sums[P];
  const Vec bias = run.bias ? Access::get(run.bias + c, n) : Vec{};
  for (int p = 0; p < P; ++p) sums[p] = bias;
  const float* weights = run.weights + c;
  const float* const* columns = run.columns + first * S;
  for (int64_t row = 0; row < run.rows; ++row, columns += run.row_length, weights += K * run.channels) {
    Vec w[K];
    for (int t = 0; t < K; ++t) w[t] = Access::get(weights + t * run.channels, n);
    for (int x = 0; x < (P - 1) * S + K; ++x) {
      const Vec in = Access::get(columns[x] + c, n);
      for (int p = 0; p < P; ++p) {
        const int t = x - p * S;
        if (t >= 0 && t < K) sums[p] += in * w[t];
      }
    }
  }
  const Vec low = splat(run.low), high = splat(run.high);
  for (int p = 0; p < P; ++p) {
    const int64_t at = (first + p) * run.channels + c;
    if (run.residual) sums[p] += Access::get(run.residual + at, n);
    Access::put(run.y + at, min(high, max(low, sums[p])), n);
  }
}

template <int K, int S, int P>
void pixels(const DepthwiseRun& run, int64_t first) {
  int64_t c = 0;
  for (; c + kLanes <= run.channels; c += kLanes) block<Full, K, S, P>(run, first, c, kLanes);
  if (c < run.channels) block<Some, K, S, P>(run, first, c, run.channels - c);
}

template <int K, int S, int P>
THANE_INLINE void up_to(int64_t count, const DepthwiseRun& run, int64_t first) {
  if (count == P) return pixels<K, S, P>(run, first);
  if constexpr (P > 1) up_to<K, S, P - 1>(count, run, first);
}

// Any kernel, one pixel at a time.
template <class Access>
void any_pixel(const DepthwiseRun& run, int64_t pixel, int64_t c, int64_t n) {
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

void any(const DepthwiseRun& run) {
  for (int64_t p = 0; p < run.pixels; ++p) {
    int64_t c = 0;
    for (; c + kLanes <= run.channels; c += kLanes) any_pixel<Full>(run, p, c, kLanes);
    if (c < run.channels) any_pixel<Some>(run, p, c, run.channels - c);
  }
}

// Blocks of nearly equal size, at most P.
template <int K, int S>
void blocks(const DepthwiseRun& run) {
  constexpr int P = S == 1 ? 6 : 4;
  const int64_t count = (run.pixels + P - 1) / P;
  int64_t first = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t size = run.pixels / count + (i < run.pixels % count);
    up_to<K, S, P>(size, run, first);
    first += size;
  }
}

void run_kernel(const DepthwiseRun& run) noexcept {
  const int64_t shape = run.dilation == 1 && run.stride <= 2 ? run.kernel * 10 + run.stride : 0;
  switch (shape) {
    case 31: blocks<3, 1>(run); break;
    case 32: blocks<3, 2>(run); break;
    case 51: blocks<5, 1>(run); break;
    case 52: blocks<5, 2>(run); break;
    case 71: blocks<7, 1>(run); break;
    case 72: blocks<7, 2>(run); break;
    default: any(run);
  }
  if (run.map.op != MapOp::kCopy) kMaps.run(run.map, run.pixels * run.channels, run.y, run.y);
}

}  // namespace

extern const DepthwiseKernel kDepthwise;
const DepthwiseKernel kDepthwise = {run_kernel};

}  // namespace thane::THANE_ISA
