#include "formats/onnx/proto.h"

#include "base/format.h"
#include "formats/containers/protobuf.h"

// The numbers are the field numbers of onnx.proto.
namespace thane::onnx {
namespace {

OpsetId opset_id(Bytes message) {
  OpsetId id;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: id.domain = field.bytes(); break;
      case 2: id.version = field.integer(); break;
      default: field.skip();
    }
  }
  return id;
}

StringPair string_pair(Bytes message) {
  StringPair pair;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: pair.key = field.bytes(); break;
      case 2: pair.value = field.bytes(); break;
      default: field.skip();
    }
  }
  return pair;
}

ValueInfoProto value_info(Bytes message) {
  ValueInfoProto info;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: info.name = field.bytes(); break;
      case 2: info.type = field.bytes(); break;
      default: field.skip();
    }
  }
  return info;
}

// Files older than IR version 2 do not say the type: the field that is there tells.
AttributeType type_of_field(uint32_t tag) {
  switch (tag) {
    case 2: return AttributeType::kFloat;
    case 3: return AttributeType::kInt;
    case 4: return AttributeType::kString;
    case 5: return AttributeType::kTensor;
    case 6: return AttributeType::kGraph;
    case 7: return AttributeType::kFloats;
    case 8: return AttributeType::kInts;
    case 9: return AttributeType::kStrings;
    case 10: return AttributeType::kTensors;
    case 11: return AttributeType::kGraphs;
    case 14: return AttributeType::kType;
    case 15: return AttributeType::kTypes;
    case 22: return AttributeType::kSparseTensor;
    case 23: return AttributeType::kSparseTensors;
    default: return AttributeType::kUndefined;
  }
}

AttributeProto attribute(Bytes message) {
  AttributeProto attr;
  attr.message = message;
  AttributeType guess = AttributeType::kUndefined;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: attr.name = field.bytes(); break;
      case 21: attr.reference = field.bytes(); break;
      case 20: {
        const int64_t type = field.integer();
        if (type >= 0 && type <= static_cast<int64_t>(AttributeType::kTypes)) {
          attr.type = static_cast<AttributeType>(type);
        }
        break;
      }
      default:
        if (const auto type = type_of_field(field.tag()); type != AttributeType::kUndefined) guess = type;
        field.skip();
    }
  }
  if (attr.type == AttributeType::kUndefined) attr.type = guess;
  return attr;
}

}  // namespace

Result<ModelProto> decode_model(Bytes message) {
  return decode_protobuf("ModelProto", [&]() -> Result<ModelProto> {
    ModelProto model;
    for (ProtobufReader field(message); field.next();) {
      switch (field.tag()) {
        case 1: model.ir_version = field.integer(); break;
        case 2: model.producer_name = field.bytes(); break;
        case 3: model.producer_version = field.bytes(); break;
        case 6: model.doc = field.bytes(); break;
        case 7:
          if (model.has_graph) return invalid_model("the file holds more than one graph");
          model.has_graph = true;
          model.graph = field.bytes();
          break;
        case 8: model.opsets.push_back(opset_id(field.bytes())); break;
        case 14: model.metadata.push_back(string_pair(field.bytes())); break;
        case 25: model.functions.push_back(field.bytes()); break;
        default: field.skip();
      }
    }
    return model;
  });
}

Result<GraphProto> decode_graph(Bytes message) {
  return decode_protobuf("GraphProto", [&]() -> Result<GraphProto> {
    GraphProto graph;
    for (ProtobufReader field(message); field.next();) {
      switch (field.tag()) {
        case 1: graph.nodes.push_back(field.bytes()); break;
        case 2: graph.name = field.bytes(); break;
        case 5: graph.initializers.push_back(field.bytes()); break;
        case 15: graph.sparse_initializers.push_back(field.bytes()); break;
        case 11: graph.inputs.push_back(value_info(field.bytes())); break;
        case 12: graph.outputs.push_back(value_info(field.bytes())); break;
        default: field.skip();
      }
    }
    return graph;
  });
}

Result<NodeProto> decode_node(Bytes message) {
  return decode_protobuf("NodeProto", [&]() -> Result<NodeProto> {
    NodeProto node;
    for (ProtobufReader field(message); field.next();) {
      switch (field.tag()) {
        case 1: node.inputs.push_back(field.bytes()); break;
        case 2: node.outputs.push_back(field.bytes()); break;
        case 3: node.name = field.bytes(); break;
        case 4: node.op_type = field.bytes(); break;
        case 5: node.attributes.push_back(attribute(field.bytes())); break;
        case 7: node.domain = field.bytes(); break;
        case 8: node.overload = field.bytes(); break;
        default: field.skip();
      }
    }
    return node;
  });
}

Result<FunctionProto> decode_function(Bytes message) {
  return decode_protobuf("FunctionProto", [&]() -> Result<FunctionProto> {
    FunctionProto function;
    for (ProtobufReader field(message); field.next();) {
      switch (field.tag()) {
        case 1: function.name = field.bytes(); break;
        case 4: function.inputs.push_back(field.bytes()); break;
        case 5: function.outputs.push_back(field.bytes()); break;
        case 7: function.nodes.push_back(field.bytes()); break;
        case 9: function.opsets.push_back(opset_id(field.bytes())); break;
        case 10: function.domain = field.bytes(); break;
        case 11: function.defaults.push_back(attribute(field.bytes())); break;
        case 13: function.overload = field.bytes(); break;
        default: field.skip();
      }
    }
    return function;
  });
}

}  // namespace thane::onnx
