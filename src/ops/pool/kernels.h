// The fast kernels of poolings, for float32 with channels last.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kRowMaxPool;
extern const Kernel kRowAveragePool;
extern const Kernel kRowGlobalMaxPool;
extern const Kernel kRowGlobalAveragePool;

}  // namespace thane
