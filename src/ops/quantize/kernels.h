// The fast kernels of quantization and of quantized arithmetic.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kPlainQuantize;
extern const Kernel kPlainDequantize;
extern const Kernel kPlainDynamicQuantize;
extern const Kernel kPlainQuantizedAdd;
extern const Kernel kDepthwiseQLinearConv;  // these: channels last
extern const Kernel kWinogradQLinearConv;
extern const Kernel kPackedQLinearConv;
extern const Kernel kWinogradConvInteger;
extern const Kernel kPackedConvInteger;
extern const Kernel kPackedMatMulInteger;
extern const Kernel kPackedQLinearMatMul;

}  // namespace thane
