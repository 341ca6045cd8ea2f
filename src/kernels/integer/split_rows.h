// Rows of bytes for split quads (dots.h), whose products are added two by two in 16 bits. Included only by *.isa.cc
// files, those for AVX2.
//
// Two neighbours in k leave 16 bits only if both are large, which in most data few are: zeros are half of what ReLU
// leaves, and the largest number that the scale was chosen for is rare. Where a word of some row of a tile has such
// neighbours, two smaller words stand for it in all rows of the tile: a part that stays in its place, and a rest, which
// meets the same word of B after all others. Where few neighbours of two words are large together, products of both
// words are added in 16 bits; of the others the second word becomes a rest. Every sum is exact; only the work depends
// on the data.
#pragma once

#include "kernels/integer/dots.h"
#include "kernels/integer/gemm.h"
#include "kernels/register_tile.h"

namespace thane::THANE_ISA {
namespace {

// What of a row's words may have rests: with more of them, it is faster to widen all bytes to 16 bits.
constexpr int64_t most_rests(int64_t words) { return words * 7 / 16; }
// How many second words may become rests: with more of them, adding products of two words first costs more than it
// saves.
constexpr int64_t most_seconds(int64_t words) { return words / 8; }

// What neighbours may add up to, and parts that add up to no more.
//   unsigned bytes times signed ones:  256 · -128 … 256 · 127
//   signed bytes times unsigned ones:  ±128 · 255; of different signs, products make each other smaller
template <bool kSigned>
struct Neighbours {
  static constexpr int16_t kMost = kSigned ? 128 : 256;
  static THANE_INLINE __m256i sums(__m256i bytes) {
    const __m256i ones = _mm256_set1_epi8(1);
    return kSigned ? _mm256_maddubs_epi16(ones, bytes) : _mm256_maddubs_epi16(bytes, ones);
  }
  // The part of a word that stays.
  static THANE_INLINE __m128i part(__m128i word) {
    if constexpr (kSigned) return _mm_max_epi8(_mm_min_epi8(word, _mm_set1_epi8(64)), _mm_set1_epi8(-64));
    return _mm_min_epu8(word, _mm_set1_epi8(-128));  // 128
  }
};

template <int kRows>
int64_t split_space(int64_t m, int64_t words) {
  const int64_t tiles = (m + kRows - 1) / kRows;
  return 3 * m * words + m + 2 * tiles + kLanes;  // a vector more, as widen() may write beyond the end
}

// Rows of words `a`, which lie at the beginning of split_space(m, words) words, in tiles of at most kRows.
template <bool kSigned, int kRows>
class RowSplitter {
 public:
  RowSplitter(int64_t m, int64_t words, int32_t* space)
      : words_(words),
        a_(space),
        starts_(a_ + m * words),
        tiles_(reinterpret_cast<IntegerRows::Tile*>(starts_ + m)),
        more_(starts_ + m + 2 * ((m + kRows - 1) / kRows)) {
    for_each_height(m, kRows, [&](int64_t row, int64_t height, int64_t tiles) {
      with_count<kRows>(height, [&](auto rows) {
        for (int64_t t = 0; t < tiles; ++t, row += height) tiles_[tile_++] = split<rows.value>(row);
      });
    });
  }
  IntegerRows rows(int64_t m) const {
    return {.m = m, .words = words_, .a = a_, .tiles = tiles_, .more = more_, .starts = kSigned ? starts_ : nullptr};
  }

