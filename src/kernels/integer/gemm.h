// Products of 8-bit matrices, exact in 32 bits (which wrap), with a packed right-hand side and requantizing epilogues.
//
// A is packed too, a chunk of rows at a time: that is where a convolution gathers its windows. Both operands go in
// words of 32 bits along k, and a tile of C meets one word of each row of A with a vector of words of B:
//   pairs:  A as 16 bits, B as 8 or 16 bits.
//   quads:  both as bytes.
// B is packed without its zero point. A is measured from an origin that the kernel chooses: its zero point, or another
// number, and then (zero point - origin) · (sum of B's column) is left to take away.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/integer/epilogue.h"

namespace thane {

// Packed rows of A.
struct IntegerRows {
  int64_t m = 0;
  int64_t words = 0;           // of a row
  const int32_t* a = nullptr;  // [m][words]

  // What else split quads (split_rows.h) need; null for others.
  struct Tile {
    int32_t added;  // products that are added in 16 bits: 2 or 4; 0: none, `more` has all words widened
    int32_t rests;  // how many `more` has
  };
  const Tile* tiles = nullptr;      // of rows, one below the other
  const int32_t* more = nullptr;    // [m][2 · words], a tile's where its rows begin
  const int32_t* starts = nullptr;  // [m], what a row's sums start from; null: from 0
};

// C[m × n] for one panel of B, n ≤ the kernel's columns.
struct IntegerPanel {
  IntegerRows rows;
  int64_t n = 0;
  const void* b = nullptr;  // [words][panel_width(n)]
  void* c = nullptr;        // int32, float or bytes, as the epilogue says
  int64_t ldc = 0;          // elements between rows of C
  IntegerEpilogue epilogue;
};

// Rows of A: windows of an image with channels last, in row-major order of their positions. A matrix is an image of one
// line with kernels of one pixel. Positions outside the image hold the zero point.
struct IntegerWindows {
  const void* x = nullptr;
  int64_t pixel_bytes = 0;  // between neighbouring pixels of a line; lines follow without gaps
  int64_t channels = 0;     // of a pixel that count
  struct Axis {
    int64_t in = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
  } y, x_axis;
  int64_t out_width = 1;
  int32_t zero = 0;        // the zero point
  bool is_signed = false;  // int8, else uint8

  int64_t depth() const { return channels * y.kernel * x_axis.kernel; }
  // The zero point of the data as unsigned bytes.
  int32_t unsigned_zero() const { return zero + (is_signed ? 128 : 0); }
};

struct IntegerGemm {
  int rows, columns, lanes;
  int depth_per_word;  // 2: pairs, 4: quads
  int weight_bytes;    // of an element of packed B
  // What packed rows are measured from, for data with this zero point, both as of unsigned bytes.
  int32_t (*origin)(int32_t zero);
  // Words of memory that packing `m` rows of `words` takes.
  int64_t (*space)(int64_t m, int64_t words);
  // Rows [first, first + count) of A, packed in `space`.
  IntegerRows (*pack_a)(const IntegerWindows& windows, int64_t first, int64_t count, int32_t* space) noexcept;
  void (*panel)(const IntegerPanel& panel) noexcept;

  int64_t words_of(int64_t depth) const { return (depth + depth_per_word - 1) / depth_per_word; }
  int64_t panel_width(int64_t n) const { return n >= columns ? columns : (n + lanes - 1) / lanes * lanes; }
  int64_t packed_columns(int64_t n) const { return n / columns * columns + panel_width(n % columns); }
  // Bytes between the packed forms of columns c and c + 1 of whole panels, per column.
  int64_t column_bytes(int64_t depth) const { return words_of(depth) * depth_per_word * weight_bytes; }
  // Whether the origin may be another number than the zero point.
  bool needs_correction() const { return depth_per_word == 4; }
};

// What an instruction set offers. `narrow` takes B within -128 … 127; `wide`, pairs of 16 bits, within -255 … 255.
// `mild`, which is faster than `narrow` where it exists, takes B whose products with any bytes, two neighbours in k
// together (2i and 2i + 1), stay within 16 bits: weights of 7 bits, as quantizers make them on request for some CPUs,
// always do.
struct IntegerGemms {
  IntegerGemm narrow, wide;
  const IntegerGemm* mild;
  bool has_quads;  // one instruction adds four products
};

const IntegerGemms& integer_gemms(Isa ceiling);

// The fastest kernel for B, given as pack_integer_b takes it.
const IntegerGemm& integer_gemm_for(Isa ceiling, int64_t depth, int64_t n, const int16_t* b);

// Packs B, given as its transpose [n][depth] without zero points, into panels of [words][width], zero beyond the ends.
// `packed` holds column_bytes(depth) · packed_columns(n).
void pack_integer_b(const IntegerGemm& kernel, int64_t depth, int64_t n, const int16_t* b, void* packed);

}  // namespace thane
