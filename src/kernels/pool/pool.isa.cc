#include "kernels/pool/pool.h"

#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// Calls body(c, n, get, put) for vectors of channels: n of them from c, which get(pointer) and put(pointer, v) move.
template <class Body>
THANE_INLINE void for_vectors(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    body(
        c, [](const float* from) { return load(from); }, [](float* to, Vec v) { store(to, v); });
  }
  if (c == channels) return;
  const int64_t n = channels - c;
  body(
      c, [n](const float* from) { return load_some(from, n); }, [n](float* to, Vec v) { store_some(to, v, n); });
}

void max_taps(int64_t channels, int64_t count, const float* const* taps, float* y) noexcept {
  for_vectors(channels, [&](int64_t c, const auto& get, const auto& put) {
    Vec best = get(taps[0] + c);
    for (int64_t t = 1; t < count; ++t) best = max(get(taps[t] + c), best);
    put(y + c, best);
  });
}

template <class T>
void max_bytes(int64_t channels, int64_t count, const T* const* taps, T* y) noexcept {
  constexpr int64_t kBytes = 4 * kLanes;
  using Vector __attribute__((vector_size(kBytes))) = T;
  const auto vector = [&](int64_t c) {
    Vector best = load_as<Vector>(taps[0] + c);
    for (int64_t t = 1; t < count; ++t) {
      const Vector next = load_as<Vector>(taps[t] + c);
      best = next > best ? next : best;
    }
    store_as(y + c, best);
  };
  int64_t c = 0;
  for (; c + kBytes <= channels; c += kBytes) vector(c);
  if (c == channels) return;
  if (channels >= kBytes) return vector(channels - kBytes);  // some of them again
  for (; c < channels; ++c) {
    T best = taps[0][c];
    for (int64_t t = 1; t < count; ++t) best = taps[t][c] > best ? taps[t][c] : best;
    y[c] = best;
  }
}

void sum_taps(int64_t channels, int64_t count, const float* const* taps, float scale, float* y) noexcept {
  for_vectors(channels, [&](int64_t c, const auto& get, const auto& put) {
    Vec sum = get(taps[0] + c);
    for (int64_t t = 1; t < count; ++t) sum += get(taps[t] + c);
    put(y + c, sum * splat(scale));
  });
}

void max_rows(int64_t channels, int64_t rows, const float* x, int64_t stride, float* y) noexcept {
  for_vectors(channels, [&](int64_t c, const auto& get, const auto& put) {
    Vec best = get(x + c);
    for (int64_t i = 1; i < rows; ++i) best = max(get(x + i * stride + c), best);
    put(y + c, best);
  });
}

void sum_rows(int64_t channels, int64_t rows, const float* x, int64_t stride, float scale, float* y) noexcept {
  constexpr int64_t kBlock = 64;
  for_vectors(channels, [&](int64_t c, const auto& get, const auto& put) {
    Vec total{};
    for (int64_t first = 0; first < rows; first += kBlock) {
      const int64_t last = first + kBlock < rows ? first + kBlock : rows;
      Vec sum{};
      for (int64_t i = first; i < last; ++i) sum += get(x + i * stride + c);
      total += sum;
    }
    put(y + c, total * splat(scale));
  });
}

}  // namespace

extern const PoolKernels kPools;
const PoolKernels kPools = {max_taps, sum_taps, max_bytes<uint8_t>, max_bytes<int8_t>, max_rows, sum_rows};

}  // namespace thane::THANE_ISA
