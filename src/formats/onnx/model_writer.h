// For tests: ONNX messages, written field by field (onnx.proto's numbers).
#pragma once

#include <protozero/pbf_writer.hpp>

#include <string>
#include <vector>

namespace thane::onnx {

using Texts = std::vector<std::string>;

// Attributes: type numbers as in AttributeProto.AttributeType.
inline std::string int_attribute(const std::string& name, int64_t value) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_string(1, name);
  out.add_int64(3, value);
  out.add_int32(20, 2);
  return message;
}
inline std::string graph_attribute(const std::string& name, const std::string& graph) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_string(1, name);
  out.add_message(6, graph);
  out.add_int32(20, 5);
  return message;
}
inline std::string reference_attribute(const std::string& name, const std::string& formal, int32_t type) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_string(1, name);
  out.add_string(21, formal);
  out.add_int32(20, type);
  return message;
}
inline std::string tensor_attribute(const std::string& name, const std::string& tensor) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_string(1, name);
  out.add_message(5, tensor);
  out.add_int32(20, 4);
  return message;
}

inline std::string node(const std::string& op, const Texts& inputs, const Texts& outputs, const Texts& attributes = {},
                        const std::string& domain = "", const std::string& name = "") {
  std::string message;
  protozero::pbf_writer out(message);
  for (const auto& input : inputs) out.add_string(1, input);
  for (const auto& output : outputs) out.add_string(2, output);
  out.add_string(3, name);
  out.add_string(4, op);
  for (const auto& attribute : attributes) out.add_message(5, attribute);
  out.add_string(7, domain);
  return message;
}

// A tensor type of dtype `code`; a dimension is a number, or a name.
inline std::string value_info(const std::string& name, int32_t code, const Texts& dims) {
  std::string shape;
  for (const auto& dim : dims) {
    protozero::pbf_writer each(shape);
    protozero::pbf_writer message(each, 1);
    if (dim.find_first_not_of("-0123456789") == std::string::npos)
      message.add_int64(1, std::stoll(dim));
    else
      message.add_string(2, dim);
  }
  std::string info;
  protozero::pbf_writer out(info);
  out.add_string(1, name);
  protozero::pbf_writer type(out, 2);
  protozero::pbf_writer tensor(type, 1);
  tensor.add_int32(1, code);
  tensor.add_message(2, shape);
  return info;
}

inline std::string raw_tensor(const std::string& name, int32_t code, const std::vector<int64_t>& dims,
                              const std::string& raw) {
  std::string message;
  protozero::pbf_writer out(message);
  for (int64_t d : dims) out.add_int64(1, d);
  out.add_int32(2, code);
  out.add_string(8, name);
  out.add_bytes(9, raw);
  return message;
}

inline std::string external_tensor(const std::string& name, int32_t code, const std::vector<int64_t>& dims,
                                   const std::string& location, const std::string& offset, const std::string& length) {
  std::string message;
  protozero::pbf_writer out(message);
  for (int64_t d : dims) out.add_int64(1, d);
  out.add_int32(2, code);
  out.add_string(8, name);
  const auto entry = [&](const std::string& key, const std::string& value) {
    if (value.empty()) return;
    protozero::pbf_writer pair(out, 13);
    pair.add_string(1, key);
    pair.add_string(2, value);
  };
  entry("location", location);
  entry("offset", offset);
  entry("length", length);
  out.add_int32(14, 1);
  return message;
}

struct GraphText {
  Texts nodes, inputs, outputs, initializers, sparse_initializers;  // messages
};

inline std::string graph(const GraphText& text) {
  std::string message;
  protozero::pbf_writer out(message);
  for (const auto& each : text.nodes) out.add_message(1, each);
  out.add_string(2, "test");
  for (const auto& each : text.initializers) out.add_message(5, each);
  for (const auto& each : text.inputs) out.add_message(11, each);
  for (const auto& each : text.outputs) out.add_message(12, each);
  for (const auto& each : text.sparse_initializers) out.add_message(15, each);
  return message;
}

inline void add_opset(protozero::pbf_writer& out, uint32_t tag, const std::string& domain, int64_t version) {
  protozero::pbf_writer opset(out, tag);
  opset.add_string(1, domain);
  opset.add_int64(2, version);
}

inline std::string function(const std::string& domain, const std::string& name, const Texts& inputs,
                            const Texts& outputs, const Texts& nodes, const Texts& defaults = {}) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_string(1, name);
  for (const auto& each : inputs) out.add_string(4, each);
  for (const auto& each : outputs) out.add_string(5, each);
  for (const auto& each : nodes) out.add_message(7, each);
  add_opset(out, 9, "", 21);
  add_opset(out, 9, "local", 1);
  out.add_string(10, domain);
  for (const auto& each : defaults) out.add_message(11, each);
  return message;
}

inline std::string model(const std::string& graph_message, const Texts& functions = {}, int64_t opset = 21) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_int64(1, 8);
  out.add_string(2, "tester");
  out.add_message(7, graph_message);
  add_opset(out, 8, "", opset);
  add_opset(out, 8, "local", 1);
  for (const auto& each : functions) out.add_message(25, each);
  return message;
}

}  // namespace thane::onnx
