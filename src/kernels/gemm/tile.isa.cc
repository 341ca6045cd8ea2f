// The register tile of the matrix product. With V vectors across and R rows down, each step over k loads V vectors of
// the packed panel and broadcasts R elements of A for R·V multiply-adds; R·V accumulators plus V + 1 operands must fit
// the register file (16 registers for SSE and AVX2, 32 for AVX-512 and NEON). Each vector count has its own row count.
#include "kernels/gemm/gemm.h"
#include "kernels/register_tile.h"

namespace thane::THANE_ISA {

extern const MapKernels kMaps;

namespace {

constexpr float kInfinity = __builtin_inff();

THANE_INLINE float* row_of_c(const GemmPanel& p, int64_t row) {
  return p.c + (p.c_offsets ? p.c_offsets[row] : row * p.ldc);
}

// Moves the description of C's part to columns further right.
THANE_INLINE void skip_columns(int64_t columns, GemmPanel& p) {
  p.c += columns;
  if (p.epilogue.column_bias) p.epilogue.column_bias += columns;
  if (p.epilogue.residual) p.epilogue.residual += columns;
}

// Adds earlier blocks' sums, or biases and residual, and clamps R rows of whole vectors, each where that is this
// block's part. Unrolled, or the tile would go through memory.
template <int R, int V>
THANE_INLINE void add_and_clamp(Vec (&tile)[R][V], const GemmPanel& p, int64_t row) {
  const GemmEpilogue& e = p.epilogue;
  if (!p.is_first) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) tile[r][v] += load(row_of_c(p, row + r) + v * kLanes);
    }
  }
  if (p.is_first && e.column_bias) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const Vec bias = load(e.column_bias + v * kLanes);
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) tile[r][v] += bias;
    }
  }
  if (p.is_first && e.row_bias) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Vec bias = splat(e.row_bias[row + r]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) tile[r][v] += bias;
    }
  }
  if (p.is_first && e.residual) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const float* residual = e.residual + (row_of_c(p, row + r) - p.c);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) tile[r][v] += load(residual + v * kLanes);
    }
  }
  const Vec low = splat(p.is_last ? e.low : -kInfinity), high = splat(p.is_last ? e.high : kInfinity);
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) tile[r][v] = min(high, max(low, tile[r][v]));  // in this order a NaN stays
  }
}

// Applies the function to `rows` rows of `vectors` whole vectors and writes them.
[[gnu::noinline]] void write_mapped(float* tile, int64_t vectors, int64_t rows, const GemmPanel& p, int64_t row) {
  kMaps.run(p.epilogue.map, rows * vectors * kLanes, tile, tile);
  for (int64_t r = 0; r < rows; ++r) {
    float* out = row_of_c(p, row + r);
    for (int64_t v = 0; v < vectors; ++v, tile += kLanes) store(out + v * kLanes, load(tile));
  }
}

// All of it through memory, where the last vector is partial: `rows` of `width` floats.
[[gnu::noinline]] void finish_in_memory(float* tile, int64_t width, int64_t rows, const GemmPanel& p, int64_t row) {
  const GemmEpilogue& e = p.epilogue;
  const int64_t n = p.n;
  const auto add = [&](float* sums, const float* addend) {
    for (int64_t i = 0; i < n; ++i) sums[i] += addend[i];
  };
  const float low = p.is_last ? e.low : -kInfinity, high = p.is_last ? e.high : kInfinity;
  for (int64_t r = 0; r < rows; ++r) {
    float* sums = tile + r * width;
    const float* out = row_of_c(p, row + r);
    if (!p.is_first) {
      add(sums, out);
    } else {
      if (e.column_bias) add(sums, e.column_bias);
      if (e.row_bias) {
        for (int64_t i = 0; i < n; ++i) sums[i] += e.row_bias[row + r];
      }
      if (e.residual) add(sums, e.residual + (out - p.c));
    }
    for (int64_t i = 0; i < n; ++i) {
      const float raised = low > sums[i] ? low : sums[i];  // in this order a NaN stays
      sums[i] = high < raised ? high : raised;
    }
  }
  if (p.is_last && e.map.op != MapOp::kCopy) kMaps.run(e.map, rows * width, tile, tile);
  for (int64_t r = 0; r < rows; ++r) {
    float* out = row_of_c(p, row + r);
    for (int64_t i = 0; i < n; ++i) out[i] = tile[r * width + i];
  }
}

