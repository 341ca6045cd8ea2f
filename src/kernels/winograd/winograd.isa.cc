#include "kernels/winograd/winograd.h"

#include "kernels/simd.h"
#include "kernels/winograd/both_axes.h"

namespace thane::THANE_ISA {
namespace {

constexpr float kP = 0.75f, kQ = 1.5f, kPP = kP * kP, kQQ = kQ * kQ;

// u = G·g along one axis. Row t of G is [1, t, t²] / Π (t − other points), and [0, 0, 1] for ∞.
THANE_INLINE void transform_taps(const Vec (&g)[3], Vec (&u)[6]) {
  constexpr double p = kP, q = kQ, pp = p * p, qq = q * q;
  constexpr double p_scale = 1 / (2 * pp * (pp - qq)), q_scale = 1 / (2 * qq * (qq - pp)), zero_scale = 1 / (pp * qq);
  const Vec even_p = splat(float(p_scale)) * g[0] + splat(float(pp * p_scale)) * g[2];
  const Vec even_q = splat(float(q_scale)) * g[0] + splat(float(qq * q_scale)) * g[2];
  const Vec odd_p = splat(float(p * p_scale)) * g[1], odd_q = splat(float(q * q_scale)) * g[1];
  u[0] = splat(float(zero_scale)) * g[0];
  u[1] = even_p + odd_p;
  u[2] = even_p - odd_p;
  u[3] = even_q + odd_q;
  u[4] = even_q - odd_q;
  u[5] = g[2];
}

THANE_INLINE void transform_taps(const Vec (&g)[3], Vec (&u)[4]) {
  const Vec half = splat(0.5f), even = half * (g[0] + g[2]), odd = half * g[1];
  u[0] = g[0];
  u[1] = even + odd;
  u[2] = even - odd;
  u[3] = g[2];
}

template <int kPoints>
void weights(int64_t count, const float* g, int64_t tap_stride, float* u, int64_t point_stride) noexcept {
  for (int64_t i = 0; i < count; i += kLanes) {
    const Vec taps[3] = {load(g + i), load(g + tap_stride + i), load(g + 2 * tap_stride + i)};
    Vec points[kPoints];
    transform_taps(taps, points);
    for (int p = 0; p < kPoints; ++p) store(u + p * point_stride + i, points[p]);
  }
}

// v = Bᵀ·d along one axis. Pairs ±p and ±q share an even and an odd part.
THANE_INLINE void transform_in(const Vec (&d)[6], Vec (&v)[6]) {
  const Vec pp = splat(kPP), qq = splat(kQQ), both = splat(kPP * kQQ), sum = splat(kPP + kQQ);
  const Vec even_p = d[4] - qq * d[2], odd_p = splat(kP) * (d[3] - qq * d[1]);
  const Vec even_q = d[4] - pp * d[2], odd_q = splat(kQ) * (d[3] - pp * d[1]);
  v[0] = both * d[0] - sum * d[2] + d[4];
  v[1] = even_p + odd_p;
  v[2] = even_p - odd_p;
  v[3] = even_q + odd_q;
  v[4] = even_q - odd_q;
  v[5] = both * d[1] - sum * d[3] + d[5];
}

THANE_INLINE void transform_in(const Vec (&d)[4], Vec (&v)[4]) {
  v[0] = d[0] - d[2];
  v[1] = d[1] + d[2];
  v[2] = d[2] - d[1];
  v[3] = d[3] - d[1];
}
THANE_INLINE void transform_in(const Vec (&d)[1], Vec (&v)[1]) { v[0] = d[0]; }

// y = Aᵀ·m along one axis.
THANE_INLINE void transform_out(const Vec (&m)[6], Vec (&y)[4]) {
  const Vec even_p = m[1] + m[2], odd_p = m[1] - m[2], even_q = m[3] + m[4], odd_q = m[3] - m[4];
  y[0] = m[0] + even_p + even_q;
  y[1] = splat(kP) * odd_p + splat(kQ) * odd_q;
  y[2] = splat(kPP) * even_p + splat(kQQ) * even_q;
  y[3] = splat(kP * kPP) * odd_p + splat(kQ * kQQ) * odd_q + m[5];
}

THANE_INLINE void transform_out(const Vec (&m)[4], Vec (&y)[2]) {
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] + m[3];
}
THANE_INLINE void transform_out(const Vec (&m)[1], Vec (&y)[1]) { y[0] = m[0]; }

template <int kOutY, int kOutX>
struct Tile {
  static constexpr WinogradForm kForm = {kOutY, kOutX};
  static constexpr int kRows = kForm.points_y(), kColumns = kForm.points_x();

  template <class Get, class Put>
  static THANE_INLINE void input_vector(const float* const* taps, int64_t c, const Get& get, const Put& put) {
    transform_pixels<Vec, kRows, kColumns>([](const auto& d, auto& v) { transform_in(d, v); },
                                           [&](int i) { return get(taps[i] + c); }, put);
  }

  static void input(int64_t channels, const float* const* taps, float* v, int64_t stride) noexcept {
    int64_t c = 0;
    for (; c + kLanes <= channels; c += kLanes) {
      input_vector(
          taps, c, [](const float* from) { return load(from); },
          [&](int64_t point, Vec value) { store(v + point * stride + c, value); });
    }
    if (c == channels) return;
    const int64_t n = channels - c;
    input_vector(
        taps, c, [n](const float* from) { return load_some(from, n); },
        [&](int64_t point, Vec value) { store_some(v + point * stride + c, value, n); });
  }

  template <class Get, class Put>
  static THANE_INLINE void output_vector(const WinogradOutput& t, int64_t c, const Get& get, const Put& put) {
    Vec half[kColumns][kOutY];
    for (int x = 0; x < kColumns; ++x) {
      Vec column[kRows];
      for (int i = 0; i < kRows; ++i) column[i] = get(t.m + (i * kColumns + x) * t.point_stride + c);
      transform_out(column, half[x]);
    }
    const Vec bias = t.bias ? get(t.bias + c) : Vec{};
    const Vec low = splat(t.low), high = splat(t.high);
    for (int r = 0; r < t.rows; ++r) {
      Vec row[kColumns], y[kOutX];
      for (int x = 0; x < kColumns; ++x) row[x] = half[x][r];
      transform_out(row, y);
      for (int x = 0; x < t.columns; ++x) {
        const int64_t at = r * t.row_stride + x * t.column_stride + c;
        Vec value = y[x] + bias;
        if (t.residual) value += get(t.residual + at);
        put(t.y + at, min(high, max(low, value)));
      }
    }
  }

  static void output(const WinogradOutput& tile) noexcept {
    int64_t c = 0;
    for (; c + kLanes <= tile.channels; c += kLanes) {
      output_vector(
          tile, c, [](const float* from) { return load(from); }, [](float* to, Vec v) { store(to, v); });
    }
    if (c == tile.channels) return;
    const int64_t n = tile.channels - c;
    output_vector(
        tile, c, [n](const float* from) { return load_some(from, n); },
        [n](float* to, Vec v) { store_some(to, v, n); });
  }

  static constexpr WinogradKernels kKernels = {weights<kColumns>, input, output};
};

}  // namespace

extern const WinogradKernels kWinogradOf4x4, kWinogradOf2x2, kWinogradOf1x4;
const WinogradKernels kWinogradOf4x4 = Tile<4, 4>::kKernels;
const WinogradKernels kWinogradOf2x2 = Tile<2, 2>::kKernels;
const WinogradKernels kWinogradOf1x4 = Tile<1, 4>::kKernels;

}  // namespace thane::THANE_ISA
