// AttributeProto → AttrValue.
#pragma once

#include "formats/onnx/proto.h"
#include "formats/source.h"
#include "ir/attrs.h"

namespace thane::onnx {

// Of any kind but graphs. Sparse tensors become dense; a type becomes its text ("seq(float32[...])").
Result<AttrValue> read_attribute(const AttributeProto& attribute, Source& source);
// The graphs of a graph attribute.
Result<std::vector<Bytes>> read_graphs(const AttributeProto& attribute);

inline bool holds_graphs(const AttributeProto& attribute) {
  return attribute.type == AttributeType::kGraph || attribute.type == AttributeType::kGraphs;
}

}  // namespace thane::onnx
