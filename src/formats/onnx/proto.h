// The messages of onnx.proto (IR version 13) as views over the file: what is nested stays bytes until somebody asks.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thane::onnx {

using Bytes = std::string_view;

struct StringPair {
  std::string_view key, value;
};

struct OpsetId {
  std::string_view domain;
  int64_t version = 0;
};

struct ModelProto {
  int64_t ir_version = 0;
  bool has_graph = false;
  Bytes graph;
  std::string_view producer_name, producer_version, doc;
  std::vector<OpsetId> opsets;
  std::vector<StringPair> metadata;
  std::vector<Bytes> functions;
};

struct ValueInfoProto {
  std::string_view name;
  Bytes type;
};

struct GraphProto {
  std::string_view name;
  std::vector<Bytes> nodes, initializers, sparse_initializers;
  std::vector<ValueInfoProto> inputs, outputs;
};

// onnx.AttributeProto.AttributeType
enum class AttributeType : uint8_t {
  kUndefined = 0,
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
  kTensors = 9,
  kGraphs = 10,
  kSparseTensor = 11,
  kSparseTensors = 12,
  kType = 13,
  kTypes = 14,
};

struct AttributeProto {
  std::string_view name, reference;  // reference: the attribute of the enclosing function that gives the value
  AttributeType type = AttributeType::kUndefined;
  Bytes message;  // the whole
};

struct NodeProto {
  std::string_view name, op_type, domain, overload;
  std::vector<std::string_view> inputs, outputs;
  std::vector<AttributeProto> attributes;
};

struct FunctionProto {
  std::string_view name, domain, overload;
  std::vector<std::string_view> inputs, outputs;
  std::vector<Bytes> nodes;
  std::vector<AttributeProto> defaults;  // attributes that may be left out
  std::vector<OpsetId> opsets;
};

Result<ModelProto> decode_model(Bytes message);
Result<GraphProto> decode_graph(Bytes message);
Result<NodeProto> decode_node(Bytes message);
Result<FunctionProto> decode_function(Bytes message);

}  // namespace thane::onnx
