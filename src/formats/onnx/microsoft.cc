// The com.microsoft domain: contrib ops as ONNX Runtime documents them (docs/ContribOperators.md there).
#include "formats/onnx/domains.h"
#include "formats/onnx/rewrite.h"

namespace thane::onnx {

std::span<const DomainOp> microsoft_ops() { return {}; }

}  // namespace thane::onnx
