// The fast kernels of Conv.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kGemmConv;

}  // namespace thane
