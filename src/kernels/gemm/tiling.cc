#include "kernels/gemm/tiling.h"

#include <algorithm>
#include <cassert>

#include "base/cpu.h"
#include "base/threads.h"

namespace thane {
namespace {

constexpr int64_t kMostRows = 192;  // low enough that a product of few columns has work for several threads
constexpr int64_t kLeastTiles = 8;  // high enough that a panel of B, once in the cache, is used a few times
// Weights so small (2 MiB) that a thread may read them all for the sake of rows of its own, if those are as many tiles.
constexpr int64_t kSmallWords = 1 << 19;
constexpr int64_t kLeastTilesOfThread = 4;
constexpr int64_t kPanelsOfRow = 4;      // as many streams from memory
constexpr int64_t kBlockDepth = 384;     // of B, 24 columns wide, about what L1 holds
constexpr int64_t kPackedWords = 57344;  // of A, on the stack

int64_t l2_floats() { return l2_cache_bytes() / static_cast<int64_t>(sizeof(float)); }

}  // namespace

int64_t blocks_over(const GemmKernel& kernel, int64_t steps) {
  // Wide panels don't stay in L1 while tiles pass by, whatever the depth: then C had better be written less often. Not
  // where A is packed on the stack.
  const int64_t depth = kernel.columns > 32 && !kernel.pack_a ? 2 * kBlockDepth : kBlockDepth;
  return std::max<int64_t>(1, (steps + depth / 2) / depth);
}

GemmPanel part_of(const GemmKernel& kernel, const GemmPanel& whole, int64_t row, int64_t rows, int64_t column,
                  int64_t columns) {
  GemmPanel part = whole;
  part.m = rows;
  part.n = columns;
  if (whole.a_offsets)
    part.a_offsets += row * whole.taps;
  else
    part.a += row * whole.lda;
  part.b += column * whole.taps * kernel.words_of(whole.k);
  const int64_t corner = column + (whole.c_offsets ? 0 : row * whole.ldc);
  part.c += corner;
  if (whole.c_offsets) part.c_offsets += row;
  GemmEpilogue& e = part.epilogue;
  if (e.row_bias) e.row_bias += row;
  if (e.column_bias) e.column_bias += column;
  if (e.residual) e.residual += corner;
  return part;
}

GemmTiling::GemmTiling(const GemmKernel& kernel, int64_t m, int64_t n, int64_t k, int64_t taps)
    : kernel_(&kernel), m_(m), n_(n), words_(taps * kernel.words_of(k)) {
  if (m <= 0 || n <= 0) return;
  const int64_t depth = taps * k;
  // A product of a few rows reads each panel once or twice: nothing would be gained.
  if (m > 2 * kernel.rows || packs()) blocks_ = blocks_over(kernel, packs() ? words_ : depth);
  const int64_t in_cache = l2_floats() / 2 / std::max<int64_t>(depth / blocks_, 1);
  int64_t most = std::min(in_cache, kMostRows);
  if (packs()) {  // whole tiles, as chunks are: none has more
    const int64_t words = std::max<int64_t>(1, most_words_of_block(k, taps));
    most = std::min(most, kPackedWords / words) / kernel.rows * kernel.rows;
  }
  most = std::max(kLeastTiles * kernel.rows, most);
  chunks_ = (m + most - 1) / most;
  if (m >= 2 * kLeastTilesOfThread * kernel.rows && n * words_ <= kSmallWords) chunks_ = std::max<int64_t>(chunks_, 2);
  chunks_ = shared_evenly(chunks_);
  columns_ = kernel.columns * (m == 1 ? kPanelsOfRow : 1);
  panels_ = (n + columns_ - 1) / columns_;
  merged_ = std::max<int64_t>(1, most / ((tiles() + chunks_ - 1) / chunks_ * kernel.rows));
  const int64_t rows = (m + chunks_ - 1) / chunks_;
  together_ = std::max<int64_t>(1, l2_floats() / 4 / (rows * columns_));
  // About 5 µs at 50 GFLOP/s: below that a thread costs more than it gives.
  const int64_t flops = 2 * rows * std::min(columns_, n) * depth;
  grain_ = 250000 / std::max<int64_t>(flops, 1) + 1;
}

void GemmTiling::run(const GemmPanel& whole, int64_t begin, int64_t end) const {
  if (m_ == 1 && begin == 0 && end == jobs()) return kernel_->panel(whole);  // it takes all panels itself
  if (!packs()) return run(whole, begin, end, nullptr);
  float packed[kPackedWords];
  run(whole, begin, end, packed);
}

void GemmTiling::run(const GemmPanel& whole, int64_t begin, int64_t end, float* packed_a) const {
  while (begin < end) {
    Jobs jobs{.chunk = begin / panels_, .panel = begin % panels_};
    if (jobs.panel == 0) jobs.chunks = std::clamp<int64_t>((end - begin) / panels_, 1, merged_);
    jobs.last_panel = std::min(panels_, jobs.panel + end - begin);
    begin += jobs.chunks * (jobs.last_panel - jobs.panel);
    GemmPanel product = whole;  // next_b: where the jobs after these begin
    if (begin < end)
      product.next_b = whole.b;
    else if (end < this->jobs())  // what a thread takes next, most likely
      product.next_b = whole.b + end % panels_ * words_ * columns_;
    run(product, jobs, packed_a);
  }
}

void GemmTiling::run(const GemmPanel& whole, const Jobs& jobs, float* packed_a) const {
  // As many for each tap, where there are more blocks than taps.
  const int64_t blocks = blocks_ <= whole.taps ? blocks_ : (blocks_ + whole.taps - 1) / whole.taps * whole.taps;
  const int64_t together = std::max<int64_t>(1, together_ / jobs.chunks);
  for (int64_t first = jobs.panel; first < jobs.last_panel; first += together) {
    const int64_t last = std::min(jobs.last_panel, first + together);
    for (int64_t block = 0; block < blocks; ++block) {
      for (int64_t i = first; i < last; ++i) {
        GemmPanel panel = panel_of(whole, jobs, i);
        narrow_to_block(block, blocks, panel);
        if (packed_a) {
          const int64_t words = panel.taps * kernel_->words_of(panel.k);
          assert(panel.m * words <= kPackedWords);
          if (i == first) kernel_->pack_a(panel, packed_a);
          panel.a = packed_a;
          panel.k = panel.lda = words;
          panel.taps = 1;
          panel.a_offsets = nullptr;
        }
        if (i + 1 < last)  // the next panel's block lies where this one's would be if the panel were the next
          panel.next_b = panel.b + words_ * columns_;
        else if (block + 1 < blocks)
          panel.next_b = start_of(whole, jobs, first, block + 1, blocks);
        else if (last < jobs.last_panel)
          panel.next_b = start_of(whole, jobs, last, 0, blocks);
        kernel_->panel(panel);
      }
    }
  }
}

int64_t GemmTiling::most_words_of_block(int64_t k, int64_t taps) const {
  const int64_t words = kernel_->words_of(k);
  if (blocks_ <= taps) return (taps + blocks_ - 1) / blocks_ * words;
  const int64_t parts = (blocks_ + taps - 1) / taps;
  return (words + parts - 1) / parts;
}

const float* GemmTiling::start_of(const GemmPanel& whole, const Jobs& jobs, int64_t panel, int64_t block,
                                  int64_t blocks) const {
  GemmPanel start = panel_of(whole, jobs, panel);
  narrow_to_block(block, blocks, start);
  return start.b;
}

void GemmTiling::narrow_to_block(int64_t block, int64_t blocks, GemmPanel& panel) const {
  panel.row_taps = panel.taps;
  if (blocks == 1) return;
  panel.is_first = block == 0;
  panel.is_last = block == blocks - 1;
  const int64_t width = kernel_->panel_width(panel.n), words = kernel_->words_of(panel.k);
  if (panel.taps >= blocks) {  // whole taps
    const int64_t first = panel.taps * block / blocks, last = panel.taps * (block + 1) / blocks;
    panel.b += first * words * width;
    if (panel.a_offsets) panel.a_offsets += first;
    panel.taps = last - first;
    return;
  }
  // A part of one tap.
  const int64_t parts = blocks / panel.taps, tap = block / parts, part = block % parts;
  const int64_t first_word = words * part / parts, depth = kernel_->depth_per_word();
  const int64_t first = first_word * depth, last = std::min(panel.k, words * (part + 1) / parts * depth);
  panel.b += (tap * words + first_word) * width;
  panel.a += first;
  if (panel.a_offsets) panel.a_offsets += tap;
  panel.taps = 1;
  panel.k = last - first;
}

GemmPanel GemmTiling::panel_of(const GemmPanel& whole, const Jobs& jobs, int64_t panel) const {
  // Whole tiles per chunk, as equal as that allows.
  const int64_t row = std::min(m_, tiles() * jobs.chunk / chunks_ * kernel_->rows);
  const int64_t end = std::min(m_, tiles() * (jobs.chunk + jobs.chunks) / chunks_ * kernel_->rows);
  const int64_t column = panel * columns_;
  return part_of(*kernel_, whole, row, end - row, column, std::min(columns_, n_ - column));
}

}  // namespace thane
