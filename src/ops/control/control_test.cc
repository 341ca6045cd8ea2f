#include "ops/control/control.h"

#include <functional>
#include <limits>

#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::ints;
using testing::OpCase;

// A body written in C++.
class Body : public SubgraphRunner {
 public:
  using Function = std::function<Result<std::vector<Value>>(std::span<const Value>)>;
  explicit Body(Function function) : function_(std::move(function)) {}
  Result<std::vector<Value>> run(size_t, std::span<const Value> inputs) override { return ++calls, function_(inputs); }
  int calls = 0;

 private:
  Function function_;
};

// Only its declared types matter to the ops.
Graph body_graph(std::vector<Type> outputs) {
  Graph graph;
  for (Type& type : outputs) graph.outputs.push_back(graph.add_value(graph.fresh_name("out"), std::move(type)));
  return graph;
}
std::vector<Value> values(std::initializer_list<Value> list) { return {list.begin(), list.end()}; }

TEST(Loop, CarriedValuesGrowAndOutputsStack) {
  Body body([](std::span<const Value> in) -> Result<std::vector<Value>> {
    const int64_t step = *in[0].tensor().data<int64_t>();
    const Tensor longer = counting<int64_t>({in[2].tensor().size() + 1});
    return values({Tensor::scalar(step < 2), longer, Tensor::scalar(step * step)});
  });
  const auto out = OpCase("Loop")
                       .absent()
                       .absent()
                       .input(ints({7}))
                       .outputs(2)
                       .runner(body)
                       .body(body_graph({{}, {}, {}}))
                       .run_all();
  ASSERT_TRUE(out.ok()) << out.error().to_string();
  EXPECT_EQ((*out)[0].tensor().size(), 4);
  EXPECT_EQ(elements<int64_t>((*out)[1].tensor()), (std::vector<int64_t>{0, 1, 4}));
}

TEST(Loop, NoStepAtAll) {
  Body body([](std::span<const Value>) -> Result<std::vector<Value>> { return runtime_error("called"); });
  const auto run = [&](Value trips, Value condition) {
    return OpCase("Loop")
        .input(std::move(trips))
        .input(std::move(condition))
        .input(ints({7}))
        .outputs(2)
        .runner(body)
        .body(body_graph({{}, {}, Type::tensor(DType::kFloat32, SymDims{3, Dim::unknown()})}))
        .run_all();
  };
  for (const auto& out :
       {run(Tensor::scalar<int64_t>(0), Tensor::scalar(true)), run(Tensor::scalar<int64_t>(5), Tensor::scalar(false)),
        run(Tensor::scalar(std::numeric_limits<int64_t>::min()), Value())}) {
    ASSERT_TRUE(out.ok()) << out.error().to_string();
    EXPECT_EQ(elements<int64_t>((*out)[0].tensor()), (std::vector<int64_t>{7}));
    EXPECT_EQ((*out)[1].type().to_string(), "float32[0, 3, 0]");
  }
  EXPECT_EQ(body.calls, 0);
}

TEST(Loop, BrokenBodies) {
  const auto error = [](std::vector<Value> given) {
    Body body([&](std::span<const Value>) -> Result<std::vector<Value>> { return given; });
    return OpCase("Loop")
        .input(Tensor::scalar<int64_t>(2))
        .absent()
        .input(ints({7}))
        .outputs(2)
        .runner(body)
        .body(body_graph({{}, {}, {}}))
        .error();
  };
  EXPECT_EQ(error(values({Tensor::scalar(true), ints({1, 2}), ints({1})})), "");
  EXPECT_NE(error(values({Tensor::scalar(true), ints({1})})), "");
  EXPECT_NE(error(values({Tensor::scalar(1.0f), ints({1}), ints({1})})), "");
  EXPECT_NE(error(values({ints({}), ints({1}), ints({1})})), "");
  EXPECT_NE(error(values({Tensor::scalar(true), Tensor::scalar(1.0f), ints({1})})), "");
  EXPECT_NE(error(values({Tensor::scalar(true), ints({1}), Value()})), "");
}