 private:
  template <int R>
  THANE_APART IntegerRows::Tile split(int64_t row) {
    constexpr bool kFours = !kSigned && R > 1;
    int32_t* a = a_ + row * words_;
    int32_t* more = more_ + 2 * row * words_;
    // The numbers of words to split, and of second words of two; rests, which are less than half of `more`, come later.
    int32_t* const large = more + 2 * R * words_ - words_;
    int32_t* const seconds = large - words_ / 2;
    int64_t large_count = 0, second_count = 0;
    IntVec totals[R] = {};
    for (int64_t w = 0; w < words_; w += kLanes) {
      const __m256i mask = first_words(words_ - w);
      __m256i largest = _mm256_setzero_si256(), largest_fours = largest;
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const __m256i sums = Neighbours<kSigned>::sums(_mm256_maskload_epi32(a + r * words_ + w, mask));
        if constexpr (kSigned) {
          totals[r] += dot_pairs(reinterpret_cast<IntVec>(sums), splat_int(0x00010001));
          largest = _mm256_max_epi16(largest, _mm256_abs_epi16(sums));
        } else {
          largest = _mm256_max_epi16(largest, sums);
        }
        // First words below, what they make with the second ones.
        if (kFours) {
          largest_fours = _mm256_max_epi16(largest_fours, _mm256_add_epi16(sums, _mm256_srli_epi64(sums, 32)));
        }
      }
      for (uint32_t bits = words_above(largest); bits; bits &= bits - 1) {
        if (large_count == most_rests(words_)) {
          for (int r = 0; r < R; ++r) widen(a + r * words_, more + 2 * r * words_);
          return {0, 0};
        }
        large[large_count++] = static_cast<int32_t>(w) + __builtin_ctz(bits);
      }
      for (uint32_t bits = kFours ? words_above(largest_fours) & 0x55 : 0; bits; bits &= bits - 1) {
        if (const int64_t second = w + __builtin_ctz(bits) + 1; second < words_) {
          seconds[second_count++] = static_cast<int32_t>(second);
        }
      }
    }
    if constexpr (kSigned) {
      for (int r = 0; r < R; ++r) starts_[row + r] = -128 * sum_of(totals[r]);
    }
    const bool fours = kFours && second_count <= most_seconds(words_);
    const auto rest_of = [&](int32_t number, const auto& part_of) {
      *more++ = number;
      for (int r = 0; r < R; ++r) {
        int32_t& word = a[r * words_ + number];
        const __m128i whole = _mm_cvtsi32_si128(word), part = part_of(whole);
        *more++ = _mm_cvtsi128_si32(_mm_sub_epi8(whole, part));
        word = _mm_cvtsi128_si32(part);
      }
    };
    for (int64_t i = 0; i < large_count; ++i) rest_of(large[i], Neighbours<kSigned>::part);
    if (!fours) return {2, static_cast<int32_t>(large_count)};
    for (int64_t i = 0; i < second_count; ++i) rest_of(seconds[i], [](__m128i) { return _mm_setzero_si128(); });
    return {4, static_cast<int32_t>(large_count + second_count)};
  }
  // A bit for every word with a sum that is too large.
  static THANE_INLINE uint32_t words_above(__m256i sums) {
    const __m256i above = _mm256_cmpgt_epi16(sums, _mm256_set1_epi16(Neighbours<kSigned>::kMost));
    const __m256i none = _mm256_cmpeq_epi32(above, _mm256_setzero_si256());
    return 255u & ~static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(none)));
  }

  // A row's words for WidenedQuads, those of even bytes before the others. Writes whole vectors, row after row.
  void widen(const int32_t* a, int32_t* wide) const {
    for (int up = 8; up >= 0; up -= 8) {
      for (int64_t w = 0; w < words_; w += kLanes) {
        const auto bytes = load_as<ShortVec>(a + w) << up;
        store_as(wide + w, kSigned ? bytes >> 8 : bytes >> 8 & 255);
      }
      wide += words_;
    }
  }

  static THANE_INLINE __m256i first_words(int64_t n) {
    const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(n < kLanes ? n : kLanes)), numbers);
  }
  static THANE_INLINE int32_t sum_of(IntVec v) {
    const auto both = reinterpret_cast<__m256i>(v);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
  }

  int64_t words_, tile_ = 0;
  int32_t *a_, *starts_;
  IntegerRows::Tile* tiles_;
  int32_t* more_;
};

}  // namespace
}  // namespace thane::THANE_ISA
