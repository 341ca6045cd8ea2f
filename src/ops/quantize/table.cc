// QuantizeLinear, DequantizeLinear and integer matrix products.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> quantize_ops() { return {}; }

}  // namespace thane
