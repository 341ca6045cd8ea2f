// TensorFlow's messages as views over their bytes: what thane needs of graph.proto, function.proto, meta_graph.proto
// and saved_model.proto. Tensors stay undecoded until asked for (tensor.h).
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/dtype.h"
#include "base/result.h"
#include "ir/dim.h"

namespace thane::tensorflow {

using Bytes = std::string_view;

// TensorFlow's DataType. Values of reference types are these plus 100.
enum TfType : int32_t {
  kTfInvalid = 0,
  kTfFloat = 1,
  kTfString = 7,
  kTfBool = 10,
  kTfResource = 20,
  kTfVariant = 21,
  kTfRefOffset = 100,
};
// kUndefined for resources, variants and what thane lacks. Quantized types are the integers they are stored as.
DType to_dtype(int64_t tf_type);
bool is_reference(int64_t tf_type);

struct ShapeProto {
  bool unknown_rank = false;
  Dims dims;  // -1: unknown
};

struct NodeDef;
struct AttrProto;
using AttrProtos = std::map<std::string_view, AttrProto>;

// One attribute value; which member counts is the reader's knowledge, as in the protobuf.
struct AttrProto {
  enum class Kind : uint8_t {
    kNone,
    kString,
    kInt,
    kFloat,
    kBool,
    kType,
    kShape,
    kTensor,
    kList,
    kFunction,
    kPlaceholder
  };
  Kind kind = Kind::kNone;
  Bytes text;          // string, tensor (a message), name of a function or placeholder
  int64_t number = 0;  // int, bool, type
  float real = 0;
  ShapeProto shape;
  // Lists.
  std::vector<Bytes> texts;  // strings, tensors, names of functions
  std::vector<int64_t> numbers;
  std::vector<float> reals;
  std::vector<ShapeProto> shapes;
};

struct NodeDef {
  std::string_view name, op;
  std::vector<std::string_view> inputs;
  AttrProtos attrs;

  const AttrProto* attr(std::string_view name) const {
    const auto found = attrs.find(name);
    return found == attrs.end() ? nullptr : &found->second;
  }
};

struct ArgDef {
  std::string_view name, type_attr, number_attr, type_list_attr;
  int64_t type = 0;
};

struct FunctionDef {
  std::string_view name;
  std::vector<ArgDef> inputs, outputs;
  std::vector<NodeDef> nodes;
  std::map<std::string_view, std::string_view> results;  // output argument → "node:output:index"
  std::vector<std::string_view> control_results;         // nodes that run whatever is read
};

struct GraphDef {
  std::vector<NodeDef> nodes;
  std::vector<FunctionDef> functions;
  int64_t producer = 0;
};

struct TensorInfo {
  std::string_view name;  // "node:0"
  int64_t type = 0;
  ShapeProto shape;
  bool composite = false;                    // a sparse or ragged tensor: several components
  std::vector<std::string_view> components;  // their names
};

struct SignatureDef {
  std::map<std::string_view, TensorInfo> inputs, outputs;
  std::string_view method;
};

struct MetaGraphDef {
  std::vector<std::string_view> tags;
  std::string_view version;  // of the TensorFlow that wrote it
  GraphDef graph;
  std::string_view restore_op, restore_filename;
  std::map<std::string_view, SignatureDef> signatures;
  std::map<std::string_view, std::string_view> assets;                    // tensor name → file name below assets/
  std::map<std::string_view, std::vector<std::string_view>> collections;  // node lists alone
};

Result<GraphDef> decode_graph(Bytes message);
Result<MetaGraphDef> decode_meta_graph(Bytes message);
Result<std::vector<MetaGraphDef>> decode_saved_model(Bytes message);
// For use within decode_protobuf.
ShapeProto decode_shape(Bytes message);
AttrProto decode_attr(Bytes message);

}  // namespace thane::tensorflow
