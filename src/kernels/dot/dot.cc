#include "kernels/dot/dot.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(DotKernel, kDot)

const DotKernel& dot_kernel(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kDot); }

}  // namespace thane
