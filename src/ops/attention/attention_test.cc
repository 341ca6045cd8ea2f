#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::ints;
using testing::OpCase;
using testing::tensor;

Tensor f(const Dims& dims) { return counting<float>(dims); }

// scores_mod and prob_mod written in C++.
class Bodies : public SubgraphRunner {
 public:
  Result<std::vector<Value>> run(size_t index, std::span<const Value> inputs) override {
    THANE_ASSIGN(Tensor out, inputs[0].tensor().copy());
    if (wrong_shape) {
      THANE_ASSIGN(out, out.reshaped({out.size()}));
    }
    if (index == 1) {
      for (int64_t i = 0; i < out.size(); ++i) out.data<float>()[i] *= 10;
    }
    return std::vector<Value>{Value(std::move(out))};
  }
  bool wrong_shape = false;
};

TEST(Attention, RefusesWhatDoesNotFit) {
  const auto error = [](Tensor q, Tensor k, Tensor v) {
    return OpCase("Attention").input(q).input(k).input(v).error();
  };
  EXPECT_EQ(error(f({1, 4, 3, 8}), f({1, 2, 5, 8}), f({1, 2, 5, 6})), "");
  EXPECT_NE(error(f({1, 3, 3, 8}), f({1, 2, 5, 8}), f({1, 2, 5, 6})), "");
  EXPECT_NE(error(f({1, 4, 3, 8}), f({1, 0, 5, 8}), f({1, 0, 5, 6})), "");
  EXPECT_NE(error(f({1, 4, 3, 8}), f({1, 2, 5, 7}), f({1, 2, 5, 6})), "");
  EXPECT_NE(error(f({1, 4, 3, 8}), f({1, 2, 5, 8}), f({1, 2, 4, 6})), "");
  EXPECT_NE(error(f({1, 3, 8}), f({1, 3, 8}), f({1, 3, 8})), "");  // without numbers of heads
  EXPECT_NE(error(f({1, 4, 3, 8}), f({1, 5, 16}), f({1, 5, 16})), "");
  const auto flat = [](int q_heads, int kv_heads) {
    return OpCase("Attention")
        .input(f({1, 3, 8}))
        .input(f({1, 3, 8}))
        .input(f({1, 3, 8}))
        .attr("q_num_heads", q_heads)
        .attr("kv_num_heads", kv_heads)
        .error();
  };
  EXPECT_EQ(flat(2, 2), "");
  EXPECT_NE(flat(3, 3), "");
  EXPECT_NE(flat(-2, -2), "");
  EXPECT_NE(flat(0, 0), "");
  const auto masked = [](Tensor mask) {
    return OpCase("Attention").input(f({2, 4, 3, 8})).input(f({2, 4, 5, 8})).input(f({2, 4, 5, 8})).input(mask).error();
  };
  EXPECT_EQ(masked(f({3, 5})), "");
  EXPECT_EQ(masked(f({4, 1, 4})), "");
  EXPECT_NE(masked(f({3, 6})), "");
  EXPECT_NE(masked(f({2, 5})), "");
  EXPECT_NE(masked(f({1, 1, 1, 3, 5})), "");
  EXPECT_NE(OpCase("Attention")
                .input(f({1, 1, 1, 2}))
                .input(f({1, 1, 1, 2}))
                .input(f({1, 1, 1, 2}))
                .absent()
                .input(f({1, 1, 1, 2}))
                .error(),
            "");
}

TEST(Attention, ValidLengthsAreNotTrusted) {
  for (int64_t length : {int64_t{-5}, int64_t{1} << 60}) {
    EXPECT_EQ(OpCase("Attention")
                  .input(f({1, 1, 2, 2}))
                  .input(f({1, 1, 3, 2}))
                  .input(f({1, 1, 3, 2}))
                  .absent()
                  .absent()
                  .absent()
                  .input(ints({length}))
                  .error(),
              "");
  }
}

TEST(Attention, EmptyTensors) {
  constexpr int64_t kMany = int64_t{1} << 30;
  EXPECT_EQ(
      OpCase("Attention").input(f({kMany, 4, 0, 8})).input(f({kMany, 4, 0, 8})).input(f({kMany, 4, 0, 8})).error(), "");
  // No keys: nothing to answer with.
  EXPECT_EQ(
      elements<float>(*OpCase("Attention").input(f({1, 1, 2, 2})).input(f({1, 1, 0, 2})).input(f({1, 1, 0, 2})).run()),
      (std::vector<float>{0, 0, 0, 0}));
}

TEST(RotaryEmbedding, RefusesWrongInputs) {
  const auto error = [](Tensor x, Tensor cache, Tensor positions, int dim) {
    return OpCase("RotaryEmbedding")
        .input(x)
        .input(cache)
        .input(cache)
        .input(positions)
        .attr("rotary_embedding_dim", dim)
        .error();
  };
  const auto at = [](int64_t position) { return tensor<int64_t>({1, 1}, {position}); };
  EXPECT_EQ(error(f({1, 2, 1, 8}), f({5, 4}), at(4), 0), "");
  for (int64_t position : {int64_t{5}, int64_t{-1}, int64_t{1} << 62}) {
    EXPECT_NE(error(f({1, 2, 1, 8}), f({5, 4}), at(position), 0), "");
  }
  EXPECT_EQ(error(f({1, 2, 1, 8}), f({5, 2}), at(0), 4), "");
  for (int dim : {3, -2, 10}) EXPECT_NE(error(f({1, 2, 1, 8}), f({5, 2}), at(0), dim), "");
  EXPECT_NE(error(f({1, 2, 1, 7}), f({5, 3}), at(0), 0), "");
  EXPECT_NE(error(f({1, 1, 8}), f({5, 4}), at(0), 0), "");  // without a number of heads
}

TEST(LinearAttention, RulesNeedTheirGates) {
  const auto error = [](const char* rule, bool decay, bool beta) {
    OpCase op("LinearAttention");
    op.input(f({1, 2, 4})).input(f({1, 2, 4})).input(f({1, 2, 6})).absent();
    if (decay)
      op.input(f({1, 2, 2}));
    else
      op.absent();
    if (beta) op.input(f({1, 2, 1}));
    return op.attr("q_num_heads", 2).attr("kv_num_heads", 2).attr("update_rule", rule).outputs(2).error();
  };
  EXPECT_EQ(error("linear", false, false), "");
  EXPECT_NE(error("linear", true, false), "");
  EXPECT_EQ(error("gated", true, false), "");
  EXPECT_NE(error("gated", false, false), "");
  EXPECT_EQ(error("delta", false, true), "");
  EXPECT_NE(error("delta", false, false), "");
  EXPECT_NE(error("quadratic", false, false), "");
}

TEST(FlexAttention, ChecksItsBodies) {
  const auto run = [](Bodies& bodies) {
    // run_all() infers without a typer, which asks the bodies for their number of outputs.
    const auto body = [] {
      Graph graph;
      graph.inputs = graph.outputs = {graph.add_value("x")};
      return graph;
    };
    return OpCase("FlexAttention", Domain::kPreview)
        .input(f({1, 2, 1, 2}))
        .input(f({1, 1, 1, 2}))
        .input(f({1, 1, 1, 2}))
        .body(body())
        .body(body())
        .runner(bodies)
        .run();
  };
  Bodies bodies;
  EXPECT_EQ(elements<float>(*run(bodies)), (std::vector<float>{0, 10, 0, 10}));  // one key: the probability is 1
  bodies.wrong_shape = true;
  EXPECT_FALSE(run(bodies).ok());
}

}  // namespace
}  // namespace thane
