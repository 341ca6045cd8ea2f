#include "engine/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

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

// y = x · w, w = [[1, 2], [3, 4]]; `rows` of x may be a symbol.
Graph product_with(Dim rows) {
  Graph graph;
  const ValueId x = graph.add_value("x", Type::tensor(DType::kFloat32, SymDims{rows, Dim(2)}));
  Tensor weights = Tensor::must_allocate(DType::kFloat32, {2, 2});
  for (int i = 0; i < 4; ++i) weights.data<float>()[i] = static_cast<float>(i + 1);
  const ValueId w = graph.add_constant("w", weights);
  const ValueId y = graph.add_value("y", Type::tensor(DType::kFloat32, SymDims{rows, Dim(2)}));
  graph.nodes.push_back({find_op(Domain::kOnnx, "MatMul"), "", {x, w}, {y}, nullptr, {}});
  graph.inputs = {x};
  graph.outputs = {y};
  return graph;
}

Value rows_of_ones(int64_t rows) {
  Tensor x = Tensor::must_allocate(DType::kFloat32, {rows, 2});
  std::fill_n(x.data<float>(), x.size(), 1.0f);
  return Value(std::move(x));
}

const Tensor& weights_of(const Session& session) {
  return *session.graph().constant(session.graph().nodes[0].inputs[1]);
}

TEST(Session, LetsGoOfWeightsThatItsOnlyPlanHasPacked) {
  auto session = Session::create(product_with(Dim(3)), {.threads = 1});
  ASSERT_TRUE(session.ok());
  const std::vector<Value> inputs{rows_of_ones(3)};
  EXPECT_EQ(first((*session)->run(inputs)), 4);
  EXPECT_EQ(weights_of(**session).raw(), nullptr);
  EXPECT_EQ(weights_of(**session).dims(), (Dims{2, 2}));
  EXPECT_EQ(first((*session)->run(inputs)), 4);

  auto whole = Session::create(product_with(Dim(3)), {.threads = 1, .keeps_weights = true});
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(first((*whole)->run(inputs)), 4);
  EXPECT_NE(weights_of(**whole).raw(), nullptr);
}

TEST(Session, KeepsWeightsForPlansOfOtherShapes) {
  auto session = Session::create(product_with(Dim::symbol("n")), {.threads = 1});
  ASSERT_TRUE(session.ok());
  for (const int64_t rows : {1, 3, 40, 3}) {
    const std::vector<Value> inputs{rows_of_ones(rows)};
    const auto outputs = (*session)->run(inputs);
    ASSERT_TRUE(outputs.ok());
    ASSERT_EQ(outputs->at(0).tensor().dims(), (Dims{rows, 2}));
    EXPECT_EQ(first(outputs), 4);
    EXPECT_EQ(outputs->at(0).tensor().data<float>()[2 * rows - 1], 6);
  }
  EXPECT_NE(weights_of(**session).raw(), nullptr);
}

TEST(Session, RefusesOtherInputsAfterARunToo) {
  auto session = Session::create(product_with(Dim(3)), {.threads = 1});
  ASSERT_TRUE(session.ok());
  const std::vector<Value> good{rows_of_ones(3)}, taller{rows_of_ones(4)}, two{rows_of_ones(3), rows_of_ones(3)};
  const std::vector<Value> integers{Value(Tensor::must_allocate(DType::kInt32, {3, 2}))};
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(first((*session)->run(good)), 4);
    for (const auto& bad : {taller, two, integers}) EXPECT_FALSE((*session)->run(bad).ok());
  }
}

// A constant of ones at an odd address, too large to be copied before a plan is made.
Tensor unaligned_ones(Dims dims) {
  std::vector<float> ones(80 * 64, 1.0f);
  auto buffer = *allocate_buffer(ones.size() * sizeof(float) + 1);
  std::memcpy(buffer->data() + 1, ones.data(), ones.size() * sizeof(float));
  return *Tensor::view(DType::kFloat32, std::move(dims), buffer, 1);
}

TEST(Session, PacksWeightsFromWhereTheyLieAndAlignsWhatIsRead) {
  for (const Dim& rows : {Dim(80), Dim::symbol("n")}) {  // y = x · w + c
    Graph graph;
    const ValueId x = graph.add_value("x", Type::tensor(DType::kFloat32, SymDims{rows, Dim(80)}));
    const ValueId w = graph.add_constant("w", unaligned_ones({80, 64})),
                  c = graph.add_constant("c", unaligned_ones({80, 64}));
    const ValueId product = graph.add_value("product", Type::tensor(DType::kFloat32, SymDims{rows, Dim(64)}));
    const ValueId y = graph.add_value("y", Type::tensor(DType::kFloat32, SymDims{rows, Dim(64)}));
    graph.nodes.push_back({find_op(Domain::kOnnx, "MatMul"), "", {x, w}, {product}, nullptr, {}});
    graph.nodes.push_back({find_op(Domain::kOnnx, "Add"), "", {product, c}, {y}, nullptr, {}});
    graph.inputs = {x};
    graph.outputs = {y};
    auto session = Session::create(std::move(graph), {.threads = 1});
    ASSERT_TRUE(session.ok());
    Tensor ones = Tensor::must_allocate(DType::kFloat32, {80, 80});
    std::fill_n(ones.data<float>(), ones.size(), 1.0f);
    const std::vector<Value> inputs{Value(std::move(ones))};
    EXPECT_EQ(first((*session)->run(inputs)), 81);
    EXPECT_TRUE((*session)->graph().constant(c)->aligned());
    EXPECT_EQ((*session)->graph().constant(w)->aligned(), rows.is_number());  // a shape alone, or as it was
  }
}

TEST(SharedForms, AreMadeOncePerNodeAndName) {
  const Graph graph = product_with(Dim(3)), other = product_with(Dim(3));
  SharedForms forms;
  int made = 0;
  const auto make = [&]() -> Result<int> { return ++made; };
  EXPECT_EQ(*forms.get<int>(graph.nodes[0], "a", make), 1);
  EXPECT_EQ(*forms.get<int>(graph.nodes[0], "a", make), 1);
  EXPECT_EQ(*forms.get<int>(graph.nodes[0], "b", make), 2);
  EXPECT_EQ(*forms.get<int>(other.nodes[0], "a", make), 3);
}

}  // namespace
}  // namespace thane
