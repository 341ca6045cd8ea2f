// Quantization, and arithmetic on quantized numbers.
#include "ops/conv/conv.h"
#include "ops/families.h"
#include "ops/quantize/kernels.h"
#include "ops/quantize/quantize.h"

namespace thane {
namespace {

constexpr DTypeMask kBytes = mask_of(DType::kInt8, DType::kUInt8);
constexpr DTypeMask kFloat8 = kFloat8s & ~mask_of(DType::kFloat8E8M0);
constexpr DTypeMask kQuantized = kBytes | kFloat8 | kSubByte | mask_of(DType::kInt16, DType::kUInt16);
constexpr DTypeMask kReals = mask_of(DType::kFloat32, DType::kFloat16, DType::kBFloat16);
constexpr DTypeMask kScales = kReals | mask_of(DType::kFloat8E8M0);
constexpr DTypeMask kInt32 = mask_of(DType::kInt32);
constexpr DTypeMask kFloat32 = mask_of(DType::kFloat32);

constexpr Param kQuantizeIn[] = {{.name = "x", .types = kReals | kInt32},
                                 {.name = "y_scale", .types = kScales | kInt32},
                                 {.name = "y_zero_point", .types = kQuantized, .variable = 'Q', .optional = true}};
constexpr Param kQuantizeOut[] = {{.name = "y", .types = kQuantized, .variable = 'Q'}};
constexpr Param kDequantizeIn[] = {
    {.name = "x", .types = kQuantized | kInt32, .variable = 'Q'},
    {.name = "x_scale", .types = kScales},
    {.name = "x_zero_point", .types = kQuantized | kInt32, .variable = 'Q', .optional = true}};
constexpr Param kDequantizeOut[] = {{.name = "y", .types = kReals}};
constexpr Param kDynamicIn[] = {{.name = "x", .types = kFloat32}};
constexpr Param kDynamicOut[] = {{.name = "y", .types = mask_of(DType::kUInt8)},
                                 {.name = "y_scale", .types = kFloat32},
                                 {.name = "y_zero_point", .types = mask_of(DType::kUInt8)}};
constexpr Param kMatMulIntegerIn[] = {{.name = "A", .types = kBytes, .variable = 'A'},
                                      {.name = "B", .types = kBytes, .variable = 'B'},
                                      {.name = "a_zero_point", .types = kBytes, .variable = 'A', .optional = true},
                                      {.name = "b_zero_point", .types = kBytes, .variable = 'B', .optional = true}};
constexpr Param kConvIntegerIn[] = {{.name = "x", .types = kBytes, .variable = 'X'},
                                    {.name = "w", .types = kBytes, .variable = 'W'},
                                    {.name = "x_zero_point", .types = kBytes, .variable = 'X', .optional = true},
                                    {.name = "w_zero_point", .types = kBytes, .variable = 'W', .optional = true}};
constexpr Param kInt32Out[] = {{.name = "y", .types = kInt32}};
constexpr Param kQLinearMatMulIn[] = {{.name = "a", .types = kBytes | kFloat8, .variable = 'A'},
                                      {.name = "a_scale", .types = kReals, .variable = 'S'},
                                      {.name = "a_zero_point", .types = kBytes | kFloat8, .variable = 'A'},
                                      {.name = "b", .types = kBytes | kFloat8, .variable = 'B'},
                                      {.name = "b_scale", .types = kReals, .variable = 'S'},
                                      {.name = "b_zero_point", .types = kBytes | kFloat8, .variable = 'B'},
                                      {.name = "y_scale", .types = kReals, .variable = 'S'},
                                      {.name = "y_zero_point", .types = kBytes | kFloat8, .variable = 'Y'}};
constexpr Param kQLinearMatMulOut[] = {{.name = "y", .types = kBytes | kFloat8, .variable = 'Y'}};
constexpr Param kQLinearConvIn[] = {{.name = "x", .types = kBytes, .variable = 'X'},
                                    {.name = "x_scale", .types = kFloat32},
                                    {.name = "x_zero_point", .types = kBytes, .variable = 'X'},
                                    {.name = "w", .types = kBytes, .variable = 'W'},
                                    {.name = "w_scale", .types = kFloat32},
                                    {.name = "w_zero_point", .types = kBytes, .variable = 'W'},
                                    {.name = "y_scale", .types = kFloat32},
                                    {.name = "y_zero_point", .types = kBytes, .variable = 'Y'},
                                    {.name = "B", .types = kInt32, .optional = true}};
constexpr Param kQLinearConvOut[] = {{.name = "y", .types = kBytes, .variable = 'Y'}};

constexpr Param kFusedMatMulIn[] = {{.name = "a", .types = kBytes, .variable = 'A'},
                                    {.name = "a_scale", .types = kFloat32},
                                    {.name = "a_zero_point", .types = kBytes, .variable = 'A'},
                                    {.name = "b", .types = kBytes, .variable = 'B'},
                                    {.name = "b_scale", .types = kFloat32},
                                    {.name = "b_zero_point", .types = kBytes, .variable = 'B'},
                                    {.name = "y_scale", .types = kFloat32},
                                    {.name = "y_zero_point", .types = kBytes, .variable = 'Y'},
                                    {.name = "bias", .types = kInt32, .optional = true}};
constexpr Param kAddIn[] = {{.name = "a", .types = kBytes, .variable = 'T'},
                            {.name = "a_scale", .types = kFloat32},
                            {.name = "a_zero_point", .types = kBytes, .variable = 'T'},
                            {.name = "b", .types = kBytes, .variable = 'T'},
                            {.name = "b_scale", .types = kFloat32},
                            {.name = "b_zero_point", .types = kBytes, .variable = 'T'},
                            {.name = "y_scale", .types = kFloat32},
                            {.name = "y_zero_point", .types = kBytes, .variable = 'T'}};
constexpr Param kAddOut[] = {{.name = "y", .types = kBytes, .variable = 'T'}};

constexpr const Kernel* kQLinearConvKernels[] = {&kDepthwiseQLinearConv, &kWinogradQLinearConv, &kPackedQLinearConv};
constexpr const Kernel* kQLinearMatMulKernels[] = {&kPackedQLinearMatMul};
constexpr const Kernel* kConvIntegerKernels[] = {&kWinogradConvInteger, &kPackedConvInteger};
constexpr const Kernel* kMatMulIntegerKernels[] = {&kPackedMatMulInteger};
constexpr const Kernel* kAddKernels[] = {&kPlainQuantizedAdd};
constexpr const Kernel* kQuantizeKernels[] = {&kPlainQuantize};
constexpr const Kernel* kDequantizeKernels[] = {&kPlainDequantize};
constexpr const Kernel* kDynamicQuantizeKernels[] = {&kPlainDynamicQuantize};

constexpr OpDef kOps[] = {
    {.name = "ConvInteger",
     .inputs = kConvIntegerIn,
     .min_inputs = 2,
     .outputs = kInt32Out,
     .attrs = &attrs_schema<ConvAttrs>,
     .infer = infer_conv_integer,
     .eval = eval_conv_integer,
     .kernels = kConvIntegerKernels,
     .flags = kHeavy},
    {.name = "DequantizeLinear",
     .inputs = kDequantizeIn,
     .min_inputs = 2,
     .outputs = kDequantizeOut,
     .attrs = &attrs_schema<DequantizeAttrs>,
     .infer = infer_dequantize_linear,
     .eval = eval_dequantize_linear,
     .kernels = kDequantizeKernels},
    {.name = "DynamicQuantizeLinear",
     .inputs = kDynamicIn,
     .min_inputs = 1,
     .outputs = kDynamicOut,
     .min_outputs = 3,
     .infer = infer_dynamic_quantize_linear,
     .eval = eval_dynamic_quantize_linear,
     .kernels = kDynamicQuantizeKernels},
    {.name = "FusedQLinearConv",
     .domain = Domain::kThane,
     .inputs = kQLinearConvIn,
     .min_inputs = 8,
     .outputs = kQLinearConvOut,
     .attrs = &attrs_schema<FusedQLinearConvAttrs>,
     .infer = infer_qlinear_conv,
     .eval = eval_qlinear_conv,
     .kernels = kQLinearConvKernels,
     .flags = kHeavy},
    {.name = "FusedQLinearMatMul",
     .domain = Domain::kThane,
     .inputs = kFusedMatMulIn,
     .min_inputs = 8,
     .outputs = kQLinearMatMulOut,
     .attrs = &attrs_schema<FusedQLinearMatMulAttrs>,
     .infer = infer_fused_qlinear_matmul,
     .eval = eval_fused_qlinear_matmul,
     .kernels = kQLinearMatMulKernels,
     .flags = kHeavy},
    {.name = "MatMulInteger",
     .inputs = kMatMulIntegerIn,
     .min_inputs = 2,
     .outputs = kInt32Out,
     .infer = infer_matmul_integer,
     .eval = eval_matmul_integer,
     .kernels = kMatMulIntegerKernels,
     .flags = kHeavy},
    {.name = "QLinearConv",
     .inputs = kQLinearConvIn,
     .min_inputs = 8,
     .outputs = kQLinearConvOut,
     .attrs = &attrs_schema<ConvAttrs>,
     .infer = infer_qlinear_conv,
     .eval = eval_qlinear_conv,
     .kernels = kQLinearConvKernels,
     .flags = kHeavy},
    {.name = "QLinearMatMul",
     .inputs = kQLinearMatMulIn,
     .min_inputs = 8,
     .outputs = kQLinearMatMulOut,
     .infer = infer_qlinear_matmul,
     .eval = eval_qlinear_matmul,
     .kernels = kQLinearMatMulKernels,
     .flags = kHeavy},
    {.name = "QuantizedAdd",
     .domain = Domain::kThane,
     .inputs = kAddIn,
     .min_inputs = 8,
     .outputs = kAddOut,
     .attrs = &attrs_schema<QuantizedAddAttrs>,
     .infer = infer_quantized_add,
     .eval = eval_quantized_add,
     .kernels = kAddKernels},
    {.name = "QuantizeLinear",
     .inputs = kQuantizeIn,
     .min_inputs = 2,
     .outputs = kQuantizeOut,
     .attrs = &attrs_schema<QuantizeAttrs>,
     .infer = infer_quantize_linear,
     .eval = eval_quantize_linear,
     .kernels = kQuantizeKernels},
};

}  // namespace

std::span<const OpDef> quantize_ops() { return kOps; }

}  // namespace thane
