// A task computes one block of one c: it packs its part of a and b (so that any strides and any dtype cost the same),
// and multiplies 4 rows by 8 columns at a time in registers. Few rows are not worth packing b for: thin_block reads it
// in place.
#include "kernels/matmul.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>

namespace thane {
namespace {

constexpr int64_t kTileRows = 4;
constexpr int64_t kTileCols = 8;
constexpr int64_t kBlockRows = 64;
constexpr int64_t kBlockCols = 256;
constexpr int64_t kBlockDepth = 256;
constexpr int64_t kThinRows = 3;            // up to this many rows b is read in place
constexpr int64_t kMacsPerRange = 1 << 16;  // work worth handing to another thread

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// The type in which products are summed. Integers wrap around, so unsigned ones serve signed ones too.
template <class T>
using Sum = std::conditional_t<
    std::is_same_v<T, double>, double,
    std::conditional_t<!std::is_integral_v<T>, float, std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>>;

// Rounds a sum combined with alpha and bias to T. Integers: toward zero, clamped; NaN gives 0.
template <class T>
T round_to(double value) {
  if constexpr (std::is_integral_v<T>) {
    if (std::isnan(value)) return 0;
    constexpr double lowest = static_cast<double>(std::numeric_limits<T>::lowest());
    constexpr double highest = static_cast<double>(std::numeric_limits<T>::max());
    if (value <= lowest) return std::numeric_limits<T>::lowest();
    if (value >= highest) return std::numeric_limits<T>::max();
    return static_cast<T>(value);
  } else {
    return T(value);
  }
}

// One c of the batch, with typed pointers.
template <class T>
struct Typed {
  const MatmulProblem& p;
  const T* a;
  const T* b;
  T* c;

  Sum<T> a_at(int64_t i, int64_t k) const { return static_cast<Sum<T>>(a[i * p.a_row + k * p.a_col]); }
  Sum<T> b_at(int64_t k, int64_t j) const { return static_cast<Sum<T>>(b[k * p.b_row + j * p.b_col]); }

