#include "kernels/depthwise/depthwise.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(DepthwiseKernel, kDepthwise)

const DepthwiseKernel& depthwise_kernel(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kDepthwise); }

}  // namespace thane
