// Products of 8-bit data with constant 8-bit weights: what the fast kernels of quantized convolutions and matrix
// products share, whatever their rounding.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/threads.h"
#include "ir/kernel.h"
#include "ir/tensor.h"
#include "kernels/integer/gemm.h"
#include "ops/conv/conv.h"

namespace thane {

// Weights without their zero points, in [-255, 255]: [columns][depth], row after row. Those of a convolution have its
// taps outside and channels inside, as patches do.
struct IntegerWeights {
  int64_t columns = 0, depth = 0;
  std::vector<int16_t> values;
};
// From a tensor of int8 or uint8 [columns][channels][taps…]. zeros: null (0), one, or one per column.
IntegerWeights conv_weights(const Tensor& weights, const Tensor* zeros);
// From a matrix [depth][columns], or its transpose.
IntegerWeights matrix_weights(const Tensor& matrix, bool transposed, const Tensor* zeros);

// The constant weights of a node. What is made of them is made once for all plans, and only if it is wanted.
struct IntegerSource {
  const KernelQuery& query;
  std::function<IntegerWeights()> weights;
};

// Per output column, as epilogues read them. Empty: not used.
struct IntegerColumns {
  IntegerResult result = IntegerResult::kSums;
  std::vector<int32_t> bias;
  std::vector<float> scales;
  bool shrinks = false;  // as in IntegerEpilogue
  int32_t zero = 0, low = 0, high = 0;

  // [groups · n] to [groups][padded], zeros where nothing is.
  void pad(int64_t groups, int64_t n, int64_t padded);
  // Their bias as [groups][padded], another's [groups · n] added (null: none), and `zero` times the sums of columns
  // taken away, for as many as there are. Wraps.
  std::vector<int32_t> bias_with(const int32_t* other, int64_t groups, int64_t n, int64_t padded, int32_t zero = 0,
                                 std::span<const int32_t> column_sums = {}) const;
  // Shows these columns, which must outlive it, with `bias` for their own.
  IntegerEpilogue epilogue(const int32_t* bias) const;
};

// Packed for the products of all groups.
struct PackedIntegerWeights {
  const IntegerGemm* kernel = nullptr;
  int64_t columns = 0, depth = 0, padded = 0;  // of a group; padded: up to whole vectors
  int64_t group_bytes = 0;
  Tensor panels;
  std::vector<int32_t> column_sums;  // [groups][padded], where the kernel leaves its origin to correct
};

class IntegerProduct {
 public:
  // Why windows of this convolution cannot be rows of a product; empty: they can.
  static std::string refuse(const IntegerSource& source, const ConvShape& shape);
  // A convolution; or, with the second, A […, depth], whose leading axes count rows.
  static Result<std::unique_ptr<IntegerProduct>> make(const IntegerSource& source, const ConvShape& shape,
                                                      IntegerColumns columns);
  static Result<std::unique_ptr<IntegerProduct>> make(const IntegerSource& source, const Dims& a,
                                                      IntegerColumns columns);

  // y: int32 or bytes, rows of all output columns. `zero`: of x. `bias`, where given, is added to that of the columns.
  Status run(const void* x, bool is_signed, int32_t zero, const int32_t* bias, void* y, ThreadPool& threads) const;

 private:
  IntegerProduct() = default;
  Status set_up(const IntegerSource& source, IntegerColumns columns);
  void cut(int64_t most_rows);  // into chunks
  // Chunks of all images and groups are numbered through. `windows`: those of the first image and group.
  IntegerRows pack_chunk(const IntegerWindows& windows, int64_t chunk, int32_t* space) const;
  void multiply(const IntegerRows& rows, int64_t chunk, int64_t first_panel, int64_t last_panel, void* y,
                const IntegerEpilogue& epilogue) const;

  IntegerWindows windows_;
  int64_t images_ = 1, groups_ = 1, in_image_ = 0, m_ = 0;       // m: rows of an image
  int64_t n_ = 0, padded_ = 0, panels_ = 0;                      // of a group
  int64_t words_ = 0, chunk_rows_ = 0, chunks_ = 0, grain_ = 1;  // chunks: of an image's rows
  bool split_columns_ = false;                                   // few chunks: threads share them, panel by panel
  const IntegerGemm* kernel_ = nullptr;
  std::shared_ptr<const PackedIntegerWeights> packed_;
  IntegerColumns columns_;  // [groups][padded]
  std::shared_ptr<ScratchPool> scratch_;
  int64_t chunk_space_ = 0;  // words
};

}  // namespace thane
