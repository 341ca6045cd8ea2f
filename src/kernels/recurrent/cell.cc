#include "kernels/recurrent/cell.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(CellKernels, kCells)

const CellKernels& cell_kernels(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kCells); }

}  // namespace thane
