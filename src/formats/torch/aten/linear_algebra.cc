#include "formats/torch/aten/lowering.h"

namespace thane::aten {

std::span<const Row> linear_algebra_rows() { return {}; }

}  // namespace thane::aten
