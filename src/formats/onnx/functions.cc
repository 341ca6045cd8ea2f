// Model-local functions are inlined where they are called.
#include <algorithm>

#include "base/format.h"
#include "formats/onnx/attributes.h"
#include "formats/onnx/domains.h"
#include "formats/onnx/import.h"
#include "formats/onnx/limits.h"

namespace thane::onnx {

Status Importer::add_functions(const std::vector<Bytes>& messages) {
  for (const Bytes& message : messages) {
    THANE_ASSIGN(FunctionProto function, decode_function(message));
    FunctionKey key{std::string(canonical_domain(function.domain)), std::string(function.name),
                    std::string(function.overload)};
    const std::string label = format("function '{}.{}'", key[0], key[1]);
    if (!functions_.emplace(std::move(key), std::move(function)).second) {
      return invalid_model(label + " is defined twice");
    }
  }
  return ok();
}

const FunctionProto* Importer::find_function(const ForeignNode& node) const {
  const auto found = functions_.find(FunctionKey{node.domain, node.op, node.overload});
  return found == functions_.end() ? nullptr : &found->second;
}

namespace {

// What the call gives, then the function's defaults.
Status bind_attributes(const FunctionProto& function, ForeignNode& call, Source& source, Frame& frame) {
  frame.attrs = std::move(call.attrs);
  frame.graphs = std::move(call.graphs);
  for (const AttributeProto& attribute : function.defaults) {
    if (frame.attrs.contains(attribute.name) || holds_graphs(attribute)) continue;
    THANE_ASSIGN(AttrValue value, read_attribute(attribute, source));
    frame.attrs.emplace(attribute.name, std::move(value));
  }
  return ok();
}

}  // namespace

Status Importer::inline_function(const FunctionProto& function, ForeignNode call, Scope& scope) {
  if (scope.depth >= kMostNesting) return nested_too_deeply();
  for (const Frame* frame = scope.frame; frame; frame = frame->caller) {
    if (frame->function == &function) return invalid_model(format("function '{}' calls itself", function.name));
  }
  if (call.inputs.size() > function.inputs.size() || call.outputs.size() > function.outputs.size()) {
    return invalid_model(format("a call of function '{}' with {} inputs and {} outputs", function.name,
                                call.inputs.size(), call.outputs.size()))
        .expecting(format("at most {} and {}", function.inputs.size(), function.outputs.size()));
  }
  Frame frame;
  frame.function = &function;
  frame.caller = scope.frame;
  frame.label = call.name.empty() ? call.op : call.name;
  THANE_TRY(bind_attributes(function, call, source_, frame));
  for (size_t i = 0; i < call.outputs.size(); ++i) {
    if (call.outputs[i].empty()) continue;
    frame.results.emplace(function.outputs[i], readable_name(scope, call.outputs[i]));
  }
  Opsets opsets = read_opsets(function.opsets);
  opsets.insert(scope.opsets->begin(), scope.opsets->end());  // where the function does not say
  Scope inner{scope.filler, nullptr, &opsets, &frame, scope.depth + 1, {}};
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    ValueId id = kNoValue;
    if (i < call.inputs.size() && !call.inputs[i].empty()) {
      THANE_ASSIGN(id, lookup(scope, call.inputs[i]));
    }
    THANE_TRY(define(inner, std::string(function.inputs[i]), id));
  }
  THANE_TRY(import_nodes(function.nodes, inner));
  for (size_t i = 0; i < call.outputs.size(); ++i) {
    if (call.outputs[i].empty()) continue;
    THANE_ASSIGN(const ValueId id, lookup(inner, std::string(function.outputs[i])));
    THANE_TRY(define(scope, call.outputs[i], id));
  }
  return ok();
}

}  // namespace thane::onnx
