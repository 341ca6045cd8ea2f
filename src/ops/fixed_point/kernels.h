// Faster ways to run fixed-point ops.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kFixedDepthwiseConv;  // one input channel per output channel
extern const Kernel kWinogradFixedConv;
extern const Kernel kPackedFixedConv;
extern const Kernel kFixedRowsConv;
extern const Kernel kPackedFixedMatMul;
extern const Kernel kFixedSum;  // or difference, of bytes

}  // namespace thane
