// The matrix product with panels of bfloat16: half the memory to read and keep. Where the set multiplies pairs of
// bfloat16, a tile does; elsewhere a panel's words become floats a piece at a time, in the first-level cache, where the
// product of floats takes them. A single row of A meets the words themselves.
#include "kernels/gemm/row.h"
#include "kernels/gemm/tile.h"

namespace thane::THANE_ISA {

#ifndef __AVX512BF16__
extern const GemmKernel kGemm;
#endif

namespace {

#ifdef __AVX512BF16__

// Elements rounded to pairs, the last one with a 0 where their number is odd.
THANE_INLINE void round_to_pairs(const float* from, int64_t count, float* to) {
  constexpr int64_t kStep = Bf16Pair::kDepth * kLanes;
  const auto rounded = [](__m512 low, __m512 high) { return reinterpret_cast<Vec>(_mm512_cvtne2ps_pbh(high, low)); };
  int64_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    store(to + i / Bf16Pair::kDepth, rounded(_mm512_loadu_ps(from + i), _mm512_loadu_ps(from + i + kLanes)));
  }
  if (i == count) return;
  const uint32_t there = (uint32_t{1} << (count - i)) - 1;
  const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there), from + i);
  const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there >> 16), from + i + kLanes);
  Part(Bf16Pair::count(count - i)).store(to + i / Bf16Pair::kDepth, rounded(low, high));
}

void pack_a(const GemmPanel& p, float* packed) noexcept {
  if (!p.a_offsets && p.lda == p.k && p.k % Bf16Pair::kDepth == 0) return round_to_pairs(p.a, p.m * p.k, packed);
  for (int64_t row = 0; row < p.m; ++row) {
    for (int64_t tap = 0; tap < p.taps; ++tap, packed += Bf16Pair::count(p.k)) {
      round_to_pairs(row_of_a(p, row, tap), p.k, packed);
    }
  }
}

struct PairDot {
  static THANE_INLINE Vec add(Vec sum, Vec a, Vec b) {
    return reinterpret_cast<Vec>(
        _mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b)));
  }
};

template <int V>
void many_rows(const GemmPanel& p) {
  many_rows_of<PairDot, V>(p);
}

constexpr auto kPackA = pack_a;

#else

// Elements of a column that are floats at a time; a block of GemmTiling's is rarely deeper.
constexpr int64_t kPiece = 576;

void widen(const float* words, int64_t k, int64_t width, float* to) {
  for (; k > 0; k -= 2, words += width, to += 2 * width) {
    for (int64_t c = 0; c < width; c += kLanes) {
      const Vec pairs = load(words + c);
      store(to + c, Bf16Pair::first(pairs));
      if (k > 1) store(to + width + c, Bf16Pair::second(pairs));
    }
  }
}

template <int V>
void many_rows(const GemmPanel& p) {
  constexpr int64_t kWidth = V * kLanes;
  float floats[kPiece * kWidth];
  const int64_t words = Bf16Pair::count(p.k);
  // Several taps at a time, or parts of one.
  const int64_t taps_together = p.k >= kPiece ? 1 : p.k > 0 ? kPiece / p.k : p.taps;
  GemmPanel piece = p;
  piece.b = floats;
  piece.next_depth = Bf16Pair::kDepth;
  for (int64_t tap = 0; tap < p.taps; tap += taps_together) {
    piece.taps = tap + taps_together < p.taps ? taps_together : p.taps - tap;
    if (p.a_offsets) piece.a_offsets = p.a_offsets + tap;
    int64_t part = 0;
    do {
      piece.a = p.a + part;
      piece.k = part + kPiece < p.k ? kPiece : p.k - part;
      const int64_t first = (tap * words + part / Bf16Pair::kDepth) * kWidth;
      for (int64_t t = 0; t < piece.taps; ++t) {
        widen(p.b + first + t * words * kWidth, piece.k, kWidth, floats + t * piece.k * kWidth);
      }
      if (p.next_b) piece.next_b = p.next_b + first;
      part += kPiece;
      piece.is_last = p.is_last && part >= p.k && tap + taps_together >= p.taps;
      kGemm.panel(piece);
      piece.is_first = false;
    } while (part < p.k);
  }
}

constexpr decltype(GemmKernel::pack_a) kPackA = nullptr;

#endif

void panel(const GemmPanel& p) noexcept {
  run_panel<Bf16Pair>(p, [](const GemmPanel& panel, auto v) { many_rows<v.value>(panel); });
}

}  // namespace

extern const GemmKernel kBf16Gemm;
const GemmKernel kBf16Gemm = {kMostRows[kVectors], kColumns, kLanes, panel, GemmWord::kBf16Pair, kPackA};

}  // namespace thane::THANE_ISA
