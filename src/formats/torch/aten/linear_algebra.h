// What norms need of decompositions.
#pragma once

#include "formats/torch/aten/lowering.h"

namespace thane::aten {

// Of […, m, n] matrices: […, min(m, n)], falling.
Edge singular_values(Call& c, const Edge& a);

}  // namespace thane::aten
