// What is computed in float32 instead, and what keeps its type.
#include <algorithm>

#include "passes/chain_test.h"

namespace thane {
namespace {

using testing::Chain;
using testing::random_floats;

constexpr int64_t kFloat = 1, kHalf = 10;  // as ONNX numbers dtypes

Tensor halves(const Tensor& floats) {
  Tensor out = Tensor::must_allocate(DType::kFloat16, floats.dims());
  for (int64_t i = 0; i < out.size(); ++i) out.data<Half>()[i] = Half(floats.data<float>()[i]);
  return out;
}

// Between two casts of its own: [3 × 4] · [4 × 5] in float16.
Chain product(const Tensor& weights) {
  Chain chain({3, 4});
  chain.then("Cast", {}, {{"to", kHalf}});
  chain.then("MatMul", {weights});
  chain.then("Abs", {});
  chain.then("Cast", {}, {{"to", kFloat}});
  chain.then("Neg", {});
  chain.graph.outputs.push_back(chain.last);
  EXPECT_TRUE(annotate_types(chain.graph).ok());
  return chain;
}

TEST(WidenHalves, NothingIsRoundedBetweenCasts) {
  const Tensor weights = halves(random_floats({4, 5})), x = random_floats({3, 4});
  Chain chain = product(weights);
  for (const auto pass : {widen_halves, remove_identities, remove_dead_code}) {
    ASSERT_TRUE(pass(chain.graph, {}).ok());
    ASSERT_TRUE(verify(chain.graph).ok());
  }
  EXPECT_EQ(chain.graph.nodes.size(), 3u);
  const Tensor got = chain.run(x);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 5; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < 4; ++k) sum += double(x.data<float>()[i * 4 + k]) * weights.data<Half>()[k * 5 + j];
      ASSERT_NEAR(got.data<float>()[i * 5 + j], -std::abs(sum), 1e-6);
    }
  }
}

TEST(WidenHalves, ExactlyRoundsEachStep) {
  Chain chain = product(halves(random_floats({4, 5})));
  ASSERT_TRUE(widen_halves(chain.graph, {.precision = Precision::kExact}).ok());
  EXPECT_EQ(chain.graph.nodes.size(), 5u);
}

TEST(WidenHalves, WithoutProductsTypesStay) {
  Chain chain({3, 4});
  chain.then("Cast", {}, {{"to", kHalf}});
  chain.then("Abs", {});
  chain.graph.outputs.push_back(chain.last);
  ASSERT_TRUE(annotate_types(chain.graph).ok());
  ASSERT_TRUE(widen_halves(chain.graph, {}).ok());
  EXPECT_EQ(chain.graph.nodes.size(), 2u);
}

// The model's interface keeps its types; a table is left as it is, and what is gathered from it is cast.
TEST(WidenHalves, InterfacesAndTablesKeepTheirTypes) {
  Graph graph;
  const ValueId x = graph.add_value("x", Type::tensor(DType::kFloat16, SymDims{Dim(2)}));
  const ValueId table = graph.add_constant("table", halves(random_floats({7, 2})));
  const ValueId rows = graph.add_value("rows", Type::tensor(DType::kInt64, SymDims{Dim(3)}));
  const ValueId found = graph.add_value("found"), y = graph.add_value("y");
  Node gather{find_op(Domain::kOnnx, "Gather"), "", {table, rows}, {found}, nullptr, {}};
  gather.attrs = *gather.op->attrs->parse({});
  graph.nodes.push_back(std::move(gather));
  graph.nodes.push_back({find_op(Domain::kOnnx, "MatMul"), "", {found, x}, {y}, nullptr, {}});
  graph.inputs = {x, rows};
  graph.outputs = {y};
  ASSERT_TRUE(annotate_types(graph).ok());
  ASSERT_TRUE(widen_halves(graph, {}).ok());
  ASSERT_TRUE(verify(graph).ok());
  EXPECT_EQ(graph.values[x].type.dtype, DType::kFloat16);
  EXPECT_EQ(graph.values[y].type.dtype, DType::kFloat16);
  const auto named = [&](std::string_view name) {
    return std::ranges::count_if(graph.nodes, [&](const Node& node) { return node.op->name == name; });
  };
  EXPECT_EQ(named("Cast"), 3);  // of the rows found, of x, of the result
  const auto product = std::ranges::find_if(graph.nodes, [](const Node& node) { return node.op->name == "MatMul"; });
  for (const ValueId id : product->inputs) EXPECT_EQ(graph.values[id].type.dtype, DType::kFloat32);
  const auto first = std::ranges::find_if(graph.nodes, [](const Node& node) { return node.op->name == "Gather"; });
  EXPECT_EQ(first->inputs[0], table);
}

}  // namespace
}  // namespace thane