template <int R, int V>
THANE_INLINE void finish(Vec (&tile)[R][V], const GemmPanel& p, int64_t row) {
  const bool whole = p.n == V * kLanes;
  if (whole) {
    add_and_clamp<R, V>(tile, p, row);
    if (!p.is_last || p.epilogue.map.op == MapOp::kCopy) {
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) {
        float* out = row_of_c(p, row + r);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) store(out + v * kLanes, tile[r][v]);
      }
      return;
    }
  }
  float sums[R * V * kLanes];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) store(sums + (r * V + v) * kLanes, tile[r][v]);
  }
  if (whole)
    write_mapped(sums, V, R, p, row);
  else
    finish_in_memory(sums, V * kLanes, R, p, row);
}

// Fetches the next block of B into L2 while this one is used, an equal share with each part of a tile: more fetches at
// once than the core can have under way would hold up everything else.
class Ahead {
 public:
  static constexpr int64_t kPart = 32;  // steps over k

  Ahead(const GemmPanel& p, int64_t width, int64_t tiles) : at_(reinterpret_cast<const char*>(p.next_b)), due_(at_) {
    if (at_) share_ = (kPart * width * static_cast<int64_t>(sizeof(float)) + tiles - 1) / tiles;
  }
  THANE_INLINE void fetch() {
    due_ += share_;
    for (; at_ < due_; at_ += 64) __builtin_prefetch(at_, 0, 2);
  }

 private:
  const char* at_;
  const char* due_;
  int64_t share_ = 0;  // bytes
};

template <int V>
THANE_INLINE void fetch_row(const float* row) {
  for (int64_t line = 0; line < V * kLanes; line += 16) __builtin_prefetch(row + line);
}

template <int R, int V>
void tile_rows(const GemmPanel& p, int64_t row, Ahead& ahead) {
  // What the next tile's sums meet is there by then; beside short sums the fetching would take longer than it saves.
  if (p.k * p.taps >= 64 || !p.is_first) {
    const int64_t next = row + 2 * R <= p.m ? row + R : row;
    for (int r = 0; r < R; ++r) fetch_row<V>(row_of_c(p, next + r));
    if (p.is_first && p.epilogue.residual) {
      for (int r = 0; r < R; ++r) fetch_row<V>(p.epilogue.residual + (row_of_c(p, next + r) - p.c));
    }
  }
  Vec tile[R][V];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) tile[r][v] = Vec{};
  }
  const float* b = p.b;
  for (int64_t tap = 0; tap < p.taps; ++tap) {
    const float* a[R];
    for (int r = 0; r < R; ++r) {
      if (p.a_offsets) {
        const int32_t offset = p.a_offsets[(row + r) * p.row_taps + tap];
        a[r] = offset < 0 ? p.zeros : p.a + offset;
      } else {
        a[r] = p.a + (row + r) * p.lda;
      }
    }
    for (int64_t part = 0; part < p.k; part += Ahead::kPart) {
      ahead.fetch();
      const int64_t end = part + Ahead::kPart < p.k ? part + Ahead::kPart : p.k;
#pragma GCC unroll 2  // shared cores have few instructions a cycle to give
      for (int64_t i = part; i < end; ++i, b += V * kLanes) {
        Vec columns[V];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) columns[v] = load(b + v * kLanes);
#pragma GCC unroll 12
        for (int r = 0; r < R; ++r) {
          const Vec x = splat(a[r][i]);
#pragma GCC unroll 8
          for (int v = 0; v < V; ++v) tile[r][v] += x * columns[v];
        }
      }
    }
  }
  finish<R, V>(tile, p, row);
}

