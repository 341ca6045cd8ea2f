// ONNX files.
#pragma once

#include <memory>

#include "base/file.h"
#include "formats/options.h"
#include "ir/graph.h"

namespace thane {

// Reads an ONNX model: all op sets of ai.onnx (1 to 27), ai.onnx.ml, ai.onnx.preview(.training) and what is known of
// com.microsoft. Weights stay in the file, which the model keeps open. Types are inferred; the graph is verified.
// Inputs that have a default become constants. Errors: kInvalidModel for what contradicts itself; kUnsupported listing
// every op that thane lacks.
Result<Model> read_onnx(std::shared_ptr<const MappedFile> file, const ReadOptions& options);

}  // namespace thane
