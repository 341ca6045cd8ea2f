#include <protozero/pbf_writer.hpp>

#include "base/format.h"
#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {
namespace {

// Marks the Scan that scan_batches writes into a body, which is in the new form already.
constexpr std::string_view kInner = "\x01inner";

void add_attribute(protozero::pbf_writer& node, const std::string& name, AttributeType type, uint32_t tag,
                   const auto& value) {
  protozero::pbf_writer attribute(node, 5);
  attribute.add_string(1, name);
  attribute.add_int32(20, static_cast<int32_t>(type));
  if constexpr (std::is_same_v<std::decay_t<decltype(value)>, int64_t>) {
    attribute.add_int64(tag, value);
  } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Dims>) {
    for (int64_t v : value) attribute.add_int64(tag, v);
  } else {
    attribute.add_message(tag, value.data(), value.size());
  }
}

void add_value_info(protozero::pbf_writer& graph, uint32_t tag, const std::string& name) {
  protozero::pbf_writer info(graph, tag);
  info.add_string(1, name);
}

// Names begin with \x01 like all made-up ones: the body may use any other name of its surroundings.
// A graph whose inputs and outputs are those of one sample, holding the Scan over its sequence.
std::string sample_graph(Bytes body, size_t inputs, size_t outputs, int64_t scan_inputs, const Dims& directions) {
  std::string message;
  protozero::pbf_writer graph(message);
  {
    protozero::pbf_writer node(graph, 1);
    for (size_t i = 0; i < inputs; ++i) node.add_string(1, format("\x01{}\x01in", i));
    for (size_t i = 0; i < outputs; ++i) node.add_string(2, format("\x01{}\x01out", i));
    node.add_string(4, "Scan");
    node.add_string(8, kInner.data(), kInner.size());
    add_attribute(node, "num_scan_inputs", AttributeType::kInt, 3, scan_inputs);
    if (!directions.empty()) add_attribute(node, "scan_input_directions", AttributeType::kInts, 8, directions);
    add_attribute(node, "body", AttributeType::kGraph, 6, body);
  }
  for (size_t i = 0; i < inputs; ++i) add_value_info(graph, 11, format("\x01{}\x01in", i));
  for (size_t i = 0; i < outputs; ++i) add_value_info(graph, 12, format("\x01{}\x01out", i));
  return message;
}

}  // namespace

// Everything had a batch dimension in front, and the body saw one sample: a scan over the batch of scans over
// sequences.
Status scan_batches(Rewrite& r) {
  if (r.node.overload == kInner) {
    r.node.overload.clear();
    return ok();
  }
  if (r.has_input(0)) return unsupported("Scan of version 8 with sequence_lens");
  if (r.node.inputs.empty() || r.node.graphs.size() != 1) return invalid_model("a Scan without inputs or body");
  THANE_ASSIGN(const int64_t scan_inputs, r.take_or<int64_t>("num_scan_inputs", 0));
  THANE_ASSIGN(const Dims directions, r.take_or("directions", Dims{}));
  r.node.inputs.erase(r.node.inputs.begin());
  const size_t inputs = r.node.inputs.size();
  ForeignGraph& body = r.node.graphs[0].second;
  body.message = r.hold(sample_graph(body.message, inputs, r.node.outputs.size(), scan_inputs, directions));
  r.set("num_scan_inputs", static_cast<int64_t>(inputs));
  return ok();
}

}  // namespace thane::onnx
