#include "formats/tensorflow/proto.h"

#include <array>

#include "formats/containers/protobuf.h"

namespace thane::tensorflow {
namespace {

// Indexed by TensorFlow's number.
constexpr std::array<DType, 32> kTypes = {
    DType::kUndefined,  // invalid
    DType::kFloat32,
    DType::kFloat64,
    DType::kInt32,
    DType::kUInt8,
    DType::kInt16,
    DType::kInt8,
    DType::kString,
    DType::kComplex64,
    DType::kInt64,
    DType::kBool,
    DType::kInt8 /*qint8*/,
    DType::kUInt8 /*quint8*/,
    DType::kInt32 /*qint32*/,
    DType::kBFloat16,
    DType::kInt16 /*qint16*/,
    DType::kUInt16 /*quint16*/,
    DType::kUInt16,
    DType::kComplex128,
    DType::kFloat16,
    DType::kUndefined /*resource*/,
    DType::kUndefined /*variant*/,
    DType::kUInt32,
    DType::kUInt64,
    DType::kFloat8E5M2,
    DType::kFloat8E4M3FN,
    DType::kUndefined,
    DType::kUndefined,
    DType::kUndefined,
    DType::kInt4,
    DType::kUInt4,
    DType::kUndefined,
};

// An entry of a protobuf map: its key and its value's bytes.
std::pair<Bytes, Bytes> map_entry(Bytes message) {
  std::pair<Bytes, Bytes> entry;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: entry.first = field.bytes(); break;
      case 2: entry.second = field.bytes(); break;
      default: field.skip();
    }
  }
  return entry;
}

Bytes function_name(Bytes message) {
  Bytes name;
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() == 1)
      name = field.bytes();
    else
      field.skip();
  }
  return name;
}

void decode_list(Bytes message, AttrProto& attr) {
  const auto number = [&](int64_t value) { attr.numbers.push_back(value); };
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 2:
      case 8: attr.texts.push_back(field.bytes()); break;
      case 3:
      case 5:
      case 6: field.integers(number); break;
      case 4: field.floats32([&](float value) { attr.reals.push_back(value); }); break;
      case 7: attr.shapes.push_back(decode_shape(field.bytes())); break;
      case 9: attr.texts.push_back(function_name(field.bytes())); break;
      default: field.skip();
    }
  }
}

NodeDef decode_node(Bytes message) {
  NodeDef node;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: node.name = field.bytes(); break;
      case 2: node.op = field.bytes(); break;
      case 3: node.inputs.push_back(field.bytes()); break;
      case 5: {
        const auto [name, value] = map_entry(field.bytes());
        node.attrs.insert_or_assign(name, decode_attr(value));
        break;
      }
      default: field.skip();
    }
  }
  return node;
}

ArgDef decode_arg(Bytes message) {
  ArgDef arg;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: arg.name = field.bytes(); break;
      case 3: arg.type = field.integer(); break;
      case 4: arg.type_attr = field.bytes(); break;
      case 5: arg.number_attr = field.bytes(); break;
      case 6: arg.type_list_attr = field.bytes(); break;
      default: field.skip();
    }
  }
  return arg;
}

void decode_signature_of_function(Bytes message, FunctionDef& function) {
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: function.name = field.bytes(); break;
      case 2: function.inputs.push_back(decode_arg(field.bytes())); break;
      case 3: function.outputs.push_back(decode_arg(field.bytes())); break;
      default: field.skip();
    }
  }
}

FunctionDef decode_function(Bytes message) {
  FunctionDef function;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: decode_signature_of_function(field.bytes(), function); break;
      case 3: function.nodes.push_back(decode_node(field.bytes())); break;
      case 4: function.results.insert(map_entry(field.bytes())); break;
      case 6: function.control_results.push_back(map_entry(field.bytes()).second); break;
      default: field.skip();
    }
  }
  return function;
}

GraphDef graph_of(Bytes message) {
  GraphDef graph;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: graph.nodes.push_back(decode_node(field.bytes())); break;
      case 2:
        for (ProtobufReader library(field.bytes()); library.next();) {
          if (library.tag() == 1)
            graph.functions.push_back(decode_function(library.bytes()));
          else
            library.skip();
        }
        break;
      case 4:
        for (ProtobufReader versions(field.bytes()); versions.next();) {
          if (versions.tag() == 1)
            graph.producer = versions.integer();
          else
            versions.skip();
        }
        break;
      default: field.skip();
    }
  }
  return graph;
}

// Names of the tensors that a sparse tensor or a composite one consists of.
std::vector<Bytes> sparse_components(Bytes message) {
  std::vector<Bytes> names;
  for (ProtobufReader field(message); field.next();) names.push_back(field.bytes());
  return names;
}
TensorInfo decode_tensor_info(Bytes message) {
  TensorInfo info;
  info.shape.unknown_rank = true;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: info.name = field.bytes(); break;
      case 2: info.type = field.integer(); break;
      case 3: info.shape = decode_shape(field.bytes()); break;
      case 4:
        info.composite = true;
        info.components = sparse_components(field.bytes());
        break;
      case 5:
        info.composite = true;
        for (ProtobufReader composite(field.bytes()); composite.next();) {
          if (composite.tag() == 2)
            info.components.push_back(decode_tensor_info(composite.bytes()).name);
          else
            composite.skip();
        }
        break;
      default: field.skip();
    }
  }
  return info;
}

