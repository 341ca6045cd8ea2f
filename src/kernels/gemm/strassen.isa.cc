// What Strassen's products need beside those of panels: sums of A, and tiles that make sums of B and add up products.
#include "kernels/gemm/strassen.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

constexpr int kTileRows = kMostRows[kVectors];

// The largest magnitudes of two rows or columns.
class Spread {
 public:
  THANE_INLINE void add(Vec one, Vec other) {
    one_ = larger(one_, bits_of(one));
    other_ = larger(other_, bits_of(other));
  }
  THANE_INLINE float of_rows() const {
    int32_t one = 0, other = 0;
    for (int i = 0; i < kLanes; ++i) one = one_[i] > one ? one_[i] : one, other = other_[i] > other ? other_[i] : other;
    return spread_of(one, other);
  }
  THANE_INLINE float of_columns() const {
    float most = 1;
    for (int i = 0; i < kLanes; ++i) {
      const float spread = spread_of(one_[i], other_[i]);
      most = spread > most ? spread : most;
    }
    return most;
  }

 private:
  // As integers, magnitudes are ordered as they are as floats, infinity and NaN above all.
  static THANE_INLINE IntVec larger(IntVec most, IntVec bits) { return max_int(most, bits & 0x7fffffff); }
  static THANE_INLINE float spread_of(int32_t one, int32_t other) {
    constexpr int32_t kHuge = 0x7b800000;  // 2^120: sums of eight of them are finite
    if (one >= kHuge || other >= kHuge) return kInfinity;
    if (one == 0 || other == 0) return 1;
    float a, b;
    __builtin_memcpy(&a, &one, sizeof(a));
    __builtin_memcpy(&b, &other, sizeof(b));
    return a > b ? a / b : b / a;
  }

  IntVec one_ = {}, other_ = {};
};

float sums_of_a(int64_t k, const float* top, const float* bottom, float* s, int64_t stride) noexcept {
  Spread spread;
  for (int64_t i = 0; i < k; i += kLanes) {
    const int64_t count = k - i < kLanes ? k - i : kLanes;
    const Vec a11 = get(top + i, count), a12 = get(top + k + i, count);
    const Vec a21 = get(bottom + i, count), a22 = get(bottom + k + i, count);
    spread.add(a11, a21);
    spread.add(a12, a22);
    const Vec s1 = a21 + a22, s2 = s1 - a11;
    put(s + i, s1, count);
    put(s + stride + i, s2, count);
    put(s + 2 * stride + i, a11 - a21, count);
    put(s + 3 * stride + i, a12 - s2, count);
  }
  return spread.of_rows();
}

float spread_of_columns(int64_t k, const float* left, const float* right) noexcept {
  Spread spreads[kVectors];
  for (int64_t i = 0; i < k; ++i, left += kColumns, right += kColumns) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) spreads[v].add(load(left + v * kLanes), load(right + v * kLanes));
  }
  float most = 1;
  for (const Spread& spread : spreads) {
    const float of_columns = spread.of_columns();
    most = of_columns > most ? of_columns : most;
  }
  return most;
}

// The difference of two panels, kept for the tiles that follow.
class Difference {
 public:
  THANE_INLINE explicit Difference(const StrassenStep& step) : b_(step.panel.b), minus_(step.minus), made_(step.made) {}
  THANE_INLINE void next(Vec (&columns)[kVectors]) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v, at_ += kLanes) {
      if (v % 2 == 0) {  // of two panels at a time, the CPU fetches too little ahead by itself
        __builtin_prefetch(b_ + at_ + 12 * kColumns);
        __builtin_prefetch(minus_ + at_ + 12 * kColumns);
      }
      columns[v] = load(b_ + at_) - load(minus_ + at_);
      store(made_ + at_, columns[v]);
    }
  }

 private:
  const float* b_;
  const float* minus_;
  float* made_;
  int64_t at_ = 0;
};

// What follows a tile's multiplications, a row at a time: little code.
THANE_APART void end_tile(const StrassenStep& step, int64_t row, float* tile) {
  const auto add = [](const float* from, float* to) {
    for (int64_t i = 0; i < kTileRows * kColumns; i += kLanes) store(to + i, load(to + i) + load(from + i));
  };
  if (step.also) add(tile, step.also + row * kColumns);
  if (step.sums) add(step.sums + row * kColumns, tile);
  finish_rows<kVectors>(tile, kTileRows, step.panel, row);
  if (maps(step.panel)) map_rows(step.panel, row, kTileRows);
}

template <class Columns>
void tile_rows(const StrassenStep& step, int64_t row, const Columns& columns, Ahead& ahead) {
  fetch_addends<kTileRows, kVectors>(step.panel, row);
  Vec tile[kTileRows][kVectors];
  clear(tile);
  multiply_rows<FloatDot>(step.panel, row, columns, ahead, tile);
  float sums[kTileRows * kColumns];
#pragma GCC unroll 12
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(sums + r * kColumns + v * kLanes, tile[r][v]);
  }
  end_tile(step, row, sums);
}

void step(const StrassenStep& s) noexcept {
  Ahead ahead(s.panel, kColumns, s.panel.m / kTileRows);
  int64_t row = 0;
  if (s.minus) {
    tile_rows(s, 0, Difference(s), ahead);
    row = kTileRows;
  }
  const PanelColumns<kVectors> columns(s.minus ? s.made : s.panel.b);
  for (; row < s.panel.m; row += kTileRows) tile_rows(s, row, columns, ahead);
}

}  // namespace

extern const StrassenKernel kStrassen;
const StrassenKernel kStrassen = {sums_of_a, spread_of_columns, step};

}  // namespace thane::THANE_ISA
