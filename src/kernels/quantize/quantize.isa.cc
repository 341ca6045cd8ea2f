#include "kernels/quantize/quantize.h"

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

template <class T>
using Bytes __attribute__((vector_size(kLanes))) = T;

constexpr float kRounder = 12582912.0f;  // 1.5 · 2^23: adding and taking it away rounds, halves to even

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
    return __builtin_convertvector((q + splat(kRounder)) - splat(kRounder), IntVec) + zero;
  }
};

template <class T, int32_t kLow, int32_t kHigh>
void quantize(int64_t n, float scale, int32_t zero, const float* x, T* y) noexcept {
  const Quantizer<T, kLow, kHigh> quantizer(scale, zero);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const auto bytes = __builtin_convertvector(quantizer(load(x + i)), Bytes<T>);
    __builtin_memcpy(y + i, &bytes, sizeof(bytes));
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
    Bytes<T> bytes;
    __builtin_memcpy(&bytes, x + i, sizeof(bytes));
    const IntVec whole = __builtin_convertvector(bytes, IntVec) - splat_int(zero);
    store(y + i, __builtin_convertvector(whole, Vec) * factor);
  }
  for (; i < n; ++i) y[i] = static_cast<float>(x[i] - zero) * scale;
}

}  // namespace

extern const QuantizeKernels kQuantize;
const QuantizeKernels kQuantize = {quantize<uint8_t, 0, 255>, quantize<int8_t, -128, 127>, dequantize<uint8_t>,
                                   dequantize<int8_t>};

}  // namespace thane::THANE_ISA
