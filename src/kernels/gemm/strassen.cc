#include "kernels/gemm/strassen.h"

#include <algorithm>

#include "base/cpu.h"
#include "kernels/gemm/tiling.h"
#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(StrassenKernel, kStrassen)

const StrassenKernel& strassen_kernel(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kStrassen); }

namespace {

// Rows of a chunk's halves, about: fewer, and more sums of B are made for what they are used; more, and the seven
// left-hand sides, read for each pair of panels, do not stay in L2.
constexpr int64_t kHalfRows = 64;
// Beyond a row of sums, which is often a power of two long: a tile's rows would share a few sets of the cache.
constexpr int64_t kGap = 16;

}  // namespace

bool StrassenTiling::pays(const GemmKernel& gemm, int64_t m, int64_t n, int64_t k) {
  // Short rows leave little to save; where sums leave L2 no room for a panel, less than they cost.
  constexpr int64_t kLargeCache = 1 << 20;
  const int64_t least_k = l2_cache_bytes() >= kLargeCache ? 384 : 512;
  return gemm.word == GemmWord::kFloat && k % 2 == 0 && m >= kHalfRows && k >= least_k && n >= 768;
}

bool StrassenTiling::suits(Isa ceiling, const GemmKernel& gemm, int64_t k, int64_t n, const float* packed) {
  const int64_t panel = k * gemm.columns;
  for (int64_t left = 2 * gemm.columns; left <= n; left += 2 * gemm.columns, packed += 2 * panel) {
    if (strassen_kernel(ceiling).spread_of_columns(k, packed, packed + panel) > kMostSpread) return false;
  }
  return true;
}

StrassenTiling::StrassenTiling(Isa ceiling, const GemmKernel& gemm, int64_t m, int64_t n, int64_t k, int threads)
    : gemm_(&gemm),
      kernel_(&strassen_kernel(ceiling)),
      m_(m),
      n_(n),
      k_(k),
      tiles_(m / (2 * gemm.rows)),
      panel_pairs_(n / (2 * gemm.columns)),
      jobs_per_chunk_((n + 2 * gemm.columns - 1) / (2 * gemm.columns)),
      chunks_(std::max<int64_t>(1, tiles_ * gemm.rows / kHalfRows)),
      blocks_(blocks_over(gemm, k / 2)) {
  // As little at a time as keeps all threads busy: sums are then in the cache when they are read.
  const int64_t wanted = threads > 1 ? 8 * threads : 1;
  rounds_ = std::max<int64_t>(1, chunks_ * jobs_per_chunk_ / std::max(wanted, jobs_per_chunk_));
  for (int64_t round = 0; round < rounds_; ++round) most_pairs_ = std::max(most_pairs_, row_pairs(round));
}

int64_t StrassenTiling::sums_row() const { return k_ / 2 + kGap; }
int64_t StrassenTiling::work_floats() const { return (k_ + 2 * most_half()) * gemm_->columns; }

StrassenTiling::Chunk StrassenTiling::chunk(int64_t index) const {
  const int64_t first = tiles_ * index / chunks_, last = tiles_ * (index + 1) / chunks_;
  Chunk chunk{first * gemm_->rows, (last - first) * gemm_->rows};
  if (index + 1 == chunks_) chunk.rest = m_ - 2 * tiles_ * gemm_->rows;
  return chunk;
}

void StrassenTiling::sum_rows(const GemmPanel& whole, int64_t round, int64_t begin, int64_t end, float* kept) const {
  float* spreads = kept + 4 * sums_stride();
  const int64_t start = first_pair(round);
  for (int64_t index = first_chunk(round); begin < end; ++index) {
    const Chunk at = chunk(index);
    const int64_t last = std::min(end, at.first - start + at.half);
    for (; begin < last; ++begin) {
      const float* top = whole.a + (at.row() + start + begin - at.first) * whole.lda;
      spreads[begin] =
          kernel_->sums_of_a(k_ / 2, top, top + at.half * whole.lda, kept + begin * sums_row(), sums_stride());
    }
  }
}

