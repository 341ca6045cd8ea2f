#include "ops/packed_matrix.h"

namespace thane {

const GemmKernel& gemm_for_weights(const KernelQuery& query) {
  return gemm_kernel(query.isa, query.precision == Precision::kBf16 ? GemmWord::kBf16Pair : GemmWord::kFloat);
}

const GemmKernel& gemm_for_weights(const KernelQuery& query, int64_t k, int64_t n) {
  constexpr int64_t kLeastDepth = 12;  // fewer elements are not worth rounding
  if (query.precision == Precision::kBf16 && n > kFewColumns && k >= kLeastDepth) return gemm_for_weights(query);
  return gemm_kernel_for(query.isa, k, n);
}

Result<PackedMatrix> pack_matrix(const KernelQuery& query, const GemmKernel& kernel, int64_t k, int64_t n,
                                 const float* b, int64_t row_stride, int64_t column_stride, float scale) {
  PackedMatrix packed{.kernel = &kernel, .k = k, .n = n};
  THANE_ASSIGN(packed.panels, query.allocate(DType::kFloat32, {kernel.words_of(k) * kernel.packed_columns(n)}));
  pack_b(kernel, k, n, b, row_stride, column_stride, scale, packed.panels.data<float>());
  return packed;
}

Status prepare_for_rows(const KernelQuery& query, int64_t m, PackedMatrix& b) {
  b.rows = m;
  b.tiling = GemmTiling(*b.kernel, m, b.n, b.k);
  THANE_ASSIGN(b.strassen, StrassenProduct::make(query, *b.kernel, m, b.n, b.k, b.panels.data<float>()));
  return ok();
}

GemmPanel product_of(const PackedMatrix& b, int64_t m, const float* a, float* c, const Addends& addends,
                     const GemmEpilogue& epilogue) {
  GemmPanel whole{.m = m,
                  .n = b.n,
                  .k = b.k,
                  .a = a,
                  .lda = b.k,
                  .b = b.panels.data<float>(),
                  .c = c,
                  .ldc = b.n,
                  .epilogue = epilogue};
  whole.epilogue.column_bias = addends.column_bias;
  whole.epilogue.residual = addends.residual;
  return whole;
}

Status multiply(const PackedMatrix& b, int64_t m, const float* a, float* c, const Addends& addends,
                const Activation& activation, ThreadPool& threads) {
  GemmPanel whole = product_of(b, m, a, c, addends, {});
  set_activation(activation, whole.epilogue);
  if (b.strassen) return b.strassen.run(whole, threads);
  const auto run = [&](const GemmTiling& tiling) {
    threads.parallel_for(tiling.jobs(), tiling.grain(),
                         [&](int64_t begin, int64_t end) { tiling.run(whole, begin, end); });
  };
  m == b.rows ? run(b.tiling) : run(GemmTiling(*b.kernel, m, b.n, b.k));
  return ok();
}

}  // namespace thane
