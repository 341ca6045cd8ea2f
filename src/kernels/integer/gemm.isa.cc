// Panels of integer products, and the rows of A that they take.
#include "kernels/integer/gemm.h"

#include "kernels/integer/finish.h"
#include "kernels/register_tile.h"

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

// Pairs of 16 bits; B takes T in memory.
template <class T>
struct Pairs {
  static constexpr int kDepth = 2;
  using Weight = T;
  static THANE_INLINE IntVec load_b(const T* from) {
    if constexpr (sizeof(T) == 1)
      return reinterpret_cast<IntVec>(widened(load_as<HalfBytes<int8_t>>(from)));
    else
      return load_as<IntVec>(from);
  }
  static THANE_INLINE IntVec add(IntVec sum, IntVec a, IntVec b) { return sum + dot_pairs(a, b); }
};

// Quads of bytes.
struct Quads {
  [[maybe_unused]] static constexpr int kDepth = 4;  // where no instruction takes quads
  using Weight = int8_t;
  static THANE_INLINE IntVec load_b(const int8_t* from) { return load_as<IntVec>(from); }
  static THANE_INLINE IntVec add(IntVec sum, IntVec a, IntVec b) { return dot_quads(sum, a, b); }
};

// Tiles of R rows, one below the other.
template <class Dot, int R, int V>
void run_tiles(const IntegerPanel& p, int64_t row, int64_t tiles) {
  const IntegerEpilogue epilogue = p.epilogue;  // what is read of it is not read again after each store
  const int32_t* a = p.a + row * p.words;
  char* c = static_cast<char*>(p.c) + row * p.ldc * epilogue.result_bytes();
  for (; tiles > 0; --tiles, a += R * p.words, c += R * p.ldc * epilogue.result_bytes()) {
    IntVec sums[R][V];
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[r][v] = IntVec{};
    }
    const auto* b = static_cast<const typename Dot::Weight*>(p.b);
#pragma GCC unroll 2
    for (int64_t w = 0; w < p.words; ++w, b += V * kLanes * Dot::kDepth) {
      IntVec columns[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) columns[v] = Dot::load_b(b + v * kLanes * Dot::kDepth);
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) {
        const IntVec x = splat_int(a[r * p.words + w]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sums[r][v] = Dot::add(sums[r][v], x, columns[v]);
      }
    }
    finish_tile<R, V>(epilogue, 0, sums, c, p.ldc);
  }
}

// One row alone: U sums over k side by side, so that none waits for its additions.
template <class Dot, int V>
void single_row(const IntegerPanel& p) {
  constexpr int U = 8 / V;
  IntVec sums[U][V] = {};
  const auto* b = static_cast<const typename Dot::Weight*>(p.b);
  int64_t w = 0;
  for (; w + U <= p.words; w += U, b += U * V * kLanes * Dot::kDepth) {
    for (int u = 0; u < U; ++u) {
      const IntVec x = splat_int(p.a[w + u]);
      for (int v = 0; v < V; ++v) {
        sums[u][v] = Dot::add(sums[u][v], x, Dot::load_b(b + (u * V + v) * kLanes * Dot::kDepth));
      }
    }
  }
  for (; w < p.words; ++w, b += V * kLanes * Dot::kDepth) {
    const IntVec x = splat_int(p.a[w]);
    for (int v = 0; v < V; ++v) sums[0][v] = Dot::add(sums[0][v], x, Dot::load_b(b + v * kLanes * Dot::kDepth));
  }
  IntVec total[1][V];
  for (int v = 0; v < V; ++v) {
    total[0][v] = sums[0][v];
    for (int u = 1; u < U; ++u) total[0][v] += sums[u][v];
  }
  if (finishes_tiles(p.epilogue, p.n, V * kLanes)) return finish_tile<1, V>(p.epilogue, 0, total, p.c, p.ldc);
  int32_t held[V * kLanes];
  for (int v = 0; v < V; ++v) store_as(held + v * kLanes, total[0][v]);
  finish_rows(p.epilogue, 0, held, V * kLanes, 1, p.n, p.c, p.ldc);
}

template <class Dot, int V>
void run_rows(const IntegerPanel& p) {
  for_each_height(p.m, kTileRows, [&](int64_t row, int64_t height, int64_t tiles) {
    with_count<kTileRows>(height, [&](auto r) { run_tiles<Dot, r.value, V>(p, row, tiles); });
  });
}

