#include "kernels/rows/rows.h"

#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

// Σ f(i, vector at i), U sums side by side. f gets its vector's index and length: kLanes, or less at the end, where
// lanes beyond must be made 0 by f.
template <int U = 4, class F>
THANE_INLINE float sum_of(int64_t n, const F& f) {
  Vec sums[U] = {};
  int64_t i = 0;
  for (; i + U * kLanes <= n; i += U * kLanes) {
    for (int u = 0; u < U; ++u) sums[u] += f(i + u * kLanes, kLanes);
  }
  for (; i + kLanes <= n; i += kLanes) sums[0] += f(i, kLanes);
  if (i < n) sums[1] += f(i, n - i);
  for (int step = 1; step < U; step *= 2) {
    for (int u = 0; u < U; u += 2 * step) sums[u] += sums[u + step];
  }
  return sum_lanes(sums[0]);
}

// The first `count` lanes of v, and those of `rest` beyond.
THANE_INLINE Vec keep(Vec v, int64_t count, Vec rest = Vec{}) {
  if (count == kLanes) return v;
  IntVec lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = i;
  return lane < splat_int(static_cast<int32_t>(count)) ? v : rest;
}

// scale·x + mask of a row.
struct Logits {
  const float* x;
  const float* mask;  // null: none
  Vec scale;

  Logits(float factor, const float* row, const float* added) : x(row), mask(added), scale(splat(factor)) {}
  // Numbers [i, i + count). Always the same bits: their difference to the largest one is 0 where they are that one,
  // however large.
  template <bool kMasked>
  THANE_INLINE Vec at(int64_t i, int64_t count) const {
    const Vec v = get(x + i, count) * scale;
    if constexpr (kMasked) return v + get(mask + i, count);
    return rounded(v);
  }
};

template <bool kMasked>
float top_of(int64_t n, const Logits& logits) {
  const Vec lowest = splat(-__builtin_inff());
  Vec tops = lowest;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) tops = max(logits.at<kMasked>(i, kLanes), tops);
  if (i < n) tops = max(keep(logits.at<kMasked>(i, n - i), n - i, lowest), tops);
  return max_lanes(tops);
}

float top(int64_t n, float scale, const float* x, const float* mask) noexcept {
  const Logits logits(scale, x, mask);
  return mask ? top_of<true>(n, logits) : top_of<false>(n, logits);
}

template <bool kMasked>
float exponentials_of(int64_t n, const Logits& logits, float top, float* y) {
  const Vec shift = splat(top == -__builtin_inff() ? 0.0f : top);  // where all is -∞, so is the difference
  const auto exponential = [&](int64_t i, int64_t count) __attribute__((always_inline)) {
    const Vec e = keep(exp_flushed(logits.at<kMasked>(i, count) - shift), count);
    put(y + i, e, count);
    return e;
  };
  return sum_of<2>(n, exponential);  // more sums would not fit the registers
}

float exponentials(int64_t n, float scale, const float* x, const float* mask, float top, float* y) noexcept {
  const Logits logits(scale, x, mask);
  return mask ? exponentials_of<true>(n, logits, top, y) : exponentials_of<false>(n, logits, top, y);
}

void softmax(int64_t n, float scale, const float* x, const float* mask, float* y) noexcept {
  const float inverse = 1.0f / exponentials(n, scale, x, mask, top(n, scale, x, mask), y);
  for (int64_t i = 0; i < n; i += kLanes) {
    const int64_t count = n - i < kLanes ? n - i : kLanes;
    put(y + i, get(y + i, count) * splat(inverse), count);
  }
}

void layer_norm(int64_t n, float epsilon, const float* x, const float* scale, const float* bias, float* y) noexcept {
  const float count_inverse = 1.0f / static_cast<float>(n);
  const float mean = sum_of(n, [&](int64_t i, int64_t count) { return get(x + i, count); }) * count_inverse;
  const Vec center = splat(mean);
  const float variance = count_inverse * sum_of(n, [&](int64_t i, int64_t count) {
                           const Vec d = keep(get(x + i, count) - center, count);
                           return d * d;
                         });
  const Vec inverse = splat(1.0f / __builtin_sqrtf(variance + epsilon));
  for (int64_t i = 0; i < n; i += kLanes) {
    const int64_t count = n - i < kLanes ? n - i : kLanes;
    Vec v = (get(x + i, count) - center) * inverse * get(scale + i, count);
    if (bias) v += get(bias + i, count);
    put(y + i, v, count);
  }
}

void rms_norm(int64_t n, float epsilon, const float* x, const float* scale, float* y) noexcept {
  const float square = sum_of(n, [&](int64_t i, int64_t count) {
    const Vec v = get(x + i, count);
    return v * v;
  });
  const Vec inverse = splat(1.0f / __builtin_sqrtf(square / static_cast<float>(n) + epsilon));
  for (int64_t i = 0; i < n; i += kLanes) {
    const int64_t count = n - i < kLanes ? n - i : kLanes;
    put(y + i, get(x + i, count) * inverse * get(scale + i, count), count);
  }
}

void dots(int64_t rows, int64_t n, const float* a, const float* b, int64_t stride, float* y) noexcept {
  for (int64_t r = 0; r < rows; ++r, b += stride) {
    y[r] = sum_of(n, [&](int64_t i, int64_t count) { return get(a + i, count) * get(b + i, count); });
  }
}

// V vectors of y.
template <int V>
THANE_INLINE void mix_columns(int64_t rows, const float* a, const float* b, int64_t stride, float* y) {
  Vec sums[V] = {};
  for (int64_t r = 0; r < rows; ++r, b += stride) {
    const Vec x = splat(a[r]);
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[v] += x * load(b + v * kLanes);
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) store(y + v * kLanes, sums[v]);
}

void mix(int64_t rows, int64_t n, const float* a, const float* b, int64_t stride, float* y) noexcept {
  int64_t i = 0;
  for (; i + 8 * kLanes <= n; i += 8 * kLanes) mix_columns<8>(rows, a, b + i, stride, y + i);
  for (; i + kLanes <= n; i += kLanes) mix_columns<1>(rows, a, b + i, stride, y + i);
  for (; i < n; ++i) {
    float sum = 0;
    for (int64_t r = 0; r < rows; ++r) sum += a[r] * b[r * stride + i];
    y[i] = sum;
  }
}

}  // namespace

extern const RowKernels kRows;
const RowKernels kRows = {softmax, top, exponentials, layer_norm, rms_norm, dots, mix};

}  // namespace thane::THANE_ISA
