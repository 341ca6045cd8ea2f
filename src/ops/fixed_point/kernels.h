// Faster ways to run fixed-point ops.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kFixedRowsConv;

}  // namespace thane
