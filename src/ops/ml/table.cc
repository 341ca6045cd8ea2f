// Classical machine learning: ai.onnx.ml.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> ml_ops() { return {}; }

}  // namespace thane
