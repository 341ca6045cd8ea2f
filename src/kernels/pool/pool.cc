#include "kernels/pool/pool.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(PoolKernels, kPools)

const PoolKernels& pool_kernels(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kPools); }

}  // namespace thane
