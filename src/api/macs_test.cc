#include "api/macs.h"

#include <gtest/gtest.h>

#include "ops/conv/conv.h"
#include "ops/table.h"

namespace thane {
namespace {

// Counts for an op of the table with inputs and outputs of these shapes.
std::optional<double> count(Domain domain, std::string_view name, const std::vector<SymDims>& inputs,
                            const std::vector<SymDims>& outputs, std::shared_ptr<const Attrs> attrs = nullptr) {
  Node node;
  node.attrs = std::move(attrs);
  node.op = find_op(domain, name);
  EXPECT_NE(node.op, nullptr) << name;
  std::vector<Type> in, out;
  for (const SymDims& dims : inputs) in.push_back(Type::tensor(DType::kFloat32, dims));
  for (const SymDims& dims : outputs) out.push_back(Type::tensor(DType::kFloat32, dims));
  std::vector<const Type*> in_ptrs, out_ptrs;
  for (const Type& type : in) in_ptrs.push_back(&type);
  for (const Type& type : out) out_ptrs.push_back(&type);
  return node.op ? macs(node, in_ptrs, out_ptrs) : std::nullopt;
}

TEST(Macs, AreThoseOfTheDefinition) {
  // 8 filters of 3x3 over 4 channels, at 5 x 5 places.
  EXPECT_EQ(count(Domain::kOnnx, "Conv", {{1, 4, 7, 7}, {8, 4, 3, 3}}, {{1, 8, 5, 5}}), 8 * 4 * 9 * 25);
  // Depthwise: each filter sees one channel.
  EXPECT_EQ(count(Domain::kOnnx, "Conv", {{1, 8, 7, 7}, {8, 1, 3, 3}}, {{1, 8, 5, 5}}), 8 * 9 * 25);
  // Each of 4 x 7 x 7 inputs is spread over 8 filters of 2 x 2.
  EXPECT_EQ(count(Domain::kOnnx, "ConvTranspose", {{1, 4, 7, 7}, {4, 8, 2, 2}}, {{1, 8, 14, 14}}), 4 * 49 * 8 * 4);
  EXPECT_EQ(count(Domain::kOnnx, "MatMul", {{6, 2, 3}, {3, 4}}, {{6, 2, 4}}), 6 * 2 * 3 * 4);
  EXPECT_EQ(count(Domain::kOnnx, "MatMul", {{3}, {3, 4}}, {{4}}), 12);
  EXPECT_EQ(count(Domain::kOnnx, "Gemm", {{3, 2}, {3, 4}}, {{2, 4}}), 24);  // A transposed
  EXPECT_EQ(count(Domain::kOnnx, "Einsum", {{2, 3}, {3, 4}}, {{2, 4}}), 24);
  // 5 steps, batch 2, input 3, hidden 4: four gates each from x and h.
  EXPECT_EQ(count(Domain::kOnnx, "LSTM", {{5, 2, 3}, {1, 16, 3}, {1, 16, 4}}, {{5, 1, 2, 4}}),
            5 * 2 * (16 * 3 + 16 * 4));
  // 2 heads, 6 queries, 7 keys of size 8: scores and weighted sum.
  EXPECT_EQ(count(Domain::kOnnx, "Attention", {{1, 2, 6, 8}, {1, 2, 7, 8}, {1, 2, 7, 8}}, {{1, 2, 6, 8}}),
            2 * 2 * 6 * 7 * 8);
  EXPECT_EQ(count(Domain::kOnnx, "QLinearConv", {{1, 4, 7, 7}, {}, {}, {8, 4, 3, 3}}, {{1, 8, 5, 5}}), 8 * 4 * 9 * 25);
}

TEST(Macs, OfABottleneckCountEachConvolutionsOwnPixels) {
  auto attrs = std::make_shared<BottleneckAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->group = 16;
  attrs->pads = attrs->expansion_pads = {1, 1, 1, 1};
  attrs->expansion_strides = {2, 2};
  EXPECT_EQ(count(Domain::kThane, "BottleneckConv",
                  {{1, 8, 8, 3}, {16, 3, 3, 3}, {16}, {16, 1, 3, 3}, {16}, {5, 16, 1, 1}}, {{1, 4, 4, 5}}, attrs),
            16 * (16 * 27 + 16 * 9 + 5 * 16));
}

TEST(Macs, AreNoneElsewhereAndUnknownWithoutShapes) {
  EXPECT_EQ(count(Domain::kOnnx, "Relu", {{1, 4}}, {{1, 4}}), 0);
  EXPECT_EQ(count(Domain::kOnnx, "MatMul", {{Dim::symbol("n"), 3}, {3, 4}}, {{Dim::symbol("n"), 4}}), std::nullopt);
}

}  // namespace
}  // namespace thane
