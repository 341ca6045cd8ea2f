// Reductions, positions of extremes, running sums, softmax.
#include "ops/families.h"
#include "ops/reduce/reduce.h"

namespace thane {
namespace {

template <Reduction kReduction>
Status infer(InferContext& context) {
  return infer_reduction(kReduction, context);
}
template <Reduction kReduction>
Status eval(KernelContext& context) {
  return eval_reduction(kReduction, context);
}

constexpr Param kNumericIn[] = {{.name = "data", .types = kNumeric, .variable = 'T'},
                                {.name = "axes", .types = kInt64Only, .optional = true}};
constexpr Param kOrderedIn[] = {{.name = "data", .types = kNumeric | kBoolOnly, .variable = 'T'},
                                {.name = "axes", .types = kInt64Only, .optional = true}};
constexpr Param kReduced[] = {{.name = "reduced", .types = kNumeric | kBoolOnly, .variable = 'T'}};
constexpr Param kArgOut[] = {{.name = "reduced", .types = kInt64Only}};
constexpr Param kCumulativeIn[] = {{.name = "x", .types = kNumeric, .variable = 'T'},
                                   {.name = "axis", .types = kIndexInts}};
constexpr Param kCumulativeOut[] = {{.name = "y", .types = kNumeric, .variable = 'T'}};
constexpr Param kSoftmaxIn[] = {{.name = "input", .types = kFloats, .variable = 'T'}};
constexpr Param kSoftmaxOut[] = {{.name = "output", .types = kFloats, .variable = 'T'}};

template <Reduction kReduction>
constexpr OpDef reduction(std::string_view name, std::span<const Param> inputs = kNumericIn,
                          std::span<const Kernel* const> kernels = {}) {
  return {.name = name,
          .inputs = inputs,
          .min_inputs = 1,
          .outputs = kReduced,
          .attrs = &attrs_schema<ReduceAttrs>,
          .infer = infer<kReduction>,
          .eval = eval<kReduction>,
          .kernels = kernels};
}
constexpr OpDef arg(std::string_view name, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .inputs = std::span(kNumericIn).first(1),
          .min_inputs = 1,
          .outputs = kArgOut,
          .attrs = &attrs_schema<ArgAttrs>,
          .infer = infer_arg,
          .eval = eval};
}
constexpr OpDef cumulative(std::string_view name, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .inputs = kCumulativeIn,
          .min_inputs = 2,
          .outputs = kCumulativeOut,
          .attrs = &attrs_schema<CumulativeAttrs>,
          .infer = infer_cumulative,
          .eval = eval,
          .flags = kInPlace};
}
constexpr OpDef softmax(std::string_view name, Status (*eval)(KernelContext&), uint32_t flags,
                        std::span<const Kernel* const> kernels = {}) {
  return {.name = name,
          .inputs = kSoftmaxIn,
          .min_inputs = 1,
          .outputs = kSoftmaxOut,
          .attrs = &attrs_schema<SoftmaxAttrs>,
          .infer = infer_softmax,
          .eval = eval,
          .kernels = kernels,
          .flags = flags};
}

constexpr const Kernel* kMeanKernels[] = {&kRowMean};
constexpr const Kernel* kSumKernels[] = {&kRowSum};
constexpr const Kernel* kSoftmaxKernels[] = {&kRowSoftmax};

constexpr OpDef kOps[] = {
    arg("ArgMax", eval_arg_max),
    arg("ArgMin", eval_arg_min),
    cumulative("CumProd", eval_cum_prod),
    cumulative("CumSum", eval_cum_sum),
    softmax("Hardmax", eval_hardmax, kNoFlags),
    softmax("LogSoftmax", eval_log_softmax, kInPlace),
    reduction<Reduction::kL1>("ReduceL1"),
    reduction<Reduction::kL2>("ReduceL2"),
    reduction<Reduction::kLogSum>("ReduceLogSum"),
    reduction<Reduction::kLogSumExp>("ReduceLogSumExp"),
    reduction<Reduction::kMax>("ReduceMax", kOrderedIn),
    reduction<Reduction::kMean>("ReduceMean", kNumericIn, kMeanKernels),
    reduction<Reduction::kMin>("ReduceMin", kOrderedIn),
    reduction<Reduction::kProd>("ReduceProd"),
    reduction<Reduction::kSum>("ReduceSum", kNumericIn, kSumKernels),
    reduction<Reduction::kSumSquare>("ReduceSumSquare"),
    softmax("Softmax", eval_softmax, kInPlace, kSoftmaxKernels),
};

}  // namespace

std::span<const OpDef> reduce_ops() { return kOps; }

}  // namespace thane
