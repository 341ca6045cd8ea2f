// Attention ops of com.microsoft with their attention computed by blocks: otherwise as their evaluation goes.
#pragma once

#include "ir/context.h"
#include "ir/kernel.h"
#include "ops/attend.h"

namespace thane::contrib {

// An op's evaluation, which has its attention computed by the second argument.
using EvaluateAttention = Status (*)(KernelContext& context, const AttendBy& attend_by);

template <EvaluateAttention kEvaluate>
class AttentionByBlocks : public PreparedKernel {
 public:
  static std::string refuse(const KernelQuery&) { return {}; }
  static Result<std::unique_ptr<PreparedKernel>> prepare(const KernelQuery& query) {
    return std::unique_ptr<PreparedKernel>(new AttentionByBlocks(query));
  }

  Status run(KernelContext& context) const override {
    return kEvaluate(context, [this](const Attend& a, ThreadPool& threads) {
      return attend_by_blocks(a, isa_, *scratch_, threads);
    });
  }

 private:
  explicit AttentionByBlocks(const KernelQuery& query) : isa_(query.isa), scratch_(query.scratch()) {}
  Isa isa_;
  std::shared_ptr<ScratchPool> scratch_;
};

template <EvaluateAttention kEvaluate>
inline constexpr Kernel kAttentionByBlocks = {.name = "attention.blocks",
                                              .refuse = AttentionByBlocks<kEvaluate>::refuse,
                                              .prepare = AttentionByBlocks<kEvaluate>::prepare,
                                              .takes_unknown_outputs = true};

}  // namespace thane::contrib