void StrassenTiling::run(const GemmPanel& whole, int64_t round, int64_t begin, int64_t end, const float* kept,
                         float* work) const {
  for (int64_t job = begin; job < end; ++job) {
    const Chunk at = chunk(first_chunk(round) + job / jobs_per_chunk_);
    const int64_t pair = job % jobs_per_chunk_, column = 2 * pair * gemm_->columns;
    const int64_t columns = std::min<int64_t>(2 * gemm_->columns, n_ - column);
    const int64_t kept_pair = at.first - first_pair(round);
    const float* spreads = kept + 4 * sums_stride() + kept_pair;
    if (pair == panel_pairs_ || *std::max_element(spreads, spreads + at.half) > kMostSpread) {
      run_plain(whole, at.row(), 2 * at.half + at.rest, column, columns);
      continue;
    }
    run_pair(whole, at, pair, job == begin, kept + kept_pair * sums_row(), work);
    if (at.rest > 0) run_plain(whole, at.row() + 2 * at.half, at.rest, column, columns);
  }
}

void StrassenTiling::run_plain(const GemmPanel& whole, int64_t row, int64_t rows, int64_t column,
                               int64_t columns) const {
  const GemmTiling tiling(*gemm_, rows, columns, k_);
  tiling.run(part_of(*gemm_, whole, row, rows, column, columns), 0, tiling.jobs());
}

void StrassenTiling::run_pair(const GemmPanel& whole, const Chunk& chunk, int64_t pair, bool is_first,
                              const float* sums, float* work) const {
  struct Rows {
    const float* at;
    int64_t stride;
  };
  struct Product {
    Rows a;
    StrassenStep step;  // all of k/2, with its B; A: above
  };
  const int64_t width = gemm_->columns, half = k_ / 2;
  const auto quarter = [&](int64_t row, int64_t panel) {
    return part_of(*gemm_, whole, chunk.row() + row * chunk.half, chunk.half, (2 * pair + panel) * width, width);
  };
  const GemmPanel c11 = quarter(0, 0), c12 = quarter(0, 1), c21 = quarter(1, 0), c22 = quarter(1, 1);
  const Rows a11 = {c11.a, whole.lda}, a12 = {c11.a + half, whole.lda}, a22 = {c21.a + half, whole.lda};
  const auto s = [&](int i) { return Rows{sums + (i - 1) * sums_stride(), sums_row()}; };
  const float *b11 = c11.b, *b21 = b11 + half * width, *b12 = c12.b, *b22 = b12 + half * width;
  float *x = work, *w = x + most_half() * width, *t = w + most_half() * width, *t3 = t + half * width;
  const auto of = [&](GemmPanel to, const float* b, StrassenStep rest) {
    rest.panel = to;
    rest.panel.b = b;
    return rest;
  };
  const auto in = [&](float* sum) { return GemmPanel{.m = chunk.half, .n = width, .c = sum, .ldc = width}; };
  const Product products[] = {
      {a11, of(in(x), b11, {})},                                               // X = P1
      {a12, of(c11, b21, {.sums = x})},                                        // C11 = X + P2
      {s(1), of(in(w), b12, {.minus = b11, .made = t, .sums = x})},            // W = X + P5
      {s(2), of(in(x), b22, {.minus = t, .made = t, .sums = x, .also = w})},   // X, W += P6
      {s(4), of(c12, b22, {.sums = w})},                                       // C12 = W + P3
      {s(3), of(c22, b22, {.minus = b12, .made = t3, .sums = w, .also = x})},  // C22 = W + P7, X += P7
      {a22, of(c21, b21, {.minus = t, .made = t, .sums = x})},                 // C21 = X + P4
  };
  // What no pair before this one has fetched is fetched a product ahead; then the next pair, a quarter with each of the
  // last four products.
  const float* const rest[] = {b21, b12, b22};
  const float* following = pair + 1 < panel_pairs_ ? b12 + k_ * width : nullptr;
  for (int i = 0; i < 7; ++i) {
    const Product& product = products[i];
    for (int64_t block = 0; block < blocks_; ++block) {
      const int64_t first = half * block / blocks_, last = half * (block + 1) / blocks_;
      StrassenStep step = product.step;
      step.panel.k = last - first;
      step.panel.a = product.a.at + first;
      step.panel.lda = product.a.stride;
      step.panel.b += first * width;
      if (step.minus) step.minus += first * width, step.made += first * width;
      if (block > 0) step.sums = nullptr;
      step.panel.is_first = block == 0;
      step.panel.is_last = block + 1 == blocks_;
      if (i < 3 && is_first) step.panel.next_b = rest[i] + first * width;
      if (i >= 3 && following) step.panel.next_b = following + ((i - 3) * half + first) * width;
      kernel_->step(step);
    }
  }
}

}  // namespace thane
