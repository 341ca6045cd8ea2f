// Single-precision matrix product with a packed right-hand side and a fused epilogue. The left-hand side may be a
// matrix or, for convolutions, rows scattered over memory.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "kernels/map/map.h"

namespace thane {

// What happens to a finished tile: c = f(clamp(a·b + row_bias[i] + column_bias[j] + residual[i, j], low, high)).
struct GemmEpilogue {
  const float* row_bias = nullptr;     // per row of C; null: none
  const float* column_bias = nullptr;  // per column of C; null: none
  const float* residual = nullptr;     // laid out as C; null: none
  float low = -__builtin_inff();
  float high = __builtin_inff();
  MapSpec map;  // kCopy: none
};

// C[m × n] = A[m × taps·k] · B for one panel of B, n ≤ the kernel's columns; for one row of A alone, for any number of
// panels that follow each other.
struct GemmPanel {
  int64_t m = 0, n = 0, k = 0;
  int64_t taps = 1;
  // Row i starts at a + i·lda, taps being 1; or, where a_offsets is given, its k elements of tap t start at
  // a + a_offsets[i·row_taps + t], and are zeros[0 … k) where that offset is negative.
  const float* a = nullptr;
  int64_t lda = 0;
  const int32_t* a_offsets = nullptr;
  int64_t row_taps = 0;  // offsets of a row; 0: as many as taps
  const float* zeros = nullptr;
  const float* b = nullptr;  // [taps][words_of(k)][width] words, width = panel_width(n)
  // Row i of C starts at c + i·ldc, or at c + c_offsets[i]. Only its n elements are written.
  float* c = nullptr;
  int64_t ldc = 0;
  const int32_t* c_offsets = nullptr;
  GemmEpilogue epilogue;
  // Of a product of more than one row in several blocks over k: the first adds biases and residual, which C may
  // overlay; those after it add to what C holds; only the last one clamps and maps.
  bool is_first = true, is_last = true;
  const float* next_b = nullptr;  // what is read after b, to be fetched meanwhile; of as many elements as b
  int64_t next_depth = 1;         // elements per word of next_b
};

// What a word, 32 bits of a panel of B, holds.
enum class GemmWord : uint8_t {
  kFloat,    // one element
  kBf16Pair  // two of a column, one step over k after the other, in bfloat16; the first in the low half
};

// One instruction set's tile: up to `rows` × `columns` of C at once, held in registers.
struct GemmKernel {
  int rows;     // MR for whole panels; narrow ones take more
  int columns;  // NR, the most columns of a panel
  int lanes;    // of one vector: a panel's width is a multiple of it
  void (*panel)(const GemmPanel& panel) noexcept;
  GemmWord word = GemmWord::kFloat;
  // Where not null, `panel` takes several rows of A as the words that this writes, taps · words_of(k) for each row; to
  // it they are a matrix, taps being 1 and k counting words. (GemmTiling sees to it.)
  void (*pack_a)(const GemmPanel& rows, float* packed) noexcept = nullptr;

  int64_t depth_per_word() const { return word == GemmWord::kBf16Pair ? 2 : 1; }
  // Words of a column of k elements; what is beyond k in the last one is 0.
  int64_t words_of(int64_t k) const { return (k + depth_per_word() - 1) / depth_per_word(); }

  int64_t panel_width(int64_t n) const { return n >= columns ? columns : (n + lanes - 1) / lanes * lanes; }
  // Columns of the packed form of n columns: whole panels, then a narrow one.
  int64_t packed_columns(int64_t n) const { return n / columns * columns + panel_width(n % columns); }
};

// Where panels hold bfloat16, A is float32 all the same; sums are. Elements of A are rounded to bfloat16 where the set
// multiplies pairs of them (AVX-512 BF16); elsewhere B is widened, the products are those of floats.
const GemmKernel& gemm_kernel(Isa ceiling, GemmWord word = GemmWord::kFloat);
// The fastest one for products of floats with n columns and k elements per tap: a few columns leave most of a tile
// empty.
constexpr int64_t kFewColumns = 8;
constexpr int64_t kColumnsAlongK = 4, kLeastAlongK = 32;  // columns whose products are made by vectors of so many steps
const GemmKernel& gemm_kernel_for(Isa ceiling, int64_t k, int64_t n);

// Packs B[k × n] (element (i, j) at b[i·row_stride + j·column_stride]) into panels of [words_of(k)][width], one after
// the other, zero beyond n, each element times `scale`. `packed` holds words_of(k) · packed_columns(n) words. B
// may lie unaligned.
void pack_b(const GemmKernel& kernel, int64_t k, int64_t n, const float* b, int64_t row_stride, int64_t column_stride,
            float scale, float* packed);
// The same, as floats, of the B[taps·k × n] whose element (t·k + i, j) is b[i·taps + t + j·column_stride]: a
// convolution's weights.
void pack_taps(const GemmKernel& kernel, int64_t taps, int64_t k, int64_t n, const float* b, int64_t column_stride,
               float* packed);

}  // namespace thane
