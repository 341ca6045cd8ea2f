// Products of large matrices by seven products of half the size in place of eight (Strassen 1969; in Winograd's form,
// which adds fifteen times instead of eighteen; Higham 2002, section 23).
//
//   A: chunks of rows,       B: panels in pairs,
//      halves over k            halves over k
//      ┌─────┬─────┐            ┌──┬──┐       S1 = A21 + A22   T1 = B12 − B11      P1 = A11·B11   P5 = S1·T1
//      │ A11 │ A12 │            │11│12│       S2 = S1 − A11    T2 = B22 − T1       P2 = A12·B21   P6 = S2·T2
//      ├─────┼─────┤            ├──┼──┤       S3 = A11 − A21   T3 = B22 − B12      P3 = S4·B22    P7 = S3·T3
//      │ A21 │ A22 │            │21│22│       S4 = A12 − S2    T4 = B21 − T2       P4 = A22·T4
//      └─────┴─────┘            └──┴──┘
//                 C11 = P1 + P2                  C12 = P1 + P5 + P6 + P3
//                 C21 = P1 + P6 + P7 + P4        C22 = P1 + P5 + P6 + P7
//
// Sums of A are made before the products; those of B by the first tile that meets them, beside its multiplications;
// those of products by the tiles that make them. So B stays packed as it is for other products, and nothing but A is
// passed over once more.
//
// Errors of a row are in proportion to what the row that it is added to holds, too, and so are those of columns. Their
// spread says how unlike two of them are: how many times larger the largest element of one is than that of the other; 1
// where one of them is zero, infinity where one of them is not finite, or nearly so. Where it is above kMostSpread, the
// chunk, or all of B, is to be multiplied the plain way.
#pragma once

#include "kernels/gemm/gemm.h"

namespace thane {

inline constexpr float kMostSpread = 64;

// One of the seven products, or a block over k of it, of one pair of panels.
struct StrassenStep {
  GemmPanel panel;               // m: whole tiles; n: a whole panel
  const float* minus = nullptr;  // B is panel.b − minus; null: panel.b alone
  float* made = nullptr;         // k × columns, takes that difference; may be `minus` itself
  const float* sums = nullptr;   // m × columns, to which the product is added; null: none
  float* also = nullptr;         // m × columns, to which the product alone is added as well; null: none
};

// What one instruction set does.
struct StrassenKernel {
  // Makes S1 to S4, one `stride` after the other, of one row of each half of A, either half of which is `k` elements
  // long. Returns the rows' spread.
  float (*sums_of_a)(int64_t k, const float* top, const float* bottom, float* s, int64_t stride) noexcept;
  // The largest spread of two columns of the same place in two panels of k rows.
  float (*spread_of_columns)(int64_t k, const float* left, const float* right) noexcept;
  void (*step)(const StrassenStep& step) noexcept;
};

const StrassenKernel& strassen_kernel(Isa ceiling);

// How a product is cut: rows into chunks, of which some at a time make a round; and a chunk's columns into jobs: a pair
// of panels each, and one for all that is left. What is left of the rows goes with the last chunk. Rounds depend on
// threads, the rest on sizes alone: results do not depend on threads.
class StrassenTiling {
 public:
  // Whether it is faster than GemmTiling, by measurement.
  static bool pays(const GemmKernel& gemm, int64_t m, int64_t n, int64_t k);
  // Whether the columns of a packed B are alike enough.
  static bool suits(Isa ceiling, const GemmKernel& gemm, int64_t k, int64_t n, const float* packed);

  // gemm: of the same ceiling, of floats. At least a tile of rows for each half, a pair of panels, and an even k.
  StrassenTiling(Isa ceiling, const GemmKernel& gemm, int64_t m, int64_t n, int64_t k, int threads);

  int64_t rounds() const { return rounds_; }
  int64_t round_floats() const { return 4 * sums_stride() + most_pairs_; }  // what sum_rows() writes and run() reads
  int64_t work_floats() const;                                              // what run() works in

  // Pairs of rows of a round; how many are worth a thread's while; and the sums of pairs [begin, end).
  int64_t row_pairs(int64_t round) const { return first_pair(round + 1) - first_pair(round); }
  int64_t row_grain() const { return 16384 / k_ + 1; }
  void sum_rows(const GemmPanel& whole, int64_t round, int64_t begin, int64_t end, float* kept) const;

  // Jobs [begin, end) of a round of the product that `whole` describes: m, n, k and all pointers of the whole; without
  // taps and offsets.
  int64_t jobs(int64_t round) const { return (first_chunk(round + 1) - first_chunk(round)) * jobs_per_chunk_; }
  void run(const GemmPanel& whole, int64_t round, int64_t begin, int64_t end, const float* kept, float* work) const;

 private:
  struct Chunk {
    int64_t first = 0;  // pair of rows
    int64_t half = 0;   // rows of either half
    int64_t rest = 0;   // rows after both
    int64_t row() const { return 2 * first; }
  };

  Chunk chunk(int64_t index) const;
  int64_t first_chunk(int64_t round) const { return chunks_ * round / rounds_; }
  int64_t first_pair(int64_t round) const { return chunk(first_chunk(round)).first; }
  int64_t most_half() const { return (tiles_ + chunks_ - 1) / chunks_ * gemm_->rows; }
  int64_t sums_row() const;  // floats
  int64_t sums_stride() const { return most_pairs_ * sums_row(); }

  // is_first: of a thread's run, so that nothing of the pair is in the cache.
  void run_pair(const GemmPanel& whole, const Chunk& chunk, int64_t pair, bool is_first, const float* sums,
                float* work) const;
  void run_plain(const GemmPanel& whole, int64_t row, int64_t rows, int64_t column, int64_t columns) const;

  const GemmKernel* gemm_;
  const StrassenKernel* kernel_;
  int64_t m_, n_, k_;
  int64_t tiles_;        // of rows, in either half of all chunks
  int64_t panel_pairs_;  // of B
  int64_t jobs_per_chunk_;
  int64_t chunks_, rounds_;
  int64_t most_pairs_ = 0;  // of rows in a round
  int64_t blocks_;          // over half of k
};

}  // namespace thane
