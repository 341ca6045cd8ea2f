#include "ops/packed_matrix.h"

#include "kernels/gemm/tiling.h"

namespace thane {

const GemmKernel& gemm_for_weights(const KernelQuery& query) {
  return gemm_kernel(query.isa, query.precision == Precision::kBf16 ? GemmWord::kBf16Pair : GemmWord::kFloat);
}

Result<PackedMatrix> pack_matrix(const KernelQuery& query, const GemmKernel& kernel, int64_t k, int64_t n,
                                 const float* b, int64_t row_stride, int64_t column_stride, float scale) {
  PackedMatrix packed{&kernel, k, n, {}};
  THANE_ASSIGN(packed.panels, query.allocate(DType::kFloat32, {kernel.words_of(k) * kernel.packed_columns(n)}));
  pack_b(kernel, k, n, b, row_stride, column_stride, scale, packed.panels.data<float>());
  return packed;
}

void multiply(const PackedMatrix& b, int64_t m, const float* a, float* c, const Addends& addends,
              const Activation& activation, ThreadPool& threads) {
  const GemmTiling tiling(*b.kernel, m, b.n, b.k);
  GemmPanel whole{.m = m, .n = b.n, .k = b.k, .a = a, .lda = b.k, .b = b.panels.data<float>(), .c = c, .ldc = b.n};
  whole.epilogue.column_bias = addends.column_bias;
  whole.epilogue.residual = addends.residual;
  set_activation(activation, whole.epilogue);
  threads.parallel_for(tiling.jobs(), tiling.grain(),
                       [&](int64_t begin, int64_t end) { tiling.run(whole, begin, end); });
}

}  // namespace thane
