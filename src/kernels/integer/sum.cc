#include "kernels/integer/sum.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(IntegerSumRun, kIntegerSum)

IntegerSumRun integer_sum(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kIntegerSum); }

}  // namespace thane