TEST(Loop, OutputsOfOneShape) {
  Body body([](std::span<const Value> in) -> Result<std::vector<Value>> {
    return values({Tensor::scalar(true), counting<float>({1 + *in[0].tensor().data<int64_t>()})});
  });
  EXPECT_NE(OpCase("Loop")
                .input(Tensor::scalar<int64_t>(2))
                .absent()
                .outputs(1)
                .runner(body)
                .body(body_graph({{}, {}}))
                .error(),
            "");
}

// A trip count promises nothing: memory follows the steps that ran.
TEST(Loop, EndlessTripCountEndsByCondition) {
  Body body([](std::span<const Value> in) -> Result<std::vector<Value>> {
    return values({Tensor::scalar(*in[0].tensor().data<int64_t>() < 99), counting<float>({1000})});
  });
  const auto out = OpCase("Loop")
                       .input(Tensor::scalar(std::numeric_limits<int64_t>::max()))
                       .absent()
                       .outputs(1)
                       .runner(body)
                       .body(body_graph({{}, {}}))
                       .run();
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(to_string(out->dims()), "[100, 1000]");
}

// Both directions, axes other than the first: numpy.flip and moveaxis of the running sums.
TEST(Scan, AxesAndDirections) {
  Body body([](std::span<const Value> in) -> Result<std::vector<Value>> {
    Tensor sum = *in[0].tensor().copy();
    for (int64_t i = 0; i < sum.size(); ++i) sum.data<float>()[i] += in[1].tensor().data<float>()[i];
    return values({sum, sum});
  });
  const auto out = OpCase("Scan")
                       .input(testing::tensor<float>({2}, {0, 0}))
                       .input(counting<float>({2, 3}))
                       .attr("num_scan_inputs", 1)
                       .attr("scan_input_axes", Dims{1})
                       .attr("scan_input_directions", Dims{1})
                       .attr("scan_output_axes", Dims{-1})
                       .attr("scan_output_directions", Dims{1})
                       .outputs(2)
                       .runner(body)
                       .body(body_graph({{}, {}}))
                       .run_all();
  ASSERT_TRUE(out.ok()) << out.error().to_string();
  EXPECT_EQ(elements<float>((*out)[0].tensor()), (std::vector<float>{3, 12}));
  EXPECT_EQ(elements<float>((*out)[1].tensor()), (std::vector<float>{3, 3, 2, 12, 9, 5}));
  EXPECT_NE(OpCase("Scan").input(ints({1})).attr("num_scan_inputs", 2).body(body_graph({{}})).runner(body).error(), "");
  EXPECT_NE(OpCase("Scan")
                .input(ints({1}))
                .attr("num_scan_inputs", 1)
                .attr("scan_input_axes", Dims{0, 0})
                .body(body_graph({{}}))
                .runner(body)
                .error(),
            "");
}

// Types of carried values that change shape settle, at any depth, in few rounds.
TEST(Loop, InferenceSettles) {
  class Typer : public SubgraphTyper {
   public:
    explicit Typer(int depth) : depth_(depth) {}
    Result<std::vector<Type>> infer(size_t, std::span<const Type> inputs) override {
      ++rounds;
      Type grown = inputs[2];
      if (grown.dims) (*grown.dims)[0] = (*grown.dims)[0] + 1;
      return std::vector<Type>{Type::tensor(DType::kBool, SymDims{}), grown};
    }
    int depth() const override { return depth_; }
    int rounds = 0;

   private:
    int depth_;
  };
  for (const int depth : {0, 9}) {
    Typer typer(depth);
    Node node;
    node.op = find_op(Domain::kOnnx, "Loop");
    node.inputs = {kNoValue, kNoValue, 0};
    node.outputs = {1};
    node.subgraphs.push_back({std::make_unique<Graph>(body_graph({{}, {}})), {}});
    const Fact carried = testing::dims_fact({1, 4});
    const Fact* const inputs[] = {nullptr, nullptr, &carried};
    std::vector<Fact> outputs(1);
    InferContext context(node, inputs, outputs, &typer);
    ASSERT_TRUE(node.op->infer(context).ok());
    EXPECT_EQ(outputs[0].type.to_string(), depth == 0 ? "float32[?, 4]" : "float32[...]");
    EXPECT_LE(typer.rounds, depth == 0 ? 3 : 1);
  }
}

}  // namespace
}  // namespace thane
