#include "kernels/map/functions.h"

namespace thane::THANE_ISA {
namespace {

template <MapOp kOp>
void map_run(float alpha, float beta, int64_t n, const float* from, float* to) {
  const Vec a = splat(alpha), b = splat(beta);
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {  // two chains hide the latency of long polynomials
    const Vec x = load(from + i), y = load(from + i + kLanes);
    store(to + i, map_one<kOp>(x, a, b));
    store(to + i + kLanes, map_one<kOp>(y, a, b));
  }
  for (; i + kLanes <= n; i += kLanes) store(to + i, map_one<kOp>(load(from + i), a, b));
  if (i < n) store_some(to + i, map_one<kOp>(load_some(from + i, n - i), a, b), n - i);
}

template <ZipOp kOp>
void zip_run(int64_t n, const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* to) {
  if (n <= 0) return;
  const Vec a0 = splat(*a), b0 = splat(*b);
  int64_t i = 0;
  const auto walk = [&](const auto& left, const auto& right) {
    for (; i + kLanes <= n; i += kLanes) store(to + i, zip_one<kOp>(left(i), right(i)));
  };
  const auto from_a = [&](int64_t at) { return load(a + at); };
  const auto from_b = [&](int64_t at) { return load(b + at); };
  const auto same_a = [&](int64_t) { return a0; };
  const auto same_b = [&](int64_t) { return b0; };
  if (a_stride && b_stride)
    walk(from_a, from_b);
  else if (a_stride)
    walk(from_a, same_b);
  else if (b_stride)
    walk(same_a, from_b);
  else
    walk(same_a, same_b);
  if (i < n) {
    const int64_t rest = n - i;
    const Vec x = a_stride ? load_some(a + i, rest) : a0, y = b_stride ? load_some(b + i, rest) : b0;
    store_some(to + i, zip_one<kOp>(x, y), rest);
  }
}

template <int kOp = 0>
constexpr void fill_maps(MapKernels& kernels) {
  kernels.map[kOp] = map_run<static_cast<MapOp>(kOp)>;
  if constexpr (kOp + 1 < kMapOpCount) fill_maps<kOp + 1>(kernels);
}
template <int kOp = 0>
constexpr void fill_zips(MapKernels& kernels) {
  kernels.zip[kOp] = zip_run<static_cast<ZipOp>(kOp)>;
  if constexpr (kOp + 1 < kZipOpCount) fill_zips<kOp + 1>(kernels);
}

constexpr MapKernels make() {
  MapKernels kernels{};
  fill_maps(kernels);
  fill_zips(kernels);
  return kernels;
}

}  // namespace

extern const MapKernels kMaps;
constexpr MapKernels kMaps = make();

}  // namespace thane::THANE_ISA