template <class Dot, int V>
void run_panel(const IntegerPanel& p) {
  constexpr int64_t kWidth = V * kLanes;
  if (p.m == 1) return single_row<Dot, V>(p);
  if (finishes_tiles(p.epilogue, p.n, kWidth)) return run_rows<Dot, V>(p);
  int32_t sums[kHeldRows * kWidth];
  for_each_tile(p.m, kHeldRows, [&](int64_t row, int64_t rows) {
    run_rows<Dot, V>({.m = rows,
                      .n = kWidth,
                      .words = p.words,
                      .a = p.a + row * p.words,
                      .b = p.b,
                      .c = sums,
                      .ldc = kWidth,
                      .epilogue = {}});
    finish_rows(p.epilogue, 0, sums, kWidth, rows, p.n,
                static_cast<char*>(p.c) + row * p.ldc * p.epilogue.result_bytes(), p.ldc);
  });
}

template <class Dot>
void panel(const IntegerPanel& p) noexcept {
  if (p.m <= 0 || p.n <= 0) return;
  with_count<kVectors>((p.n + kLanes - 1) / kLanes, [&](auto v) { run_panel<Dot, v.value>(p); });
}

// ---- rows of A

// What runs shorter than a vector go by: windows of three pixels of three colours are runs of 9.
constexpr int kFew = 8;
template <class T>
using FewVec __attribute__((vector_size(kFew * sizeof(T)))) = T;
THANE_INLINE FewVec<int16_t> widened_few(FewVec<uint8_t> bytes) {
#if defined(__SSE4_1__)
  return reinterpret_cast<FewVec<int16_t>>(_mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<__m128i*>(&bytes))));
#else
  return __builtin_convertvector(bytes, FewVec<int16_t>);
#endif
}

// Bytes as 16-bit numbers without the zero point, or as unsigned bytes as they are.
struct AsShorts {
  using Element = int16_t;
  uint8_t flip;
  int16_t zero;
  explicit AsShorts(const IntegerWindows& w)
      : flip(w.is_signed ? 0x80 : 0), zero(static_cast<int16_t>(w.zero + (w.is_signed ? 128 : 0))) {}
  int16_t padding() const { return 0; }
  THANE_INLINE void some(const uint8_t* from, int16_t* to) const {
    const auto bytes = load_as<HalfBytes<uint8_t>>(from) ^ flip;
    store_as(to, widened(bytes) - zero);
  }
  THANE_INLINE void few(const uint8_t* from, int16_t* to) const {
    store_as(to, widened_few(load_as<FewVec<uint8_t>>(from) ^ flip) - zero);
  }
  THANE_INLINE int16_t one(uint8_t x) const { return static_cast<int16_t>((x ^ flip) - zero); }
};
struct AsBytes {
  using Element = uint8_t;
  uint8_t flip, zero;
  explicit AsBytes(const IntegerWindows& w)
      : flip(w.is_signed ? 0x80 : 0), zero(static_cast<uint8_t>(w.zero + (w.is_signed ? 128 : 0))) {}
  uint8_t padding() const { return zero; }
  THANE_INLINE void some(const uint8_t* from, uint8_t* to) const {
    store_as(to, load_as<HalfBytes<uint8_t>>(from) ^ flip);
  }
  THANE_INLINE void few(const uint8_t* from, uint8_t* to) const { store_as(to, load_as<FewVec<uint8_t>>(from) ^ flip); }
  THANE_INLINE uint8_t one(uint8_t x) const { return x ^ flip; }
};

template <class Convert>
THANE_INLINE void convert_run(const Convert& convert, const uint8_t* from, int64_t n, typename Convert::Element* to) {
  constexpr int64_t kStep = 2 * kLanes;
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) convert.some(from + i, to + i);
  if (i == n) return;
  if (n >= kStep) return convert.some(from + n - kStep, to + n - kStep);  // the last ones, some of them again
  if (n >= kFew) {
    for (; i + kFew < n; i += kFew) convert.few(from + i, to + i);
    return convert.few(from + n - kFew, to + n - kFew);
  }
  for (; i < n; ++i) to[i] = convert.one(from[i]);
}

template <class T>
THANE_INLINE void fill(T* to, int64_t n, T value) {
  for (int64_t i = 0; i < n; ++i) to[i] = value;
}

// The part of a window on one line; pixels from `start` on.
template <class Convert>
THANE_INLINE void convert_line(const Convert& convert, const IntegerWindows& w, const uint8_t* line, int64_t start,
                               typename Convert::Element* to) {
  const IntegerWindows::Axis& axis = w.x_axis;
  if (axis.dilation == 1 && w.pixel_bytes == w.channels) {  // neighbours in memory
    const int64_t begin = start < 0 ? (-start < axis.kernel ? -start : axis.kernel) : 0;
    int64_t end = axis.in - start < axis.kernel ? axis.in - start : axis.kernel;
    if (end < begin) end = begin;
    fill(to, begin * w.channels, convert.padding());
    convert_run(convert, line + (start + begin) * w.channels, (end - begin) * w.channels, to + begin * w.channels);
    fill(to + end * w.channels, (axis.kernel - end) * w.channels, convert.padding());
    return;
  }
  for (int64_t t = 0; t < axis.kernel; ++t, to += w.channels) {
    const int64_t at = start + t * axis.dilation;
    if (at < 0 || at >= axis.in)
      fill(to, w.channels, convert.padding());
    else
      convert_run(convert, line + at * w.pixel_bytes, w.channels, to);
  }
}

