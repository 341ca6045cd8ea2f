// Panels of integer products.
#include "kernels/integer/gemm.h"

#include "kernels/integer/dots.h"
#include "kernels/integer/finish.h"
#include "kernels/integer/windows.h"
#include "kernels/register_tile.h"
#if defined(__AVX2__) && !defined(__AVX512F__)
#include "kernels/integer/split_rows.h"
#endif

namespace thane::THANE_ISA {
namespace {

// The register tile, as in gemm/finish.h; but a product is added by an instruction of its own, for which it needs a
// register. Narrow panels, the last ones of a matrix, take no more rows than whole ones: their code would be most of
// this file's.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectors = 4, kTileRows = 6;
#elif defined(__AVX2__)
constexpr int kVectors = 2, kTileRows = 6;
#else
constexpr int kVectors = 2, kTileRows = 4;
#endif
constexpr int kColumns = kVectors * kLanes;
// Split quads take two words of B at a time, for which they need registers.
template <class Dot>
constexpr int kRows = Dot::kSplit ? 4 : kTileRows;

// Tiles that round their sums: the high ones, which nearly all are, but for a width that is rare. Where quads have an
// instruction, pairs, which serve weights too large for bytes, don't.
#if defined(__AVX512VNNI__)
template <int R, int V>
constexpr bool kRounds = R >= 5 && V != 3;
#elif defined(__AVX512F__)
template <int, int>
constexpr bool kRounds = false;
#else
template <int R, int>
constexpr bool kRounds = R >= 4;
#endif

template <class Dot, int V>
constexpr int kStep = V* kLanes* Dot::kDepth;  // weights that a word of A meets

// Adds a word of each of R rows, `stride` words apart, times what it meets.
template <class Dot, int R, int V>
THANE_INLINE void add_word(const int32_t* a, int64_t stride, const typename Dot::Weight* b, IntVec (&sums)[R][V]) {
  IntVec columns[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) columns[v] = Dot::load_b(b + v * kLanes * Dot::kDepth);
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    const IntVec x = splat_int(a[r * stride]);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[r][v] = Dot::add(sums[r][v], x, columns[v]);
  }
}

// Words of one row alone: U sums over k side by side, so that none waits for its additions.
template <class Dot, int V>
THANE_INLINE void add_row(const int32_t* a, int64_t words, const typename Dot::Weight* b, IntVec (&sums)[1][V]) {
  constexpr int U = 8 / V;
  IntVec more[U - 1][1][V] = {};
  int64_t w = 0;
  for (; w + U <= words; w += U, b += U * kStep<Dot, V>) {
    add_word<Dot>(a + w, 0, b, sums);
    for (int u = 1; u < U; ++u) add_word<Dot>(a + w + u, 0, b + u * kStep<Dot, V>, more[u - 1]);
  }
  for (; w < words; ++w, b += kStep<Dot, V>) add_word<Dot>(a + w, 0, b, sums);
  for (const auto& sum : more) {
    for (int v = 0; v < V; ++v) sums[0][v] += sum[0][v];
  }
}
template <class Dot, int R, int V>
THANE_INLINE void add_words(const int32_t* a, int64_t stride, int64_t words, const typename Dot::Weight* b,
                            IntVec (&sums)[R][V]) {
  if constexpr (R == 1) return add_row<Dot>(a, words, b, sums);
#pragma GCC unroll 2
  for (int64_t w = 0; w < words; ++w, b += kStep<Dot, V>) add_word<Dot>(a + w, stride, b, sums);
}

// Two words at a time, whose products of bytes in the same places make numbers of 16 bits together.
template <class Dot, int R, int V>
THANE_INLINE void add_words_by_two(const int32_t* a, int64_t words, const typename Dot::Weight* b,
                                   IntVec (&sums)[R][V]) {
  int64_t w = 0;
  for (; w + 2 <= words; w += 2, b += 2 * kStep<Dot, V>) {
    IntVec columns[V][2];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      columns[v][0] = Dot::load_b(b + v * kLanes * Dot::kDepth);
      columns[v][1] = Dot::load_b(b + kStep<Dot, V> + v * kLanes * Dot::kDepth);
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const IntVec x[2] = {splat_int(a[r * words + w]), splat_int(a[r * words + w + 1])};
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[r][v] = Dot::add(sums[r][v], x, columns[v]);
    }
  }
  if (w < words) add_word<Dot>(a + w, words, b, sums);
}

