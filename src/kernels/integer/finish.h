// The epilogues of epilogue.h on vectors, for the bodies of this folder.
#pragma once

#include "kernels/integer/epilogue.h"
#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// Sums to whole numbers of the result, one struct per kind; made once for a vector of columns.
struct ScaledColumns {
  Vec scale, low, high;
  IntVec zero;
  THANE_INLINE ScaledColumns(const IntegerEpilogue& e, int64_t column)
      : scale(load(e.scales + column)),
        low(splat(static_cast<float>(e.low - e.zero))),
        high(splat(static_cast<float>(e.high - e.zero))),
        zero(splat_int(e.zero)) {}
  THANE_INLINE IntVec operator()(IntVec sum) const {
    constexpr float kRounder = 12582912.0f;  // 1.5 · 2^23: adding and taking it away rounds, halves to even
    const Vec q = min(high, max(__builtin_convertvector(sum, Vec) * scale, low));
    // Still in the float's last bits, so that nothing needs converting.
    return bits_of(q + splat(kRounder)) - bits_of(splat(kRounder)) + zero;
  }
};

struct FixedColumns {
  IntVec fraction, odd_fraction, left, right, mask, half, zero, low, high;
  THANE_INLINE FixedColumns(const IntegerEpilogue& e, int64_t column) {
    fraction = load_as<IntVec>(e.fractions + column);
    odd_fraction = odd_to_even(fraction);
    const IntVec shift = load_as<IntVec>(e.shifts + column);
    left = max_int(shift, IntVec{});
    right = max_int(-shift, IntVec{});
    mask = reinterpret_cast<IntVec>((UnsignedVec{} + 1u) << reinterpret_cast<UnsignedVec>(right)) - 1;
    half = reinterpret_cast<IntVec>(reinterpret_cast<UnsignedVec>(mask) >> 1);
    zero = splat_int(e.zero);
    low = splat_int(e.low - e.zero);
    high = splat_int(e.high - e.zero);
  }
  THANE_INLINE IntVec operator()(IntVec sum) const {
    const IntVec x = doubling_high(sum << left, fraction, odd_fraction);
    // x / 2^right, halves away from zero; comparisons give -1 for true.
    const IntVec rounded = (x >> right) - ((x & mask) > half - (x < 0));
    return min_int(max_int(rounded, low), high) + zero;
  }
};

THANE_INLINE void store_bytes(void* to, IntVec v, int64_t n) {
  const auto bytes = low_bytes(v);
  if (n >= kLanes) return store_as(static_cast<int8_t*>(to), bytes);
  for (int64_t i = 0; i < n; ++i) static_cast<int8_t*>(to)[i] = bytes[i];
}

// Writes the first n ≥ 1 lanes of rows of sums. `place(r)` is where row r's vector goes.
template <class Columns, int R, class Place>
THANE_INLINE void finish_bytes(const Columns& columns, const IntVec (&sums)[R], int64_t n, const Place& place) {
  for (int r = 0; r < R; ++r) store_bytes(place(r), columns(sums[r]), n);
}

template <int R, class Place>
THANE_INLINE void finish_columns(const IntegerEpilogue& e, int64_t column, IntVec (&sums)[R], int64_t n,
                                 const Place& place) {
  if (e.bias) {
    const IntVec bias = load_as<IntVec>(e.bias + column);
    for (int r = 0; r < R; ++r) sums[r] += bias;
  }
  switch (e.result) {
    case IntegerResult::kScaled: return finish_bytes(ScaledColumns(e, column), sums, n, place);
    case IntegerResult::kFixed: return finish_bytes(FixedColumns(e, column), sums, n, place);
    case IntegerResult::kReals: {
      const Vec scale = load(e.scales + column),
                addend = e.addends ? load(e.addends + column) : splat(-0.0f);  // leaves 0
      for (int r = 0; r < R; ++r) {
        const Vec real = __builtin_convertvector(sums[r], Vec) * scale + addend;
        auto* to = static_cast<float*>(place(r));
        if (n >= kLanes)
          store(to, real);
        else
          store_some(to, real, n);
      }
      return;
    }
    case IntegerResult::kSums:
      for (int r = 0; r < R; ++r) {
        auto* to = static_cast<int32_t*>(place(r));
        if (n >= kLanes) {
          store_as(to, sums[r]);
        } else {
          for (int64_t i = 0; i < n; ++i) to[i] = sums[r][i];
        }
      }
  }
}

}  // namespace
}  // namespace thane::THANE_ISA
