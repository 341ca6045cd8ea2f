#include "kernels/quantize/quantize.h"

#include "kernels/simd_int.h"
#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

template <class T, int32_t kLow, int32_t kHigh>
struct Quantizer {
  Vec scale, low, high;
  IntVec zero;
  Quantizer(float s, int32_t z)
      : scale(splat(s)),
        low(splat(static_cast<float>(kLow - z))),
        high(splat(static_cast<float>(kHigh - z))),
        zero(splat_int(z)) {}

  // The bounds are whole numbers, so clamping first changes nothing and keeps the rounding in range.
  THANE_INLINE IntVec operator()(Vec x) const {
    const Vec q = min(high, max(x / scale, low));
    return bits_of(q + splat(kRounder)) - bits_of(splat(kRounder)) + zero;
  }
};

template <class T, int32_t kLow, int32_t kHigh>
void quantize(int64_t n, float scale, int32_t zero, const float* x, T* y) noexcept {
  const Quantizer<T, kLow, kHigh> quantizer(scale, zero);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store_as(y + i, low_bytes(quantizer(load(x + i))));
  }
  if (i == n) return;
  const IntVec rest = quantizer(load_some(x + i, n - i));
  for (int64_t j = i; j < n; ++j) y[j] = static_cast<T>(rest[j - i]);
}

template <class T>
void dequantize(int64_t n, float scale, int32_t zero, const T* x, float* y) noexcept {
  const Vec factor = splat(scale);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const IntVec whole = to_ints(load_as<NarrowVec<T>>(x + i)) - splat_int(zero);
    store(y + i, __builtin_convertvector(whole, Vec) * factor);
  }
  for (; i < n; ++i) y[i] = static_cast<float>(x[i] - zero) * scale;
}

void widen_range(int64_t n, const float* x, float* low, float* high) noexcept {
  constexpr int U = 4;  // side by side: none waits for the comparison before
  Vec lows[U], highs[U];
  for (int u = 0; u < U; ++u) lows[u] = splat(*low), highs[u] = splat(*high);
  const auto widen = [&](int u, Vec v) {  // of a NaN and a number, min and max give the second
    lows[u] = min(v, lows[u]);
    highs[u] = max(v, highs[u]);
  };
  int64_t i = 0;
  for (; i + U * kLanes <= n; i += U * kLanes) {
    for (int u = 0; u < U; ++u) widen(u, load(x + i + u * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) widen(0, load(x + i));
  for (int u = 1; u < U; ++u) lows[0] = min(lows[0], lows[u]), highs[0] = max(highs[0], highs[u]);
  *low = -max_lanes(-lows[0]);
  *high = max_lanes(highs[0]);
  for (; i < n; ++i) {
    *low = x[i] < *low ? x[i] : *low;
    *high = x[i] > *high ? x[i] : *high;
  }
}

template <class T>
struct Adder {
  Vec a_scale, b_scale, y_scale, low, high;
  IntVec a_zero, b_zero, y_zero;
  explicit Adder(const QuantizedSum& s)
      : a_scale(splat(s.a_scale)),
        b_scale(splat(s.b_scale)),
        y_scale(splat(s.y_scale)),
        low(splat(static_cast<float>(s.low - s.y_zero))),
        high(splat(static_cast<float>(s.high - s.y_zero))),
        a_zero(splat_int(s.a_zero)),
        b_zero(splat_int(s.b_zero)),
        y_zero(splat_int(s.y_zero)) {}

  THANE_INLINE NarrowVec<int8_t> operator()(const T* a, const T* b) const {
    const IntVec x = to_ints(load_as<NarrowVec<T>>(a)) - a_zero;
    const IntVec y = to_ints(load_as<NarrowVec<T>>(b)) - b_zero;
    const Vec sum =
        rounded(__builtin_convertvector(x, Vec) * a_scale) + rounded(__builtin_convertvector(y, Vec) * b_scale);
    const Vec q = min(high, max(sum / y_scale, low));
    return low_bytes(bits_of(q + splat(kRounder)) - bits_of(splat(kRounder)) + y_zero);
  }
};

template <class T>
void add(int64_t n, const QuantizedSum& sum, const T* a, const T* b, T* y) noexcept {
  const Adder<T> adder(sum);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_as(y + i, adder(a + i, b + i));
  if (i == n) return;
  T p[kLanes] = {}, q[kLanes] = {};
  for (int64_t j = i; j < n; ++j) p[j - i] = a[j], q[j - i] = b[j];
  const NarrowVec<int8_t> rest = adder(p, q);
  for (int64_t j = i; j < n; ++j) y[j] = static_cast<T>(rest[j - i]);
}

}  // namespace

extern const QuantizeKernels kQuantize;
const QuantizeKernels kQuantize = {quantize<uint8_t, 0, 255>,
                                   quantize<int8_t, -128, 127>,
                                   dequantize<uint8_t>,
                                   dequantize<int8_t>,
                                   widen_range,
                                   add<uint8_t>,
                                   add<int8_t>};

}  // namespace thane::THANE_ISA
