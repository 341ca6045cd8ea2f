#include <gtest/gtest.h>

#include <algorithm>

#include "ops/conv/conv.h"
#include "ops/infer.h"
#include "ops/table.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

// Convolutions of `size`² pixels one after the other: depthwise (of 3×3) where weights of 64 channels are given as {64,
// 1}, else pointwise, or as all dims of the weights say. `outputs`: which results are read as outputs, too. Nodes after
// the pass.
std::vector<std::string_view> fused(int64_t size, const std::vector<Dims>& convolutions,
                                    const std::vector<size_t>& outputs = {}) {
  Graph graph;
  ValueId x = graph.add_value("x", Type::tensor(DType::kFloat32, to_symbolic({1, size, size, convolutions[0][1]})));
  if (convolutions[0][1] == 1) graph.values[x].type = Type::tensor(DType::kFloat32, to_symbolic({1, size, size, 64}));
  graph.inputs = {x};
  for (size_t i = 0; i < convolutions.size(); ++i) {
    const bool depthwise = convolutions[i][1] == 1;
    auto attrs = std::make_shared<ConvAttrs>();
    attrs->layout = DataLayout::kChannelsLast;
    attrs->group = depthwise ? 64 : 1;
    if (depthwise || convolutions[i].size() == 4) attrs->pads = {1, 1, 1, 1};
    Dims weights = convolutions[i];
    weights.resize(4, depthwise ? 3 : 1);
    const ValueId y = graph.add_value("y" + std::to_string(i),
                                      Type::tensor(DType::kFloat32, to_symbolic({1, size, size, weights[0]})));
    Node node;
    node.op = find_op(Domain::kOnnx, "Conv");
    node.attrs = attrs;
    node.inputs = {x, graph.add_constant(graph.fresh_name("w"), Tensor::must_allocate(DType::kFloat32, weights))};
    node.outputs = {y};
    graph.nodes.push_back(std::move(node));
    if (std::ranges::count(outputs, i) > 0 || i + 1 == convolutions.size()) graph.outputs.push_back(y);
    x = y;
  }
  EXPECT_TRUE(fuse_bottleneck(graph, {}).ok());
  EXPECT_TRUE(verify(graph).ok());
  EXPECT_TRUE(annotate_types(graph).ok());
  std::vector<std::string_view> names;
  for (const Node& node : graph.nodes) names.push_back(node.op->name);
  return names;
}

using Names = std::vector<std::string_view>;
const Dims kExpansion = {64, 8}, kDepthwise = {64, 1}, kProjection = {24, 64};

TEST(FuseBottleneck, ExpandsWhereTheResultIsLarge) {
  EXPECT_EQ(fused(64, {kExpansion, kDepthwise}), Names{"BottleneckConv"});
  EXPECT_EQ(fused(20, {kExpansion, kDepthwise}), (Names{"Conv", "Conv"}));
  EXPECT_EQ(fused(64, {kExpansion, kDepthwise}, {0}), (Names{"Conv", "Conv"}));
}

TEST(FuseBottleneck, ProjectsWhereThereAreRows) {
  EXPECT_EQ(fused(20, {kDepthwise, kProjection}), Names{"BottleneckConv"});
  EXPECT_EQ(fused(7, {kDepthwise, kProjection}), (Names{"Conv", "Conv"}));
  EXPECT_EQ(fused(20, {kDepthwise, kProjection}, {0}), (Names{"Conv", "Conv"}));
}

TEST(FuseBottleneck, BeginsWithFewChannels) {
  EXPECT_EQ(fused(64, {{64, 3, 3, 3}, kDepthwise}), Names{"BottleneckConv"});
  EXPECT_EQ(fused(64, {{64, 6, 3, 3}, kDepthwise}), (Names{"Conv", "Conv"}));
}

TEST(FuseBottleneck, TakesAllThree) {
  EXPECT_EQ(fused(64, {kExpansion, kDepthwise, kProjection}), Names{"BottleneckConv"});
  EXPECT_EQ(fused(20, {kExpansion, kDepthwise, kProjection}), (Names{"Conv", "BottleneckConv"}));
  // What one has taken, the next one leaves.
  EXPECT_EQ(fused(64, {kDepthwise, {64, 64}, kDepthwise}), (Names{"BottleneckConv", "Conv"}));
}

}  // namespace
}  // namespace thane
