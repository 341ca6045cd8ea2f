// The fast kernels of Conv and FusedConv.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kGemmConv;
extern const Kernel kGemmFusedConv;

}  // namespace thane
