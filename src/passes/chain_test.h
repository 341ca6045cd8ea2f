// For tests of passes: a chain of nodes, each reading what the one before makes, and what is left of it.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "ops/evaluate.h"
#include "ops/infer.h"
#include "ops/table.h"
#include "passes/rewrites.h"

namespace thane::testing {

inline std::mt19937 g_random(5);

inline Tensor random_floats(const Dims& dims) {
  Tensor out = Tensor::must_allocate(DType::kFloat32, dims);
  std::normal_distribution<float> normal;
  for (int64_t i = 0; i < out.size(); ++i) out.data<float>()[i] = normal(g_random);
  return out;
}

struct Chain {
  Graph graph;
  ValueId last;

  explicit Chain(const Dims& dims) : last(graph.add_value("x", Type::tensor(DType::kFloat32, to_symbolic(dims)))) {
    graph.inputs.push_back(last);
  }
  void then(std::string_view op, const std::vector<Tensor>& constants, const AttrMap& attrs = {}) {
    Node node;
    node.op = find_op(Domain::kOnnx, op);
    node.inputs = {last};
    for (const Tensor& tensor : constants) node.inputs.push_back(graph.add_constant(graph.fresh_name("c"), tensor));
    node.outputs = {last = graph.add_value(graph.fresh_name("v"))};
    if (node.op->attrs) node.attrs = *node.op->attrs->parse(AttrMap(attrs));
    graph.nodes.push_back(std::move(node));
  }
  Tensor run(const Tensor& x) const {
    ThreadPool pool(1);
    RandomSource random{0};
    std::vector<Value> values(graph.values.size());
    values[graph.inputs[0]] = Value(x);
    for (size_t i = 0; i < values.size(); ++i) {
      if (const Tensor* constant = graph.constant(static_cast<ValueId>(i))) values[i] = Value(*constant);
    }
    for (const Node& node : graph.nodes) {
      std::vector<const Value*> inputs;
      for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? nullptr : &values[id]);
      auto outputs = evaluate(node, inputs, pool, nullptr, random);
      EXPECT_TRUE(outputs.ok());
      values[node.outputs[0]] = (*outputs)[0];
    }
    return values[graph.outputs[0]].tensor();
  }
  // Runs the pass and checks that nothing but `nodes` nodes is left, which compute the same.
  void check(Status (*pass)(Graph&, const PassOptions&), size_t nodes) {
    graph.outputs.push_back(last);
    ASSERT_TRUE(annotate_types(graph).ok());
    const Tensor x = random_floats(to_numbers(*graph.values[graph.inputs[0]].type.dims));
    const Tensor want = run(x);
    ASSERT_TRUE(pass(graph, {}).ok());
    EXPECT_EQ(graph.nodes.size(), nodes);
    const Tensor got = run(x);
    ASSERT_EQ(got.dims(), want.dims());
    for (int64_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got.data<float>()[i], want.data<float>()[i], 1e-4) << i;
  }
};

}  // namespace thane::testing
