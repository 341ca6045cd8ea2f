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

// Rounds runs of `count` elements to pairs, the last one with a 0 where that is odd.
class PairRounding {
 public:
  explicit PairRounding(int64_t count)
      : whole_(count / kStep * kStep),
        low_(static_cast<__mmask16>(mask_of(count - whole_))),
        high_(static_cast<__mmask16>(mask_of(count - whole_) >> kLanes)),
        last_(Bf16Pair::count(count - whole_)) {}

  THANE_INLINE void operator()(const float* from, float* to) const {
    for (const float* end = from + whole_; from < end; from += kStep, to += kLanes) {
      store(to, pairs(_mm512_loadu_ps(from), _mm512_loadu_ps(from + kLanes)));
    }
    if (low_) last_.store(to, pairs(_mm512_maskz_loadu_ps(low_, from), _mm512_maskz_loadu_ps(high_, from + kLanes)));
  }

 private:
  static constexpr int64_t kStep = Bf16Pair::kDepth * kLanes;
  static uint32_t mask_of(int64_t count) { return (uint32_t{1} << count) - 1; }
  static THANE_INLINE Vec pairs(__m512 low, __m512 high) {
    return reinterpret_cast<Vec>(_mm512_cvtne2ps_pbh(high, low));
  }

  int64_t whole_;
  __mmask16 low_, high_;  // of what is left
  Part last_;
};

void pack_a(const GemmPanel& p, float* packed) noexcept {
  if (!p.a_offsets && p.lda == p.k && p.k % Bf16Pair::kDepth == 0) return PairRounding(p.m * p.k)(p.a, packed);
  const PairRounding round(p.k);
  const int64_t words = Bf16Pair::count(p.k);
  for (int64_t row = 0; row < p.m; ++row) {
    for (int64_t tap = 0; tap < p.taps; ++tap, packed += words) round(row_of_a(p, row, tap), packed);
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
