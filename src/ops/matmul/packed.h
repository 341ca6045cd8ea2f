// The fast kernels of MatMul and Gemm.
#pragma once

#include "ir/kernel.h"
#include "ops/packed_matrix.h"

namespace thane {

extern const Kernel kPackedMatMul;   // B is a constant matrix
extern const Kernel kBatchedMatMul;  // B is computed: panels are packed on the way
extern const Kernel kPackedGemm;     // B is a constant matrix, C a constant row or absent
extern const Kernel kPackedFusedMatMul;
extern const Kernel kPackedFusedGemm;

}  // namespace thane
