// The fast kernels of Conv and its relatives.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kDepthwiseConv;  // channels last, one input channel per output channel
extern const Kernel kDepthwiseFusedConv;
extern const Kernel kBottleneck;
extern const Kernel kWinogradConv;  // channels last, 3×3
extern const Kernel kWinogradFusedConv;
extern const Kernel kIndirectConv;  // channels last
extern const Kernel kIndirectFusedConv;
extern const Kernel kIndirectConvTranspose;
extern const Kernel kGemmConv;  // channels first
extern const Kernel kGemmFusedConv;

}  // namespace thane
