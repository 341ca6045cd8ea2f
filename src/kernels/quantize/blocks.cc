#include "kernels/quantize/blocks.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(WeightBlocks, kWeightBlocks)

const WeightBlocks& weight_blocks(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kWeightBlocks); }

}  // namespace thane
