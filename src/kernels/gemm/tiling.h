// How a product is cut for threads and caches.
//
//          panels of B, NR columns each
//             ┌────┬────┬────┬──┐
//             │    │    │    │  │  K: in blocks, so that a panel's block stays in L1 (AVX-512: L2) while
//             ├ ─ ─┼ ─ ─┼ ─ ─┼ ─┤     the tiles of a chunk pass by, and the chunk's block of A in L2
//             │    │    │    │  │     while panels pass by
//             └────┴────┴────┴──┘
//   A ┌──┬──┐ ┌────┬────┬────┬──┐
//     │chunk│ │ job│ job│ …  │  │    the sums of a block are added to those of C, which stay in L2
//     ├──┼──┤ ├────┼────┼────┼──┤    for a few panels; inside a job, tiles of MR × NR are held in
//     │chunk│ │    │    │    │  │    registers
//     └──┴──┘ └────┴────┴────┴──┘
#pragma once

#include "kernels/gemm/gemm.h"

namespace thane {

// Blocks that so many steps over k are cut into.
int64_t blocks_over(const GemmKernel& kernel, int64_t steps);
// The part of a product from a row and a column on; the column is the first one of a panel.
GemmPanel part_of(const GemmKernel& kernel, const GemmPanel& whole, int64_t row, int64_t rows, int64_t column,
                  int64_t columns);

class GemmTiling {
 public:
  // The cut depends on the sizes alone, so results do not depend on threads.
  GemmTiling() = default;
  GemmTiling(const GemmKernel& kernel, int64_t m, int64_t n, int64_t k, int64_t taps = 1);

  int64_t jobs() const { return chunks_ * panels_; }
  // Jobs worth a thread's while.
  int64_t grain() const { return grain_; }
  // Jobs [begin, end) of the product that `whole` describes: m, n and all pointers of the whole; next_b: what is read
  // after the last job.
  void run(const GemmPanel& whole, int64_t begin, int64_t end) const;

 private:
  // Neighbouring panels of a chunk, or all panels of neighbouring chunks, whose rows then go as one chunk's.
  struct Jobs {
    int64_t chunk, chunks = 1;
    int64_t panel, last_panel = 0;
  };

  // Rows of A become words: a block of a chunk's at a time, for as many panels as stay together.
  bool packs() const { return kernel_->pack_a && m_ > 1; }
  int64_t most_words_of_block(int64_t k, int64_t taps) const;
  int64_t tiles() const { return (m_ + kernel_->rows - 1) / kernel_->rows; }  // of a panel
  void run(const GemmPanel& whole, int64_t begin, int64_t end, float* packed_a) const;
  void run(const GemmPanel& whole, const Jobs& jobs, float* packed_a) const;
  // Narrows `whole` to the rows of those jobs and one panel, and that to one block over k.
  GemmPanel panel_of(const GemmPanel& whole, const Jobs& jobs, int64_t panel) const;
  void narrow_to_block(int64_t block, int64_t blocks, GemmPanel& panel) const;
  // Where that panel's block of B begins.
  const float* start_of(const GemmPanel& whole, const Jobs& jobs, int64_t panel, int64_t block, int64_t blocks) const;

  const GemmKernel* kernel_ = nullptr;
  int64_t m_ = 0, n_ = 0;
  int64_t words_ = 0;                            // of a column of B
  int64_t chunks_ = 0, panels_ = 0, grain_ = 1;  // panels: of columns_ columns, more than one of B's for a single row
  int64_t columns_ = 0;
  int64_t blocks_ = 1, together_ = 1;  // together: panels whose part of C stays in L2 through all blocks
  int64_t merged_ = 1;                 // chunks that one thread may take as one
};

}  // namespace thane
