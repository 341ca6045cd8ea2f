// MatMul, Gemm, Einsum, Det.
#include "ops/families.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed.h"

namespace thane {
namespace {

constexpr Param kAB[] = {{.name = "A", .types = kNumeric, .variable = 'T'},
                         {.name = "B", .types = kNumeric, .variable = 'T'}};
constexpr Param kABC[] = {{.name = "A", .types = kNumeric, .variable = 'T'},
                          {.name = "B", .types = kNumeric, .variable = 'T'},
                          {.name = "C", .types = kNumeric, .variable = 'T', .optional = true}};
constexpr Param kY[] = {{.name = "Y", .types = kNumeric, .variable = 'T'}};
constexpr Param kOperands[] = {{.name = "Inputs", .types = kNumeric, .variable = 'T'}};
constexpr Param kSquare[] = {{.name = "X", .types = kFloats, .variable = 'T'}};

constexpr const Kernel* kMatMulKernels[] = {&kPackedMatMul, &kBatchedMatMul};
constexpr const Kernel* kGemmKernels[] = {&kPackedGemm};
constexpr const Kernel* kFusedMatMulKernels[] = {&kPackedFusedMatMul};
constexpr const Kernel* kFusedGemmKernels[] = {&kPackedFusedGemm};

constexpr DTypeMask kFloat32 = mask_of(DType::kFloat32);
constexpr Param kFusedGemm[] = {{.name = "A", .types = kFloat32},
                                {.name = "B", .types = kFloat32},
                                {.name = "C", .types = kFloat32, .optional = true}};
constexpr Param kFusedMatMul[] = {{.name = "A", .types = kFloat32},
                                  {.name = "B", .types = kFloat32},
                                  {.name = "bias", .types = kFloat32, .optional = true},
                                  {.name = "residual", .types = kFloat32, .optional = true}};

constexpr OpDef kOps[] = {
    {.name = "MatMul",
     .inputs = kAB,
     .min_inputs = 2,
     .outputs = kY,
     .infer = infer_matmul,
     .eval = eval_matmul,
     .kernels = kMatMulKernels},
    {.name = "Gemm",
     .inputs = kABC,
     .min_inputs = 2,
     .outputs = kY,
     .attrs = &attrs_schema<GemmAttrs>,
     .infer = infer_gemm,
     .eval = eval_gemm,
     .kernels = kGemmKernels},
    {.name = "FusedGemm",
     .domain = Domain::kThane,
     .inputs = kFusedGemm,
     .min_inputs = 2,
     .outputs = kY,
     .attrs = &attrs_schema<FusedGemmAttrs>,
     .infer = infer_gemm,
     .eval = eval_fused_gemm,
     .kernels = kFusedGemmKernels},
    {.name = "FusedMatMul",
     .domain = Domain::kThane,
     .inputs = kFusedMatMul,
     .min_inputs = 2,
     .outputs = kY,
     .attrs = &attrs_schema<FusedMatMulAttrs>,
     .infer = infer_fused_matmul,
     .eval = eval_fused_matmul,
     .kernels = kFusedMatMulKernels},
    {.name = "Einsum",
     .inputs = kOperands,
     .min_inputs = 1,
     .input_arity = Arity::kVariadic,
     .outputs = kY,
     .attrs = &attrs_schema<EinsumAttrs>,
     .infer = infer_einsum,
     .eval = eval_einsum,
     .flags = kHeavy},
    {.name = "Det", .inputs = kSquare, .min_inputs = 1, .outputs = kY, .infer = infer_det, .eval = eval_det},
};

}  // namespace

std::span<const OpDef> matmul_ops() { return kOps; }

}  // namespace thane
