#include "kernels/quantize/quantize.h"

#include "kernels/integer/pair_sum.h"

namespace thane::THANE_ISA {
namespace {

template <class T, int32_t kLow, int32_t kHigh>
void quantize(int64_t n, float scale, int32_t zero, const float* x, T* y) noexcept {
  const RoundedBytes bytes(kLow, kHigh, zero);
  const auto quantized = [&](Vec v) { return bytes.bytes(RoundedBytes::whole(v / splat(scale))); };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_as(y + i, quantized(load(x + i)));
  if (i == n) return;
  const NarrowVec<int8_t> rest = quantized(load_some(x + i, n - i));
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

// As DequantizeLinear, Add and QuantizeLinear would.
template <class T>
struct Adder {
  Vec a_scale, b_scale, y_scale;
  IntVec a_zero, b_zero;
  RoundedBytes bytes;
  explicit Adder(const QuantizedSum& s)
      : a_scale(splat(s.a_scale)),
        b_scale(splat(s.b_scale)),
        y_scale(splat(s.y_scale)),
        a_zero(splat_int(s.a_zero)),
        b_zero(splat_int(s.b_zero)),
        bytes(s.low, s.high, s.y_zero) {}

  THANE_INLINE NarrowVec<int8_t> operator()(const T* a, const T* b) const {
    const IntVec x = to_ints(load_as<NarrowVec<T>>(a)) - a_zero;
    const IntVec y = to_ints(load_as<NarrowVec<T>>(b)) - b_zero;
    const Vec sum =
        rounded(__builtin_convertvector(x, Vec) * a_scale) + rounded(__builtin_convertvector(y, Vec) * b_scale);
    return bytes.bytes(RoundedBytes::whole(sum / y_scale));
  }
};

// One rounding to a float of numbers none of which is above 512 · (|a| + |b|).
double rounding_error(const PairSum::Terms& terms) { return 512 * terms.magnitudes() / (1 << 24); }

PairSum pair_sum(const QuantizedSum& s) {
  const PairSum::Terms terms{double{s.a_scale} / s.y_scale, double{s.b_scale} / s.y_scale, s.a_zero, s.b_zero};
  // The definition rounds both products, their sum and the quotient.
  return {terms, 4 * rounding_error(terms), RoundedBytes(s.low, s.high, s.y_zero)};
}

template <class T>
void add(int64_t n, const QuantizedSum& sum, const T* a, const T* b, T* y) noexcept {
  const auto bytes_of = [](const T* at) { return reinterpret_cast<const uint8_t*>(at); };
  const Adder<T> adder(sum);
  const PairSum pairs = pair_sum(sum);
  int64_t i = 0;
  for (; pairs.is_sure() && i + PairSum::kBlock <= n; i += PairSum::kBlock) {
    if (pairs.block<T>(bytes_of(a + i), bytes_of(b + i), reinterpret_cast<int8_t*>(y + i))) continue;
    for (int64_t j = i; j < i + PairSum::kBlock; j += kLanes) store_as(y + j, adder(a + j, b + j));
  }
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
