// Drops nodes whose output is their input: Identity, Dropout at inference, casts to the same type, or like a value of
// it.
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

bool is_false(const Tensor* tensor) { return tensor && tensor->size() == 1 && !tensor->as_int64(0); }

bool passes_through(const Graph& graph, const Node& node, const GraphEdit& edit) {
  if (node.op->domain != Domain::kOnnx || node.inputs.empty() || node.inputs[0] == kNoValue) return false;
  if (node.op->name == "Identity") return true;
  if (node.op->name == "Dropout") {
    const bool training =
        node.inputs.size() > 2 && node.inputs[2] != kNoValue && !is_false(graph.constant(node.inputs[2]));
    const bool mask_read = node.outputs.size() > 1 && node.outputs[1] != kNoValue && edit.uses(node.outputs[1]) > 0;
    return !training && !mask_read;
  }
  if (node.op->name == "Cast" || node.op->name == "CastLike") {
    const Type& from = graph.values[node.inputs[0]].type;
    const Type& to = graph.values[node.op->name == "Cast" ? node.outputs[0] : node.inputs[1]].type;
    return from.is_tensor() && from.dtype != DType::kUndefined && from.dtype == to.dtype;
  }
  return false;
}

}  // namespace

Status remove_identities(Graph& graph, const PassOptions&) {
  GraphEdit edit(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!passes_through(graph, node, edit) || edit.is_output(node.outputs[0])) continue;
    edit.replace(node.outputs[0], node.inputs[0]);
    edit.remove(n);
  }
  edit.finish();
  return ok();
}

}  // namespace thane
