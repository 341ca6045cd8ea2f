#include "ops/strassen_product.h"

#include <atomic>

#include "kernels/gemm/strassen.h"

namespace thane {

Result<StrassenProduct> StrassenProduct::make(const KernelQuery& query, const GemmKernel& gemm, int64_t m, int64_t n,
                                              int64_t k, const float* packed) {
  StrassenProduct product;
  if (query.precision == Precision::kExact || !StrassenTiling::pays(gemm, m, n, k)) return product;
  THANE_ASSIGN(const bool suits, query.shared<bool>("strassen suits", [&]() -> Result<bool> {
    return StrassenTiling::suits(query.isa, gemm, k, n, packed);
  }));
  if (!suits) return product;
  product.gemm_ = &gemm;
  product.isa_ = query.isa;
  product.scratch_ = query.scratch();
  return product;
}

Status StrassenProduct::run(const GemmPanel& whole, ThreadPool& threads) const {
  const StrassenTiling tiling(isa_, *gemm_, whole.m, whole.n, whole.k, threads.size());
  THANE_ASSIGN(const auto kept, scratch_->take(tiling.round_floats()));
  std::atomic<bool> short_of_memory{false};
  for (int64_t round = 0; round < tiling.rounds(); ++round) {
    threads.parallel_for(tiling.row_pairs(round), tiling.row_grain(),
                         [&](int64_t begin, int64_t end) { tiling.sum_rows(whole, round, begin, end, kept.data()); });
    threads.parallel_for(tiling.jobs(round), 1, [&](int64_t begin, int64_t end) {
      const auto work = scratch_->take(tiling.work_floats());
      if (work.ok())
        tiling.run(whole, round, begin, end, kept.data(), work->data());
      else
        short_of_memory = true;
    });
  }
  if (short_of_memory) return resource_limit("no memory for sums of a product");
  return ok();
}

}  // namespace thane
