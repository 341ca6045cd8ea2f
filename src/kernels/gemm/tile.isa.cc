// The register tile of the matrix product. With V vectors across and R rows down, each step over k loads V vectors of
// the packed panel and broadcasts R elements of A for R·V multiply-adds; R·V accumulators plus V + 1 operands must fit
// the register file (16 registers for SSE and AVX2, 32 for AVX-512 and NEON). Each vector count has its own row count.
#include "kernels/gemm/gemm.h"
#include "kernels/register_tile.h"

namespace thane::THANE_ISA {

extern const MapKernels kMaps;

namespace {

THANE_INLINE float* row_of_c(const GemmPanel& p, int64_t row) {
  return p.c + (p.c_offsets ? p.c_offsets[row] : row * p.ldc);
}

// Adds biases and residual, clamps and writes R rows. Only the last vector may be partial: `rest` of its lanes count.
template <int R, int V>
THANE_INLINE void finish(Vec (&tile)[R][V], const GemmPanel& p, int64_t row) {
  const GemmEpilogue& e = p.epilogue;
  const int64_t rest = p.n - (V - 1) * kLanes;
  const bool whole = rest == kLanes;
  if (e.column_bias) {
    for (int v = 0; v < V; ++v) {
      const float* from = e.column_bias + v * kLanes;
      const Vec bias = v < V - 1 || whole ? load(from) : load_some(from, rest);
      for (int r = 0; r < R; ++r) tile[r][v] += bias;
    }
  }
  if (e.row_bias) {
    for (int r = 0; r < R; ++r) {
      for (int v = 0; v < V; ++v) tile[r][v] += splat(e.row_bias[row + r]);
    }
  }
  const Vec low = splat(e.low), high = splat(e.high);
  for (int r = 0; r < R; ++r) {
    float* out = row_of_c(p, row + r);
    const float* residual = e.residual ? e.residual + (out - p.c) : nullptr;
    for (int v = 0; v < V; ++v) {
      const bool partial = v == V - 1 && !whole;
      if (residual) tile[r][v] += partial ? load_some(residual + v * kLanes, rest) : load(residual + v * kLanes);
      const Vec value = min(high, max(low, tile[r][v]));  // in this order a NaN stays
      if (partial)
        store_some(out + v * kLanes, value, rest);
      else
        store(out + v * kLanes, value);
    }
  }
}

template <int R, int V>
void tile_rows(const GemmPanel& p, int64_t row) {
  Vec tile[R][V] = {};
  const float* b = p.b;
  for (int64_t tap = 0; tap < p.taps; ++tap) {
    const float* a[R];
    for (int r = 0; r < R; ++r) {
      if (p.a_offsets) {
        const int32_t offset = p.a_offsets[(row + r) * p.taps + tap];
        a[r] = offset < 0 ? p.zeros : p.a + offset;
      } else {
        a[r] = p.a + (row + r) * p.lda;
      }
    }
    for (int64_t i = 0; i < p.k; ++i, b += V * kLanes) {
      Vec columns[V];
      for (int v = 0; v < V; ++v) columns[v] = load(b + v * kLanes);
      for (int r = 0; r < R; ++r) {
        const Vec x = splat(a[r][i]);
        for (int v = 0; v < V; ++v) tile[r][v] += x * columns[v];
      }
    }
  }
  finish<R, V>(tile, p, row);
}

// One row of A: a single tile would wait for its additions, so U sums over k run side by side.
template <int V>
void single_row(const GemmPanel& p) {
  constexpr int U = 8 / V;
  Vec sums[U][V] = {};
  const float* b = p.b;
  for (int64_t tap = 0; tap < p.taps; ++tap) {
    const float* a = p.a;
    if (p.a_offsets) a = p.a_offsets[tap] < 0 ? p.zeros : p.a + p.a_offsets[tap];
    int64_t i = 0;
    for (; i + U <= p.k; i += U, b += U * V * kLanes) {
      for (int u = 0; u < U; ++u) {
        const Vec x = splat(a[i + u]);
        for (int v = 0; v < V; ++v) sums[u][v] += x * load(b + (u * V + v) * kLanes);
      }
    }
    for (; i < p.k; ++i, b += V * kLanes) {
      const Vec x = splat(a[i]);
      for (int v = 0; v < V; ++v) sums[0][v] += x * load(b + v * kLanes);
    }
  }
  for (int u = U / 2; u > 0; u /= 2) {
    for (int w = 0; w < u; ++w) {
      for (int v = 0; v < V; ++v) sums[w][v] += sums[w + u][v];
    }
  }
  Vec tile[1][V];
  for (int v = 0; v < V; ++v) tile[0][v] = sums[0][v];
  finish<1, V>(tile, p, 0);
}

template <int R, int V>
THANE_INLINE void run_rows(int64_t rows, const GemmPanel& p, int64_t row) {
  if (rows == R) return tile_rows<R, V>(p, row);
  if constexpr (R > 1) run_rows<R - 1, V>(rows, p, row);
}

// The function of the epilogue, over rows just written and still in L1.
void map_rows(const GemmPanel& p, int64_t row, int64_t rows) {
  const MapSpec& spec = p.epilogue.map;
  for (int64_t r = row; r < row + rows; ++r) kMaps.run(spec, p.n, row_of_c(p, r), row_of_c(p, r));
}

// All rows of the panel in tiles of nearly equal height: a last tile of one row would take as long as one of several.
template <int V>
void run_panel(const GemmPanel& p) {
  const bool maps = p.epilogue.map.op != MapOp::kCopy;
  if (p.m == 1) {
    single_row<V>(p);
    if (maps) map_rows(p, 0, 1);
    return;
  }
  for_each_tile(p.m, kMostRows[V], [&](int64_t row, int64_t rows) {
    run_rows<kMostRows[V], V>(rows, p, row);
    if (maps) map_rows(p, row, rows);
  });
}

template <int V>
THANE_INLINE void run_vectors(int64_t vectors, const GemmPanel& p) {
  if (vectors == V) return run_panel<V>(p);
  if constexpr (V > 1) run_vectors<V - 1>(vectors, p);
}

void panel(const GemmPanel& p) noexcept {
  if (p.m <= 0 || p.n <= 0) return;
  run_vectors<kVectors>((p.n + kLanes - 1) / kLanes, p);
}

}  // namespace

extern const GemmKernel kGemm;
const GemmKernel kGemm = {kMostRows[kVectors], kColumns, kLanes, panel};

}  // namespace thane::THANE_ISA
