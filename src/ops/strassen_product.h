// Products with a packed right-hand side by Strassen's algorithm, where the precision allows it and it pays.
#pragma once

#include <memory>

#include "base/threads.h"
#include "ir/kernel.h"
#include "kernels/gemm/gemm.h"

namespace thane {

class StrassenProduct {
 public:
  StrassenProduct() = default;
  // A[m × k] · B, B packed as GemmPanel has it, the one matrix of the query's node.
  static Result<StrassenProduct> make(const KernelQuery& query, const GemmKernel& gemm, int64_t m, int64_t n, int64_t k,
                                      const float* packed);

  // Whether it is to be used.
  explicit operator bool() const { return scratch_ != nullptr; }
  // All of the product that `whole` describes: as StrassenTiling::run() takes it.
  Status run(const GemmPanel& whole, ThreadPool& threads) const;

 private:
  const GemmKernel* gemm_ = nullptr;
  Isa isa_ = Isa::kPortable;
  std::shared_ptr<ScratchPool> scratch_;  // null: never
};

}  // namespace thane