template <class Dot, class Convert>
void pack_a(const IntegerWindows& w, int64_t first, int64_t count, int32_t* words) noexcept {
  const Convert convert(w);
  const auto* x = static_cast<const uint8_t*>(w.x);
  auto* to = reinterpret_cast<typename Convert::Element*>(words);
  const int64_t depth = w.depth(), row = (depth + Dot::kDepth - 1) / Dot::kDepth * Dot::kDepth;
  const bool pixels = w.y.kernel * w.x_axis.kernel == 1 && w.y.stride * w.x_axis.stride == 1 && w.y.pad == 0 &&
                      w.x_axis.pad == 0 && w.out_width == w.x_axis.in;
  if (pixels && row == depth && w.pixel_bytes == w.channels) {
    return convert_run(convert, x + first * depth, count * depth, to);
  }
  const int64_t line_channels = w.x_axis.kernel * w.channels, line_bytes = w.x_axis.in * w.pixel_bytes;
  const bool are_neighbours = w.x_axis.dilation == 1 && w.pixel_bytes == w.channels;
  // Short windows go in whole vectors, beyond their end where neither the image nor the packed rows end.
  constexpr int64_t kStep = 2 * kLanes;
  const int64_t rounded_up = (line_channels + kStep - 1) / kStep * kStep;
  const int64_t last_load = w.y.in * line_bytes - rounded_up;
  const int64_t last_store = count * row - rounded_up;
  int64_t oy = first / w.out_width, ox = first % w.out_width;
  for (int64_t i = 0; i < count; ++i, to += row) {
    const int64_t top = oy * w.y.stride - w.y.pad, left = ox * w.x_axis.stride - w.x_axis.pad;
    const bool whole = are_neighbours && left >= 0 && left + w.x_axis.kernel <= w.x_axis.in;
    auto* at = to;
    for (int64_t t = 0; t < w.y.kernel; ++t, at += line_channels) {
      const int64_t y = top + t * w.y.dilation;
      const int64_t from = y * line_bytes + left * w.pixel_bytes, stored = i * row + t * line_channels;
      if (y < 0 || y >= w.y.in)
        fill(at, line_channels, convert.padding());
      else if (!whole)
        convert_line(convert, w, x + y * line_bytes, left, at);
      else if (from <= last_load && stored <= last_store)
        for (int64_t k = 0; k < line_channels; k += kStep) convert.some(x + from + k, at + k);
      else
        convert_run(convert, x + from, line_channels, at);
    }
    for (int64_t k = depth; k < row; ++k) to[k] = 0;
    if (++ox == w.out_width) ox = 0, ++oy;
  }
}

template <class Dot, class Convert>
constexpr IntegerGemm gemm() {
  return {
      kTileRows,           kColumns, kLanes, Dot::kDepth, static_cast<int>(sizeof(typename Dot::Weight)), panel<Dot>,
      pack_a<Dot, Convert>};
}

}  // namespace

#if defined(__AVX512VNNI__)
// The rest is AVX-512's: what is compiled for this set serves its one instruction.
extern const IntegerGemm kQuads;
const IntegerGemm kQuads = gemm<Quads, AsBytes>();
#else
namespace {
#if defined(__AVX2__) && !defined(__AVX512F__)
// Two products at a time in 16 bits. (Sets of 512 bits mostly have the instruction for quads.)
struct MildQuads : Quads {
  static THANE_INLINE IntVec add(IntVec sum, IntVec a, IntVec b) {
    const auto pairs = _mm256_maddubs_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
    return sum + dot_pairs(reinterpret_cast<IntVec>(pairs), splat_int(0x00010001));
  }
};
constexpr IntegerGemm kMildGemm = gemm<MildQuads, AsBytes>();
constexpr const IntegerGemm* kMild = &kMildGemm;
#else
constexpr const IntegerGemm* kMild = nullptr;
#endif
}  // namespace

extern const IntegerGemms kIntegerGemms;
const IntegerGemms kIntegerGemms = {gemm<Pairs<int8_t>, AsShorts>(), gemm<Pairs<int16_t>, AsShorts>(), kMild};
#endif

#if !defined(__AVX2__)
// The arrangement in quads without their instruction, so that it can be tested on any machine.
extern const IntegerGemm kPlainQuads;
const IntegerGemm kPlainQuads = gemm<Quads, AsBytes>();
#endif

}  // namespace thane::THANE_ISA
