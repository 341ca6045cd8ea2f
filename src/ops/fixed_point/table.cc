// Fixed-point ops.
#include "ops/families.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/fixed_point/hybrid.h"
#include "ops/fixed_point/kernels.h"
#include "ops/fixed_point/lstm.h"
#include "ops/infer_shapes.h"

namespace thane {
namespace {

constexpr DTypeMask kFloat32 = mask_of(DType::kFloat32);
constexpr DTypeMask kSums = mask_of(DType::kInt32, DType::kInt64);
constexpr Param kX[] = {{.name = "X", .types = kFixedInts, .variable = 'T'}};
constexpr Param kY[] = {{.name = "Y", .types = kFixedInts, .variable = 'T'}};
constexpr Param kLookupIn[] = {{.name = "X", .types = kFixedInts | mask_of(DType::kUInt16)},
                               {.name = "table", .types = kFixedSize, .variable = 'T'}};
constexpr Param kLookupOut[] = {{.name = "Y", .types = kFixedSize, .variable = 'T'}};
constexpr Param kConvIn[] = {{.name = "X", .types = kFixedInts, .variable = 'T'},
                             {.name = "W", .types = kFixedInts},
                             {.name = "B", .types = kSums, .optional = true}};
constexpr Param kMatMulIn[] = {{.name = "A", .types = kFixedInts, .variable = 'T'},
                               {.name = "B", .types = kFixedInts},
                               {.name = "bias", .types = kSums, .optional = true}};
constexpr Param kRequantizeIn[] = {{.name = "X", .types = kFixedInts | kSums}};
constexpr Param kRequantizeOut[] = {{.name = "Y", .types = kFixedInts | mask_of(DType::kInt32)}};
constexpr Param kBinaryIn[] = {{.name = "A", .types = kFixedInts, .variable = 'T'}, {.name = "B", .types = kFixedInts}};
constexpr Param kSumIn[] = {{.name = "X", .types = kFixedInts, .variable = 'T'}, {.name = "axes", .types = kIndexInts}};
constexpr Param kResizeIn[] = {{.name = "X", .types = kFixedInts, .variable = 'T'},
                               {.name = "sizes", .types = kIndexInts}};
constexpr Param kBytesIn[] = {{.name = "X", .types = kFixedBytes, .variable = 'T'}};
constexpr Param kHybridIn[] = {{.name = "A", .types = kFloat32},
                               {.name = "B", .types = mask_of(DType::kInt8)},
                               {.name = "bias", .types = kFloat32, .optional = true}};
constexpr Param kLstmIn[] = {{.name = "X", .types = mask_of(DType::kInt8)},
                             {.name = "h", .types = mask_of(DType::kInt8)},
                             {.name = "c", .types = mask_of(DType::kInt16)},
                             {.name = "W_input", .types = mask_of(DType::kInt8), .optional = true},
                             {.name = "W_forget", .types = mask_of(DType::kInt8)},
                             {.name = "W_cell", .types = mask_of(DType::kInt8)},
                             {.name = "W_output", .types = mask_of(DType::kInt8)},
                             {.name = "R_input", .types = mask_of(DType::kInt8), .optional = true},
                             {.name = "R_forget", .types = mask_of(DType::kInt8)},
                             {.name = "R_cell", .types = mask_of(DType::kInt8)},
                             {.name = "R_output", .types = mask_of(DType::kInt8)},
                             {.name = "P_input", .types = mask_of(DType::kInt16), .optional = true},
                             {.name = "P_forget", .types = mask_of(DType::kInt16), .optional = true},
                             {.name = "P_output", .types = mask_of(DType::kInt16), .optional = true},
                             {.name = "B_input", .types = mask_of(DType::kInt32), .optional = true},
                             {.name = "B_forget", .types = mask_of(DType::kInt32), .optional = true},
                             {.name = "B_cell", .types = mask_of(DType::kInt32), .optional = true},
                             {.name = "B_output", .types = mask_of(DType::kInt32), .optional = true},
                             {.name = "projection", .types = mask_of(DType::kInt8), .optional = true},
                             {.name = "projection_bias", .types = mask_of(DType::kInt32), .optional = true},
                             {.name = "N_input", .types = mask_of(DType::kInt16), .optional = true},
                             {.name = "N_forget", .types = mask_of(DType::kInt16), .optional = true},
                             {.name = "N_cell", .types = mask_of(DType::kInt16), .optional = true},
                             {.name = "N_output", .types = mask_of(DType::kInt16), .optional = true}};
constexpr Param kLstmOut[] = {{.name = "Y", .types = mask_of(DType::kInt8)},
                              {.name = "Y_h", .types = mask_of(DType::kInt8)},
                              {.name = "Y_c", .types = mask_of(DType::kInt16)}};
constexpr Param kRealOut[] = {{.name = "Y", .types = kFloat32}};

constexpr OpDef row(std::string_view name, std::span<const Param> inputs, int least, std::span<const Param> outputs,
                    const AttrsSchema* attrs, Status (*infer)(InferContext&), Status (*eval)(KernelContext&),
                    uint32_t flags = kNoFlags) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = inputs,
          .min_inputs = least,
          .outputs = outputs,
          .attrs = attrs,
          .infer = infer,
          .eval = eval,
          .flags = flags};
}