  void store(int64_t i, int64_t j, Sum<T> sum) const {
    T& out = c[i * p.c_row + j * p.c_col];
    if (p.alpha == 1 && p.beta == 0) {
      if constexpr (std::is_integral_v<T>)
        out = static_cast<T>(sum);
      else
        out = T(sum);
      return;
    }
    double value;
    if constexpr (std::is_integral_v<T>)
      value = static_cast<double>(static_cast<std::make_signed_t<Sum<T>>>(sum));
    else
      value = static_cast<double>(sum);
    if constexpr (std::is_unsigned_v<T>) value = static_cast<double>(sum);
    value *= p.alpha;
    if (p.beta != 0) {
      const T& bias = static_cast<const T*>(p.bias)[i * p.bias_row + j * p.bias_col];
      value += p.beta * static_cast<double>(bias);
    }
    out = round_to<T>(value);
  }
};

struct Block {
  int64_t row, rows, col, cols;
};

// `rows` × `cols` sums, rows kBlockCols apart, and the packed operands of one depth block.
template <class S>
struct Scratch {
  explicit Scratch(const MatmulProblem& p)
      : sums(new S[static_cast<size_t>(kBlockCols * round_up(std::min(p.m, kBlockRows), kTileRows))]),
        a(new S[static_cast<size_t>(depth(p) * round_up(std::min(p.m, kBlockRows), kTileRows))]),
        b(new S[static_cast<size_t>(depth(p) * round_up(std::min(p.n, kBlockCols), kTileCols))]) {}
  static int64_t depth(const MatmulProblem& p) { return std::min(p.k, kBlockDepth); }
  std::unique_ptr<S[]> sums, a, b;
};

// a as strips of kTileRows rows, b as strips of kTileCols columns, each strip depth-major; what is beyond the edge is
// zero.
template <class T>
void pack_a(const Typed<T>& t, const Block& block, int64_t depth0, int64_t depth, Sum<T>* out) {
  for (int64_t strip = 0; strip < block.rows; strip += kTileRows) {
    const int64_t rows = std::min(kTileRows, block.rows - strip);
    for (int64_t i = 0; i < kTileRows; ++i) {
      for (int64_t k = 0; k < depth; ++k) {
        out[k * kTileRows + i] = i < rows ? t.a_at(block.row + strip + i, depth0 + k) : Sum<T>{0};
      }
    }
    out += depth * kTileRows;
  }
}

template <class T>
void pack_b(const Typed<T>& t, const Block& block, int64_t depth0, int64_t depth, Sum<T>* out) {
  for (int64_t strip = 0; strip < block.cols; strip += kTileCols) {
    const int64_t cols = std::min(kTileCols, block.cols - strip);
    for (int64_t k = 0; k < depth; ++k) {
      for (int64_t j = 0; j < kTileCols; ++j) {
        out[j] = j < cols ? t.b_at(depth0 + k, block.col + strip + j) : Sum<T>{0};
      }
      out += kTileCols;
    }
  }
}

// sums[4, 8] (+)= a strip · b strip.
template <class S>
void multiply_tile(const S* __restrict a, const S* __restrict b, int64_t depth, bool add, S* __restrict sums) {
  S tile[kTileRows][kTileCols] = {};
  for (int64_t k = 0; k < depth; ++k) {
    for (int64_t i = 0; i < kTileRows; ++i) {
      for (int64_t j = 0; j < kTileCols; ++j) tile[i][j] += a[i] * b[j];
    }
    a += kTileRows;
    b += kTileCols;
  }
  for (int64_t i = 0; i < kTileRows; ++i) {
    for (int64_t j = 0; j < kTileCols; ++j) {
      S& sum = sums[i * kBlockCols + j];
      sum = add ? sum + tile[i][j] : tile[i][j];
    }
  }
}

template <class T>
void store_block(const Typed<T>& t, const Block& block, const Sum<T>* sums) {
  for (int64_t i = 0; i < block.rows; ++i) {
    for (int64_t j = 0; j < block.cols; ++j) t.store(block.row + i, block.col + j, sums[i * kBlockCols + j]);
  }
}

template <class T>
void packed_block(const Typed<T>& t, const Block& block, Scratch<Sum<T>>& scratch) {
  for (int64_t depth0 = 0; depth0 < t.p.k; depth0 += kBlockDepth) {
    const int64_t depth = std::min(kBlockDepth, t.p.k - depth0);
    pack_a(t, block, depth0, depth, scratch.a.get());
    pack_b(t, block, depth0, depth, scratch.b.get());
    for (int64_t j = 0; j < block.cols; j += kTileCols) {
      for (int64_t i = 0; i < block.rows; i += kTileRows) {
        multiply_tile(scratch.a.get() + i * depth, scratch.b.get() + j * depth, depth, depth0 > 0,
                      scratch.sums.get() + i * kBlockCols + j);
      }
    }
  }
  store_block(t, block, scratch.sums.get());
}

// Rows of b scaled by elements of a; or dot products where b's columns are what is contiguous.
template <class T>
void thin_block(const Typed<T>& t, const Block& block, Scratch<Sum<T>>& scratch) {
  using S = Sum<T>;
  const MatmulProblem& p = t.p;
  for (int64_t i = 0; i < block.rows; ++i) {
    S* __restrict sums = scratch.sums.get() + i * kBlockCols;
    std::fill_n(sums, block.cols, S{0});
    if (p.b_col == 1) {
      for (int64_t k = 0; k < p.k; ++k) {
        const S a = t.a_at(block.row + i, k);
        const T* __restrict b = t.b + k * p.b_row + block.col;
        for (int64_t j = 0; j < block.cols; ++j) sums[j] += a * static_cast<S>(b[j]);
      }
      continue;
    }
    constexpr int64_t kLanes = 8;  // partial sums, so that a dot product can use vector registers
    for (int64_t j = 0; j < block.cols; ++j) {
      S lanes[kLanes] = {};
      int64_t k = 0;
      for (; k + kLanes <= p.k; k += kLanes) {
        for (int64_t l = 0; l < kLanes; ++l) lanes[l] += t.a_at(block.row + i, k + l) * t.b_at(k + l, block.col + j);
      }
      for (; k < p.k; ++k) lanes[0] += t.a_at(block.row + i, k) * t.b_at(k, block.col + j);
      for (const S lane : lanes) sums[j] += lane;
    }
  }
  store_block(t, block, scratch.sums.get());
}

// cᵀ = bᵀ·aᵀ.
MatmulProblem transposed(const MatmulProblem& p) {
  MatmulProblem t = p;
  t.m = p.n;
  t.n = p.m;
  t.a = p.b;
  t.a_row = p.b_col;
  t.a_col = p.b_row;
  t.b = p.a;
  t.b_row = p.a_col;
  t.b_col = p.a_row;
  t.c_row = p.c_col;
  t.c_col = p.c_row;
  t.bias_row = p.bias_col;
  t.bias_col = p.bias_row;
  return t;
}

template <class T>
void multiply(const MatmulProblem& p, std::span<const MatmulOffsets> batches, bool swapped, ThreadPool& threads) {
  const bool thin = p.m <= kThinRows;
  const int64_t row_blocks = ceil_div(p.m, kBlockRows);
  const int64_t col_blocks = ceil_div(p.n, kBlockCols);
  const int64_t blocks = row_blocks * col_blocks;
  const double macs = static_cast<double>(std::min(p.m, kBlockRows)) * static_cast<double>(std::min(p.n, kBlockCols)) *
                      static_cast<double>(std::max<int64_t>(p.k, 1));
  const auto grain = static_cast<int64_t>(static_cast<double>(kMacsPerRange) / macs) + 1;
  threads.parallel_for(static_cast<int64_t>(batches.size()) * blocks, grain, [&](int64_t begin, int64_t end) {
    Scratch<Sum<T>> scratch(p);
    for (int64_t task = begin; task < end; ++task) {
      const MatmulOffsets& at = batches[static_cast<size_t>(task / blocks)];
      const int64_t row = task % blocks / col_blocks * kBlockRows;
      const int64_t col = task % col_blocks * kBlockCols;
      const Block block{row, std::min(kBlockRows, p.m - row), col, std::min(kBlockCols, p.n - col)};
      const Typed<T> typed{p, static_cast<const T*>(p.a) + (swapped ? at.b : at.a),
                           static_cast<const T*>(p.b) + (swapped ? at.a : at.b), static_cast<T*>(p.c) + at.c};
      if (p.k == 0) std::fill_n(scratch.sums.get(), kBlockCols * round_up(block.rows, kTileRows), Sum<T>{0});
      if (p.k == 0)
        store_block(typed, block, scratch.sums.get());
      else if (thin)
        thin_block(typed, block, scratch);
      else
        packed_block(typed, block, scratch);
    }
  });
}

}  // namespace

void matmul(const MatmulProblem& problem, std::span<const MatmulOffsets> batches, ThreadPool& threads) {
  if (problem.m <= 0 || problem.n <= 0) return;
  const bool swap = problem.m > kThinRows && problem.n <= kThinRows;
  const MatmulProblem p = swap ? transposed(problem) : problem;
  dispatch_numeric(p.dtype, [&]<class T>() { multiply<T>(p, batches, swap, threads); });
}

}  // namespace thane