// Tiles of rows one below the other, the first of which is number `tile` and begins at `row`.
struct TileRun {
  int64_t tile, row, count;
};

// The sums of R rows from `row` on, tile number `tile`.
template <class Dot, int R, int V>
THANE_INLINE void sum_tile(const IntegerRows& rows, int64_t row, int64_t tile, const typename Dot::Weight* b,
                           IntVec (&sums)[R][V]) {
  const int64_t words = rows.words;
  const IntegerRows::Tile way = Dot::kSplit && rows.tiles ? rows.tiles[tile] : IntegerRows::Tile{2, 0};
  const int32_t* starts = way.added == 0 ? nullptr : rows.starts;
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[r][v] = starts ? splat_int(starts[row + r]) : IntVec{};
  }
  const int32_t* a = rows.a + row * words;
  if constexpr (Dot::kSplit) {
    const int32_t* more = rows.more ? rows.more + 2 * row * words : nullptr;
    if (way.added == 0) {
      add_words<WidenedQuads<false>>(more, 2 * words, words, b, sums);
      return add_words<WidenedQuads<true>>(more + words, 2 * words, words, b, sums);
    }
    if (Dot::kFours && way.added == 4)
      add_words_by_two<Dot>(a, words, b, sums);
    else
      add_words<Dot>(a, words, words, b, sums);
    // Each: which word of B, and the rest of every row.
    for (int32_t i = 0; i < way.rests; ++i, more += 1 + R) {
      add_word<Dot>(more + 1, 1, b + more[0] * int64_t{kStep<Dot, V>}, sums);
    }
  } else {
    add_words<Dot>(a, words, words, b, sums);
  }
}

// Tiles of R rows to c, whose first row is theirs.
template <class Dot, int R, int V>
void run_tiles(const IntegerPanel& p, const TileRun& run, const IntegerEpilogue& of_result, void* to, int64_t ldc) {
  const IntegerEpilogue epilogue = of_result;  // what is read of it is not read again after each store
  const IntegerRows rows = p.rows;
  const auto* b = static_cast<const typename Dot::Weight*>(p.b);
  auto* c = static_cast<char*>(to);
  for (int64_t i = 0; i < run.count; ++i, c += R * ldc * epilogue.result_bytes()) {
    IntVec sums[R][V];
    sum_tile<Dot>(rows, run.row + i * R, run.tile + i, b, sums);
    finish_tile<kRounds<R, V>>(epilogue, 0, sums, c, ldc);
  }
}

// What runs tiles of `rows` rows and `width` columns. rounds: as kRounds.
struct TileKernel {
  int64_t rows, width;
  bool rounds;
  decltype(&run_tiles<Pairs<int16_t>, 1, 1>) run;
};

// Tiles with whatever epilogue and however few columns that count.
THANE_APART void finish_tiles(const TileKernel& kernel, const IntegerPanel& p, const TileRun& run) {
  const auto to = [&](int64_t row) { return static_cast<char*>(p.c) + row * p.ldc * p.epilogue.result_bytes(); };
  if (finishes_tiles(p.epilogue, p.n, kernel.width, kernel.rounds))
    return kernel.run(p, run, p.epilogue, to(run.row), p.ldc);
  int32_t sums[kHeldRows * kColumns];
  const int64_t most = kHeldRows / kernel.rows;
  for (int64_t done = 0; done < run.count; done += most) {
    const int64_t left = run.count - done, count = left < most ? left : most;
    const TileRun piece{run.tile + done, run.row + done * kernel.rows, count};
    kernel.run(p, piece, {}, sums, kernel.width);
    finish_rows(p.epilogue, 0, sums, kernel.width, count * kernel.rows, p.n, to(piece.row), p.ldc);
  }
}