constexpr const Kernel* kConvKernels[] = {&kFixedDepthwiseConv, &kWinogradFixedConv, &kPackedFixedConv,
                                          &kFixedRowsConv};
constexpr const Kernel* kBinaryKernels[] = {&kFixedSum};
constexpr const Kernel* kMatMulKernels[] = {&kPackedFixedMatMul};

constexpr OpDef kOps[] = {
    row("FixedAveragePool", kX, 1, kY, &attrs_schema<FixedAveragePoolAttrs>, infer_fixed_average_pool,
        eval_fixed_average_pool),
    with_kernels(
        row("FixedBinary", kBinaryIn, 2, kY, &attrs_schema<FixedBinaryAttrs>, infer_fixed_binary, eval_fixed_binary),
        kBinaryKernels),
    with_kernels(
        row("FixedConv", kConvIn, 2, kY, &attrs_schema<FixedConvAttrs>, infer_fixed_conv, eval_fixed_conv, kHeavy),
        kConvKernels),
    row("FixedL2Normalization", kBytesIn, 1, kY, &attrs_schema<FixedL2NormalizationAttrs>, infer_same,
        eval_fixed_l2_normalization),
    row("FixedLstm", kLstmIn, 11, kLstmOut, &attrs_schema<FixedLstmAttrs>, infer_fixed_lstm, eval_fixed_lstm, kHeavy),
    with_kernels(row("FixedMatMul", kMatMulIn, 2, kY, &attrs_schema<FixedMatMulAttrs>, infer_fixed_matmul,
                     eval_fixed_matmul, kHeavy),
                 kMatMulKernels),
    row("FixedResize", kResizeIn, 2, kY, &attrs_schema<FixedResizeAttrs>, infer_fixed_resize, eval_fixed_resize),
    row("FixedSoftmax", kX, 1, kY, &attrs_schema<FixedSoftmaxAttrs>, infer_same, eval_fixed_softmax),
    row("FixedSum", kSumIn, 2, kY, &attrs_schema<FixedSumAttrs>, infer_fixed_sum, eval_fixed_sum),
    row("HybridConv", kHybridIn, 2, kRealOut, &attrs_schema<HybridConvAttrs>, infer_hybrid_conv, eval_hybrid_conv,
        kHeavy),
    row("HybridMatMul", kHybridIn, 2, kRealOut, &attrs_schema<HybridMatMulAttrs>, infer_hybrid_matmul,
        eval_hybrid_matmul, kHeavy),
    row("Lookup", kLookupIn, 2, kLookupOut, nullptr, infer_lookup, eval_lookup),
    row("Requantize", kRequantizeIn, 1, kRequantizeOut, &attrs_schema<RequantizeAttrs>, infer_requantize,
        eval_requantize),
};

}  // namespace

std::span<const OpDef> fixed_point_ops() { return kOps; }

}  // namespace thane
