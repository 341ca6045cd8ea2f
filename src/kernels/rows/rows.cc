#include "kernels/rows/rows.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(RowKernels, kRows)

const RowKernels& row_kernels(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kRows); }

}  // namespace thane
