#include "kernels/quantize/quantize.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(QuantizeKernels, kQuantize)

const QuantizeKernels& quantize_kernels(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kQuantize); }

}  // namespace thane
