// The fast kernels of QuantizeLinear and DequantizeLinear.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kPlainQuantize;
extern const Kernel kPlainDequantize;

}  // namespace thane