// One row of A and P panels side by side: as many streams from memory, and chains of additions that need not wait for
// each other. Fewer panels have several sums over k instead.
template <int P, int V>
void row_of_panels(const GemmPanel& p) {
  constexpr int U = P * V < 8 ? 8 / (P * V) : 1;
  constexpr int64_t kStep = V * kLanes;
  const int64_t panel_floats = p.taps * p.k * kStep;
  Vec sums[U][P][V];
#pragma GCC unroll 8
  for (int u = 0; u < U; ++u) {
#pragma GCC unroll 4
    for (int j = 0; j < P; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[u][j][v] = Vec{};
    }
  }
  const auto add = [&](Vec(&sum)[P][V], float a, const float* b) __attribute__((always_inline)) {
    const Vec x = splat(a);
#pragma GCC unroll 4
    for (int j = 0; j < P; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[j][v] += x * load(b + j * panel_floats + v * kLanes);
    }
  };
  const float* b = p.b;
  for (int64_t tap = 0; tap < p.taps; ++tap) {
    const float* a = p.a;
    if (p.a_offsets) a = p.a_offsets[tap] < 0 ? p.zeros : p.a + p.a_offsets[tap];
    int64_t i = 0;
    for (; i + U <= p.k; i += U, b += U * kStep) {
#pragma GCC unroll 8
      for (int u = 0; u < U; ++u) add(sums[u], a[i + u], b + u * kStep);
    }
    for (; i < p.k; ++i, b += kStep) add(sums[0], a[i], b);
  }
#pragma GCC unroll 4
  for (int j = 0; j < P; ++j) {
    Vec tile[1][V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      tile[0][v] = sums[0][j][v];
#pragma GCC unroll 8
      for (int u = 1; u < U; ++u) tile[0][v] += sums[u][j][v];
    }
    GemmPanel one = p;
    skip_columns(j * kStep, one);
    if (P > 1) one.n = kStep;
    one.epilogue.map.op = MapOp::kCopy;  // single_row does the whole row
    finish<1, V>(tile, one, 0);
  }
}

template <int R, int V>
THANE_INLINE void run_rows(int64_t rows, const GemmPanel& p, int64_t row, Ahead& ahead) {
  if (rows == R) return tile_rows<R, V>(p, row, ahead);
  if constexpr (R > 1) run_rows<R - 1, V>(rows, p, row, ahead);
}

// All rows of the panel in tiles of nearly equal height: a last tile of one row would take as long as one of several.
template <int V>
void run_panel(const GemmPanel& p) {
  if (p.m == 1) return row_of_panels<1, V>(p);
  Ahead ahead(p, V * kLanes, (p.m + kMostRows[V] - 1) / kMostRows[V]);
  for_each_tile(p.m, kMostRows[V], [&](int64_t row, int64_t rows) { run_rows<kMostRows[V], V>(rows, p, row, ahead); });
}

template <int V>
THANE_INLINE void run_vectors(int64_t vectors, const GemmPanel& p) {
  if (vectors == V) return run_panel<V>(p);
  if constexpr (V > 1) run_vectors<V - 1>(vectors, p);
}

// One row of any number of columns, up to four panels at a time.
void single_row(const GemmPanel& whole) {
  constexpr void (*kRun[])(const GemmPanel&) = {row_of_panels<1, kVectors>, row_of_panels<2, kVectors>,
                                                row_of_panels<3, kVectors>, row_of_panels<4, kVectors>};
  GemmPanel p = whole;
  while (p.n >= kColumns) {
    const int64_t panels = p.n < 4 * kColumns ? p.n / kColumns : 4;
    const int64_t columns = panels * kColumns;
    const int64_t rest = p.n - columns;
    p.n = columns;
    kRun[panels - 1](p);
    skip_columns(columns, p);
    p.b += columns * p.taps * p.k;
    p.n = rest;
  }
  if (p.n > 0) run_vectors<kVectors>((p.n + kLanes - 1) / kLanes, p);
  if (whole.epilogue.map.op == MapOp::kCopy) return;
  float* row = row_of_c(whole, 0);
  kMaps.run(whole.epilogue.map, whole.n, row, row);
}

void panel(const GemmPanel& p) noexcept {
  if (p.m <= 0 || p.n <= 0) return;
  GemmPanel panel = p;
  if (panel.row_taps == 0) panel.row_taps = p.taps;
  if (p.m == 1) return single_row(panel);
  run_vectors<kVectors>((p.n + kLanes - 1) / kLanes, panel);
}

}  // namespace

extern const GemmKernel kGemm;
const GemmKernel kGemm = {kMostRows[kVectors], kColumns, kLanes, panel};

}  // namespace thane::THANE_ISA
