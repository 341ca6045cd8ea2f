#include <gtest/gtest.h>

#include "ops/conv/conv.h"
#include "ops/infer.h"
#include "ops/table.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

// A pointwise convolution of `size`² pixels to 64 channels, then a depthwise one; nodes after the pass.
std::vector<std::string_view> fused(int64_t size, bool read_twice) {
  Graph graph;
  const auto value = [&](const std::string& name, const Dims& dims) {
    return graph.add_value(name, Type::tensor(DType::kFloat32, to_symbolic(dims)));
  };
  const auto conv = [&](ValueId x, const Dims& weights, int64_t group, ValueId y) {
    auto attrs = std::make_shared<ConvAttrs>();
    attrs->layout = DataLayout::kChannelsLast;
    attrs->group = group;
    Node node;
    node.op = find_op(Domain::kOnnx, "Conv");
    node.attrs = attrs;
    node.inputs = {x, graph.add_constant(graph.fresh_name("w"), Tensor::must_allocate(DType::kFloat32, weights))};
    node.outputs = {y};
    graph.nodes.push_back(std::move(node));
  };
  const ValueId x = value("x", {1, size, size, 8}), between = value("between", {1, size, size, 64});
  const ValueId y = value("y", {1, size - 2, size - 2, 64});
  graph.inputs = {x};
  graph.outputs = {y};
  if (read_twice) graph.outputs.push_back(between);
  conv(x, {64, 8, 1, 1}, 1, between);
  conv(between, {64, 1, 3, 3}, 64, y);
  EXPECT_TRUE(fuse_expansion(graph, {}).ok());
  EXPECT_TRUE(verify(graph).ok());
  EXPECT_TRUE(annotate_types(graph).ok());
  std::vector<std::string_view> names;
  for (const Node& node : graph.nodes) names.push_back(node.op->name);
  return names;
}

TEST(FuseExpansion, JoinsLargeResultsOnly) {
  const std::vector<std::string_view> one{"ExpandedDepthwiseConv"}, two{"Conv", "Conv"};
  EXPECT_EQ(fused(64, false), one);
  EXPECT_EQ(fused(20, false), two);
  EXPECT_EQ(fused(64, true), two);
}

}  // namespace
}  // namespace thane
