// How a product is cut into jobs for threads and caches.
//
//          panels of B, NR columns each: read once per chunk, from L1 or L2
//             ┌────┬────┬────┬──┐
//             │    │    │    │  │  K
//             └────┴────┴────┴──┘
//   A ┌─────┐ ┌────┬────┬────┬──┐
//     │chunk│ │ job│ job│ …  │  │    a chunk of A stays in L2 while all panels pass by;
//     ├─────┤ ├────┼────┼────┼──┤    inside a job, tiles of MR × NR are held in registers
//     │chunk│ │    │    │    │  │
//     └─────┘ └────┴────┴────┴──┘
#pragma once

#include "kernels/gemm/gemm.h"

namespace thane {

class GemmTiling {
 public:
  // `depth` is taps·k. The cut depends on the sizes alone, so results do not depend on threads.
  GemmTiling() = default;
  GemmTiling(const GemmKernel& kernel, int64_t m, int64_t n, int64_t depth);

  int64_t jobs() const { return chunks_ * panels_; }
  // Jobs worth a thread's while.
  int64_t grain() const { return grain_; }
  // Narrows a description of the whole product (m, n and all pointers of the whole) to one job.
  GemmPanel job(const GemmPanel& whole, int64_t index) const;
  void run(const GemmPanel& whole, int64_t index) const { kernel_->panel(job(whole, index)); }

 private:
  const GemmKernel* kernel_ = nullptr;
  int64_t m_ = 0, n_ = 0, depth_ = 0;
  int64_t chunks_ = 0, panels_ = 0, grain_ = 1;
};

}  // namespace thane