SignatureDef decode_signature(Bytes message) {
  SignatureDef signature;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1:
      case 2: {
        auto& side = field.tag() == 1 ? signature.inputs : signature.outputs;
        const auto [name, value] = map_entry(field.bytes());
        side.insert_or_assign(name, decode_tensor_info(value));
        break;
      }
      case 3: signature.method = field.bytes(); break;
      default: field.skip();
    }
  }
  return signature;
}

void decode_meta_info(Bytes message, MetaGraphDef& meta) {
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 4: meta.tags.push_back(field.bytes()); break;
      case 5: meta.version = field.bytes(); break;
      default: field.skip();
    }
  }
}

void decode_saver(Bytes message, MetaGraphDef& meta) {
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: meta.restore_filename = field.bytes(); break;
      case 3: meta.restore_op = field.bytes(); break;
      default: field.skip();
    }
  }
}

void decode_asset(Bytes message, MetaGraphDef& meta) {
  Bytes tensor, file;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: tensor = decode_tensor_info(field.bytes()).name; break;
      case 2: file = field.bytes(); break;
      default: field.skip();
    }
  }
  meta.assets.insert_or_assign(tensor, file);
}

void decode_collection(Bytes message, MetaGraphDef& meta) {
  const auto [name, value] = map_entry(message);
  for (ProtobufReader field(value); field.next();) {
    if (field.tag() != 1) {
      field.skip();
      continue;
    }
    for (ProtobufReader list(field.bytes()); list.next();) {
      if (list.tag() == 1)
        meta.collections[name].push_back(list.bytes());
      else
        list.skip();
    }
  }
}

MetaGraphDef meta_graph_of(Bytes message) {
  MetaGraphDef meta;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: decode_meta_info(field.bytes(), meta); break;
      case 2: meta.graph = graph_of(field.bytes()); break;
      case 3: decode_saver(field.bytes(), meta); break;
      case 4: decode_collection(field.bytes(), meta); break;
      case 5: {
        const auto [name, value] = map_entry(field.bytes());
        meta.signatures.insert_or_assign(name, decode_signature(value));
        break;
      }
      case 6: decode_asset(field.bytes(), meta); break;
      default: field.skip();
    }
  }
  return meta;
}

}  // namespace

DType to_dtype(int64_t tf_type) {
  if (is_reference(tf_type)) tf_type -= kTfRefOffset;
  return tf_type >= 0 && tf_type < static_cast<int64_t>(kTypes.size()) ? kTypes[static_cast<size_t>(tf_type)]
                                                                       : DType::kUndefined;
}

bool is_reference(int64_t tf_type) { return tf_type > kTfRefOffset; }

ShapeProto decode_shape(Bytes message) {
  ShapeProto shape;
  constexpr size_t kMostDims = 254;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 2: {
        int64_t size = 0;
        for (ProtobufReader dim(field.bytes()); dim.next();) {
          if (dim.tag() == 1)
            size = dim.integer();
          else
            dim.skip();
        }
        if (shape.dims.size() < kMostDims) shape.dims.push_back(size < 0 ? -1 : size);
        break;
      }
      case 3: shape.unknown_rank = field.integer() != 0; break;
      default: field.skip();
    }
  }
  return shape;
}

AttrProto decode_attr(Bytes message) {
  using Kind = AttrProto::Kind;
  AttrProto attr;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1:
        attr.kind = Kind::kList;
        decode_list(field.bytes(), attr);
        break;
      case 2:
        attr.kind = Kind::kString;
        attr.text = field.bytes();
        break;
      case 3:
        attr.kind = Kind::kInt;
        attr.number = field.integer();
        break;
      case 4:
        attr.kind = Kind::kFloat;
        attr.real = field.float32();
        break;
      case 5:
        attr.kind = Kind::kBool;
        attr.number = field.integer();
        break;
      case 6:
        attr.kind = Kind::kType;
        attr.number = field.integer();
        break;
      case 7:
        attr.kind = Kind::kShape;
        attr.shape = decode_shape(field.bytes());
        break;
      case 8:
        attr.kind = Kind::kTensor;
        attr.text = field.bytes();
        break;
      case 9:
        attr.kind = Kind::kPlaceholder;
        attr.text = field.bytes();
        break;
      case 10:
        attr.kind = Kind::kFunction;
        attr.text = function_name(field.bytes());
        break;
      default: field.skip();
    }
  }
  return attr;
}

Result<GraphDef> decode_graph(Bytes message) {
  return decode_protobuf("GraphDef", [&]() -> Result<GraphDef> { return graph_of(message); });
}

Result<MetaGraphDef> decode_meta_graph(Bytes message) {
  return decode_protobuf("MetaGraphDef", [&]() -> Result<MetaGraphDef> { return meta_graph_of(message); });
}

Result<std::vector<MetaGraphDef>> decode_saved_model(Bytes message) {
  return decode_protobuf("SavedModel", [&]() -> Result<std::vector<MetaGraphDef>> {
    std::vector<MetaGraphDef> graphs;
    for (ProtobufReader field(message); field.next();) {
      if (field.tag() == 2)
        graphs.push_back(meta_graph_of(field.bytes()));
      else
        field.skip();
    }
    return graphs;
  });
}

}  // namespace thane::tensorflow
