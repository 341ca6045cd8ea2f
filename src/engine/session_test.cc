#include "engine/session.h"

#include <gtest/gtest.h>

#include "ops/table.h"

namespace thane {
namespace {

// total += x, delivered too.
Graph running_sum() {
  Graph graph;
  const ValueId x = graph.add_value("x", Type::tensor(DType::kFloat32, SymDims{Dim(2)}));
  const ValueId total = graph.add_value("total", Type::tensor(DType::kFloat32, SymDims{Dim(2)}));
  const ValueId sum = graph.add_value("sum", Type::tensor(DType::kFloat32, SymDims{Dim(2)}));
  graph.nodes.push_back({find_op(Domain::kOnnx, "Add"), "", {x, total}, {sum}, nullptr, {}});
  graph.inputs = {x};
  graph.outputs = {sum};
  Tensor zeros = Tensor::must_allocate(DType::kFloat32, {2});
  zeros.data<float>()[0] = zeros.data<float>()[1] = 0;
  graph.states.push_back({"total", total, sum, zeros});
  return graph;
}

float first(const Result<std::vector<Value>>& outputs) { return outputs->at(0).tensor().data<float>()[0]; }

TEST(Session, KeepsStateBetweenRuns) {
  ASSERT_TRUE(verify(running_sum()).ok());
  auto session = Session::create(running_sum(), {.threads = 1});
  ASSERT_TRUE(session.ok());
  const std::vector<float> two{2, 3};
  const std::vector<Value> inputs{Value(Tensor::vector<float>(two))};
  EXPECT_EQ(first((*session)->run(inputs)), 2);
  EXPECT_EQ(first((*session)->run(inputs)), 4);
  const auto third = (*session)->run(inputs);
  ASSERT_EQ(third->size(), 1u);
  EXPECT_EQ(first(third), 6);
  (*session)->reset_states();
  EXPECT_EQ(first((*session)->run(inputs)), 2);
}

TEST(Session, RunsExplicitlyWithoutTouchingItsState) {
  auto session = Session::create(running_sum(), {.threads = 1});
  ASSERT_TRUE(session.ok());
  const std::vector<float> two{2, 3}, ten{10, 10};
  const std::vector<Value> inputs{Value(Tensor::vector<float>(two)), Value(Tensor::vector<float>(ten))};
  const auto outputs = (*session)->run_explicit(inputs);
  ASSERT_TRUE(outputs.ok());
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_EQ(first(outputs), 12);
  EXPECT_EQ((*outputs)[1].tensor().data<float>()[1], 13);
  EXPECT_EQ(first((*session)->run(std::span(inputs).first(1))), 2);
}

}  // namespace
}  // namespace thane
