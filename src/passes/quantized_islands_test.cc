// Graphs before and after, node by node.
#include <gtest/gtest.h>

#include <random>

#include "ops/evaluate.h"
#include "ops/infer.h"
#include "ops/table.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

class Builder {
 public:
  Graph graph;
  ValueId input(const std::string& name, DType dtype, const Dims& dims) {
    const ValueId id = graph.add_value(name, Type::tensor(dtype, to_symbolic(dims)));
    graph.inputs.push_back(id);
    return id;
  }
  ValueId constant(Tensor tensor) { return graph.add_constant(graph.fresh_name("c"), std::move(tensor)); }
  ValueId node(std::string_view op, std::vector<ValueId> inputs, const AttrMap& attrs = {}) {
    Node node;
    node.op = find_op(Domain::kOnnx, op);
    node.inputs = std::move(inputs);
    node.outputs = {graph.add_value(graph.fresh_name("v"))};
    if (node.op->attrs) node.attrs = *node.op->attrs->parse(AttrMap(attrs));
    graph.nodes.push_back(std::move(node));
    return graph.nodes.back().outputs[0];
  }
  ValueId scale(float x) { return constant(Tensor::scalar(x)); }
  ValueId zero(uint8_t x) { return constant(Tensor::scalar(x)); }
};

Tensor random_bytes(DType dtype, const Dims& dims, std::mt19937& random) {
  Tensor out = Tensor::must_allocate(dtype, dims);
  for (int64_t i = 0; i < out.size(); ++i) out.data<uint8_t>()[i] = static_cast<uint8_t>(random());
  return out;
}

Tensor run(const Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<Value> values(graph.values.size());
  for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = Value(inputs[i]);
  for (size_t i = 0; i < values.size(); ++i) {
    if (graph.values[i].constant) values[i] = Value(*graph.values[i].constant);
  }
  ThreadPool alone(1);
  RandomSource random{0};
  for (const Node& node : graph.nodes) {
    std::vector<const Value*> in;
    for (ValueId id : node.inputs) in.push_back(id == kNoValue ? nullptr : &values[id]);
    auto out = evaluate(node, in, alone, nullptr, random);
    EXPECT_TRUE(out.ok()) << node.op->name;
    for (size_t i = 0; out.ok() && i < node.outputs.size(); ++i) values[node.outputs[i]] = (*out)[i];
  }
  return values[graph.outputs[0]].tensor();
}

// Runs the pass and returns the greatest difference it makes.
int64_t difference(Builder& b, ValueId output, const std::vector<Tensor>& inputs, std::string_view op) {
  b.graph.outputs = {output};
  EXPECT_TRUE(annotate_types(b.graph).ok());
  const Tensor before = run(b.graph, inputs);
  EXPECT_TRUE(quantized_islands(b.graph, {}).ok());
  EXPECT_EQ(b.graph.nodes.back().op->name, op);
  const Tensor after = run(b.graph, inputs);
  EXPECT_EQ(before.dims(), after.dims());
  int64_t most = 0;
  for (int64_t i = 0; i < before.size(); ++i) most = std::max(most, std::abs(before.as_int64(i) - after.as_int64(i)));
  return most;
}

TEST(QuantizedIslands, ConvWithBiasAndClamp) {
  std::mt19937 random(1);
  Builder b;
  const ValueId x = b.input("x", DType::kUInt8, {1, 3, 6, 6});
  const ValueId xs = b.scale(0.02f), ws = b.scale(0.004f), zero = b.zero(120);
  Tensor bias = Tensor::must_allocate(DType::kInt32, {5});
  for (int i = 0; i < 5; ++i) bias.data<int32_t>()[i] = 700 * i - 900;
  const ValueId conv =
      b.node("Conv", {b.node("DequantizeLinear", {x, xs, zero}),
                      b.node("DequantizeLinear", {b.constant(random_bytes(DType::kInt8, {5, 3, 3, 3}, random)), ws}),
                      b.node("DequantizeLinear", {b.constant(bias), b.scale(0.02f * 0.004f)})});
  const ValueId clip = b.node("Clip", {conv, b.scale(-0.5f), b.scale(1.5f)});
  const ValueId y = b.node("QuantizeLinear", {clip, b.scale(0.013f), b.zero(90)});
  EXPECT_LE(difference(b, y, {random_bytes(DType::kUInt8, {1, 3, 6, 6}, random)}, "FusedQLinearConv"), 1);
}

TEST(QuantizedIslands, AddKeepsEveryBit) {
  std::mt19937 random(2);
  Builder b;
  const ValueId a = b.input("a", DType::kUInt8, {300}), c = b.input("c", DType::kUInt8, {300});
  const ValueId sum = b.node("Add", {b.node("DequantizeLinear", {a, b.scale(0.031f), b.zero(7)}),
                                     b.node("DequantizeLinear", {c, b.scale(0.017f), b.zero(99)})});
  const ValueId y = b.node("QuantizeLinear", {b.node("Relu", {sum}), b.scale(0.04f), b.zero(3)});
  EXPECT_EQ(difference(b, y, {random_bytes(DType::kUInt8, {300}, random), random_bytes(DType::kUInt8, {300}, random)},
                       "QuantizedAdd"),
            0);
}

TEST(QuantizedIslands, FunctionsBecomeTables) {
  std::mt19937 random(3);
  Builder b;
  const ValueId x = b.input("x", DType::kUInt8, {256});
  const ValueId half = b.node("Mul", {b.node("DequantizeLinear", {x, b.scale(0.05f), b.zero(128)}), b.scale(0.5f)});
  const ValueId y = b.node("QuantizeLinear", {b.node("Sigmoid", {half}), b.scale(0.004f), b.zero(0)});
  EXPECT_EQ(difference(b, y, {random_bytes(DType::kUInt8, {256}, random)}, "Lookup"), 0);
}

}  // namespace
}  // namespace thane
