// MatMul, Gemm, Einsum, Det.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> matmul_ops() { return {}; }

}  // namespace thane