template <class Dot>
void panel(const IntegerPanel& p) noexcept {
  if (p.rows.m <= 0 || p.n <= 0) return;
  with_count<kVectors>((p.n + kLanes - 1) / kLanes, [&](auto v) {
    int64_t tile = 0;
    for_each_height(p.rows.m, kRows<Dot>, [&](int64_t row, int64_t height, int64_t tiles) {
      with_count<kRows<Dot>>(height, [&](auto r) {
        constexpr int R = r.value, V = v.value;
        finish_tiles({R, V * kLanes, kRounds<R, V>, run_tiles<Dot, R, V>}, p, {tile, row, tiles});
      });
      tile += tiles;
    });
  });
}

int32_t at_zero(int32_t zero) { return zero; }
[[maybe_unused]] int32_t at_first(int32_t) { return 0; }
int64_t plain_space(int64_t m, int64_t words) { return m * words; }

template <class Dot, class Convert>
IntegerRows pack_rows(const IntegerWindows& w, int64_t first, int64_t count, int32_t* space) noexcept {
  const int32_t zero = w.unsigned_zero();
  const Convert convert(w, Dot::kDepth == 2 ? zero : 0);
  convert_windows(convert, w, first, count, reinterpret_cast<typename Convert::Element*>(space));
  return {.m = count, .words = (w.depth() + Dot::kDepth - 1) / Dot::kDepth, .a = space};
}

template <class Dot, class Convert>
constexpr IntegerGemm gemm() {
  return {.rows = kRows<Dot>,
          .columns = kColumns,
          .lanes = kLanes,
          .depth_per_word = Dot::kDepth,
          .weight_bytes = static_cast<int>(sizeof(typename Dot::Weight)),
          .origin = Dot::kDepth == 2 ? at_zero : at_first,
          .space = plain_space,
          .pack_a = pack_rows<Dot, Convert>,
          .panel = panel<Dot>};
}

}  // namespace

#if defined(__AVX512VNNI__)
// The rest is AVX-512's: what is compiled for this set serves its one instruction.
extern const IntegerGemm kQuads;
const IntegerGemm kQuads = gemm<Quads, AsBytes>();
#else
namespace {
#if defined(__AVX2__) && !defined(__AVX512F__)
// Sets of 512 bits mostly have the instruction for quads; AVX2 splits rows. Data around the middle of their range are
// measured from there.
int32_t nearest_origin(int32_t zero) {
  constexpr int32_t kMiddle = 128;
  return zero < 96 ? 0 : kMiddle;
}

constexpr int kSplitRows = kRows<SplitQuads<false>>;
IntegerRows pack_split(const IntegerWindows& w, int64_t first, int64_t count, int32_t* space) noexcept {
  const int32_t origin = nearest_origin(w.unsigned_zero());
  convert_windows(AsBytes(w, origin), w, first, count, reinterpret_cast<uint8_t*>(space));
  const int64_t words = (w.depth() + 3) / 4;
  return origin ? RowSplitter<true, kSplitRows>(count, words, space).rows(count)
                : RowSplitter<false, kSplitRows>(count, words, space).rows(count);
}
void split_panel(const IntegerPanel& p) noexcept {
  if (p.rows.starts) return panel<SplitQuads<true>>(p);
  panel<SplitQuads<false>>(p);
}

constexpr IntegerGemm kMildGemm = gemm<SplitQuads<false>, AsBytes>();
constexpr const IntegerGemm* kMild = &kMildGemm;
constexpr IntegerGemm narrow_gemm() {
  IntegerGemm split = kMildGemm;
  split.origin = nearest_origin;
  split.space = split_space<kSplitRows>;
  split.pack_a = pack_split;
  split.panel = split_panel;
  return split;
}
#else
constexpr const IntegerGemm* kMild = nullptr;
constexpr IntegerGemm narrow_gemm() { return gemm<Pairs<int8_t>, AsShorts>(); }
#endif
}  // namespace

extern const IntegerGemms kIntegerGemms;
const IntegerGemms kIntegerGemms = {narrow_gemm(), gemm<Pairs<int16_t>, AsShorts>(), kMild, false};
#endif

#if !defined(__AVX2__)
// The arrangement in quads without their instruction, so that it can be tested on any machine.
extern const IntegerGemm kPlainQuads;
const IntegerGemm kPlainQuads = gemm<Quads, AsBytes>();
#endif

}  // namespace thane::THANE_ISA
