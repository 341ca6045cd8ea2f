#include "kernels/winograd/winograd.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(WinogradKernels, kWinograd)

const WinogradKernels& winograd_kernels(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kWinograd); }

}  // namespace thane
