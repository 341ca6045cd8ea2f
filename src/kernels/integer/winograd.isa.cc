#include "kernels/integer/winograd.h"

#include "kernels/integer/finish.h"
#include "kernels/winograd/both_axes.h"

namespace thane::THANE_ISA {
namespace {

// v = Bᵀ·d along one axis. Pairs ±1 and ±2 share an even and an odd part.
THANE_INLINE void transform_in(const ShortVec (&d)[6], ShortVec (&v)[6]) {
  const ShortVec even_1 = d[4] - (d[2] << 2), odd_1 = d[3] - (d[1] << 2);
  const ShortVec even_2 = d[4] - d[2], odd_2 = (d[3] - d[1]) << 1;
  v[0] = ((d[0] - d[2]) << 2) + even_2;
  v[1] = even_1 + odd_1;
  v[2] = even_1 - odd_1;
  v[3] = even_2 + odd_2;
  v[4] = even_2 - odd_2;
  v[5] = ((d[1] - d[3]) << 2) + (d[5] - d[3]);
}

// y = 24·Aᵀ·m along one axis, of points that are six times as large at 0 and ∞ (winograd.cc).
THANE_INLINE void transform_out(const IntVec (&m)[6], IntVec (&y)[4]) {
  const IntVec even_1 = m[1] + m[2], odd_1 = m[1] - m[2], even_2 = m[3] + m[4], odd_2 = m[3] - m[4];
  y[0] = m[0] + even_2 - (even_1 << 2);
  y[1] = (odd_2 - (odd_1 << 1)) << 1;
  y[2] = (even_2 - even_1) << 2;
  y[3] = ((odd_2 << 1) - odd_1 + m[5]) << 2;
}

// A vector of channels; get(i) gives pixels as differences to the zero point.
template <class Get, class Put>
THANE_INLINE void input_vector(const Get& get, const Put& put) {
  transform_pixels<ShortVec, 6, 6>([](const auto& d, auto& v) { transform_in(d, v); }, get, put);
}

void input(const IntegerWinogradInput& t) noexcept {
  constexpr int64_t kStep = 2 * kLanes;
  const auto flip = static_cast<uint8_t>(t.is_signed ? 0x80 : 0);
  const auto zero = static_cast<int16_t>(t.zero + (t.is_signed ? 128 : 0));
  int64_t c = 0;
  for (; c + kStep <= t.channels; c += kStep) {
    input_vector([&](int i) { return widened(load_as<HalfBytes<uint8_t>>(t.taps[i] + c) ^ flip) - zero; },
                 [&](int point, ShortVec value) { store_as(t.v + point * t.point_stride + c, value); });
  }
  if (c == t.channels) return;
  const int64_t n = t.channels - c;
  input_vector(
      [&](int i) {
        ShortVec d{};
        for (int64_t k = 0; k < n; ++k) d[k] = static_cast<int16_t>((t.taps[i][c + k] ^ flip) - zero);
        return d;
      },
      [&](int point, ShortVec value) {
        int16_t* to = t.v + point * t.point_stride + c;
        for (int64_t k = 0; k < n + n % 2; ++k) to[k] = value[k];
      });
}

void output(const IntegerWinogradOutput& t) noexcept {
  constexpr int32_t kNinth = 954437177;  // 9 times this is 1 modulo 2^32
  for (int64_t c = 0; c < t.channels; c += kLanes) {
    IntVec half[6][4];
    for (int x = 0; x < 6; ++x) {
      IntVec column[6];
      for (int i = 0; i < 6; ++i) column[i] = load_as<IntVec>(t.m + (i * 6 + x) * t.point_stride + c);
      transform_out(column, half[x]);
    }
    IntVec sums[4][4];
    for (int r = 0; r < 4; ++r) {
      const IntVec row[6] = {half[0][r], half[1][r], half[2][r], half[3][r], half[4][r], half[5][r]};
      transform_out(row, sums[r]);
    }
    finish_columns(t.epilogue, c, t.channels - c, t.y, [&](const auto& write) {
      for (int r = 0; r < t.rows; ++r) {
        for (int x = 0; x < t.columns; ++x) {
          write((sums[r][x] * kNinth) >> 6, r * t.row_stride + x * t.channels + c);
        }
      }
    });
  }
}

}  // namespace

extern const IntegerWinograd kIntegerWinograd;
const IntegerWinograd kIntegerWinograd = {input, output};

}  // namespace thane::THANE_ISA
