#include "kernels/integer/depthwise.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(IntegerDepthwise, kIntegerDepthwise)

const IntegerDepthwise& integer_depthwise(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kIntegerDepthwise); }

}  // namespace thane
