#include "kernels/gemm/tiling.h"

#include <algorithm>

#include "base/cpu.h"

namespace thane {
namespace {

constexpr int64_t kMostRows = 192;  // low enough that a product of few columns has work for several threads
constexpr int64_t kLeastTiles = 8;  // high enough that a panel of B, once in the cache, is used a few times

// Rows of A that take half of L2.
int64_t rows_in_cache(int64_t depth) {
  const int64_t l2 = cpu_facts().l2_bytes > 0 ? cpu_facts().l2_bytes : 512 * 1024;
  return l2 / 2 / (std::max<int64_t>(depth, 1) * static_cast<int64_t>(sizeof(float)));
}

}  // namespace

GemmTiling::GemmTiling(const GemmKernel& kernel, int64_t m, int64_t n, int64_t depth)
    : kernel_(&kernel), m_(m), n_(n), depth_(depth) {
  if (m <= 0 || n <= 0) return;
  const int64_t most = std::max(kLeastTiles * kernel.rows, std::min(rows_in_cache(depth), kMostRows));
  chunks_ = (m + most - 1) / most;
  panels_ = (n + kernel.columns - 1) / kernel.columns;
  // About 5 µs at 50 GFLOP/s: below that a thread costs more than it gives.
  const int64_t flops = 2 * ((m + chunks_ - 1) / chunks_) * std::min<int64_t>(kernel.columns, n) * depth;
  grain_ = 250000 / std::max<int64_t>(flops, 1) + 1;
}

GemmPanel GemmTiling::job(const GemmPanel& whole, int64_t index) const {
  const int64_t chunk = index / panels_, panel = index % panels_;
  // Whole tiles per chunk, as equal as that allows.
  const int64_t tiles = (m_ + kernel_->rows - 1) / kernel_->rows;
  const int64_t row = std::min(m_, tiles * chunk / chunks_ * kernel_->rows);
  const int64_t end = std::min(m_, tiles * (chunk + 1) / chunks_ * kernel_->rows);
  const int64_t column = panel * kernel_->columns;
  GemmPanel job = whole;
  job.m = end - row;
  job.n = std::min<int64_t>(kernel_->columns, n_ - column);
  if (whole.a_offsets)
    job.a_offsets += row * whole.taps;
  else
    job.a += row * whole.lda;
  job.b += column * depth_;
  const int64_t corner = column + (whole.c_offsets ? 0 : row * whole.ldc);
  job.c += corner;
  if (whole.c_offsets) job.c_offsets += row;
  GemmEpilogue& e = job.epilogue;
  if (e.row_bias) e.row_bias += row;
  if (e.column_bias) e.column_bias += column;
  if (e.residual) e.residual += corner;
  return job;
}

}  // namespace thane
