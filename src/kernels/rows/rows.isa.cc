#include "kernels/rows/rows.h"

#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

// Σ f(i, vector at i), four sums side by side. f gets its vector's index and length: kLanes, or less at the end, where
// lanes beyond must be made 0 by f.
template <class F>
THANE_INLINE float sum_of(int64_t n, const F& f) {
  Vec sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int u = 0; u < 4; ++u) sums[u] += f(i + u * kLanes, kLanes);
  }
  for (; i + kLanes <= n; i += kLanes) sums[0] += f(i, kLanes);
  if (i < n) sums[1] += f(i, n - i);
  return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

THANE_INLINE Vec get(const float* from, int64_t count) { return count == kLanes ? load(from) : load_some(from, count); }
THANE_INLINE void put(float* to, Vec v, int64_t count) { count == kLanes ? store(to, v) : store_some(to, v, count); }

// The first `count` lanes of v, 0 beyond.
THANE_INLINE Vec keep(Vec v, int64_t count) {
  if (count == kLanes) return v;
  IntVec lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = i;
  return from_bits(bits_of(v) & (lane < splat_int(static_cast<int32_t>(count))));
}

// term(v, i, count) adds what belongs to numbers [i, i + count) of x to them.
template <class Term>
THANE_INLINE float exponentials_of(int64_t n, float scale, const float* x, const Term& term, float* y,
                                   SoftmaxState* state) {
  const Vec factor = splat(scale);
  const auto at = [&](int64_t i, int64_t count) { return term(get(x + i, count) * factor, i, count); };
  Vec tops = splat(state->top);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) tops = max(at(i, kLanes), tops);
  float top = max_lanes(tops);
  for (; i < n; ++i) {
    const float v = at(i, 1)[0];
    top = v > top ? v : top;
  }
  const float shift = top == -__builtin_inff() ? 0.0f : top;  // where all is -∞, so is the difference
  const Vec shifts = splat(shift);
  const float sum = sum_of(n, [&](int64_t j, int64_t count) {
    const Vec e = keep(exp_not_positive(at(j, count) - shifts), count);
    put(y + j, e, count);
    return e;
  });
  const float earlier = exp_not_positive(splat(state->top - shift))[0];
  *state = {top, state->sum * earlier + sum};
  return earlier;
}

float exponentials(int64_t n, float scale, const float* x, const float* mask, float* y, SoftmaxState* state) noexcept {
  if (!mask)
    return exponentials_of(
        n, scale, x, [](Vec v, int64_t, int64_t) { return v; }, y, state);
  const auto masked = [mask](Vec v, int64_t i, int64_t count) { return v + get(mask + i, count); };
  return exponentials_of(n, scale, x, masked, y, state);
}

void softmax(int64_t n, float scale, const float* x, const float* mask, float* y) noexcept {
  SoftmaxState state;
  exponentials(n, scale, x, mask, y, &state);
  const float inverse = 1.0f / state.sum;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, load(y + i) * splat(inverse));
  for (; i < n; ++i) y[i] *= inverse;
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
const RowKernels kRows = {softmax, exponentials, layer_norm, rms_norm, dots, mix};

}  // namespace thane::THANE_ISA
