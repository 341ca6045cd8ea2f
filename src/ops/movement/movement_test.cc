#include "ops/movement/movement.h"

#include <limits>

#include "ops/infer.h"
#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::dims_fact;
using testing::elements;
using testing::ints;
using testing::OpCase;
using testing::shape_fact;
using testing::tensor;
using testing::value_fact;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

// What PyTorch's exporter writes for x.view(x.shape[0], x.shape[1], 12, -1): the symbols must survive.
TEST(ShapeArithmetic, SymbolsReachTheReshape) {
  Graph graph;
  const auto node = [&](const char* op, AttrMap attrs, std::vector<ValueId> inputs) {
    Node n;
    n.op = find_op(Domain::kOnnx, op);
    if (n.op->attrs) n.attrs = *n.op->attrs->parse(attrs);
    n.inputs = std::move(inputs);
    const ValueId out = graph.add_value(graph.fresh_name(op));
    n.outputs = {out};
    graph.nodes.push_back(std::move(n));
    return out;
  };
  const ValueId x = graph.add_value("x");
  graph.inputs = {x};
  const ValueId zero = graph.add_constant("zero", Tensor::scalar<int64_t>(0));
  const ValueId one = graph.add_constant("one", Tensor::scalar<int64_t>(1));
  const ValueId axis = graph.add_constant("axis", ints({0}));
  const ValueId tail = graph.add_constant("tail", ints({12, -1}));
  const ValueId shape = node("Shape", {}, {x});
  const ValueId batch = node("Unsqueeze", {}, {node("Gather", {}, {shape, zero}), axis});
  const ValueId length = node("Unsqueeze", {}, {node("Gather", {}, {shape, one}), axis});
  const ValueId target = node("Concat", {{"axis", int64_t{0}}}, {batch, length, tail});
  const ValueId y = node("Reshape", {}, {x, target});
  const ValueId range = node("Range", {}, {zero, node("Squeeze", {}, {length, axis}), one});
  const Fact input = dims_fact({Dim::symbol("batch"), Dim::symbol("seq"), 768});
  const auto facts = infer_graph(graph, std::span(&input, 1));
  ASSERT_TRUE(facts.ok()) << facts.error().to_string();
  EXPECT_EQ((*facts)[y].type.to_string(), "float32[batch, seq, 12, 64]");
  EXPECT_EQ((*facts)[range].type.to_string(), "int64[seq]");
}

TEST(Slice, SymbolicSizes) {
  const auto size = [](const Dim& dim, const Dim& start, const Dim& end) {
    const auto facts =
        OpCase("Slice").infer({dims_fact({dim}), shape_fact({start}), shape_fact({end}), shape_fact({0})});
    return facts.ok() ? to_string(*(*facts)[0].type.dims) : facts.error().to_string();
  };
  const Dim seq = Dim::symbol("seq");
  EXPECT_EQ(size(seq, 0, kMax), "[seq]");
  EXPECT_EQ(size(seq, 0, seq), "[seq]");
  EXPECT_EQ(size(512, 0, seq), "[512[0:seq]]");  // at most 512, and no one says that seq is
  EXPECT_EQ(size(seq, -1, kMax), "[seq[-1:]]");
  EXPECT_EQ(size(Dim::unknown(), 0, 3), "[?]");
  EXPECT_EQ(size(10, -3, kMax), "[3]");
}

// Expected: ONNX's description of Slice, and numpy where the two agree.
TEST(Slice, ExtremeBounds) {
  const auto slice = [](int64_t start, int64_t end, int64_t step) {
    const auto out = OpCase("Slice")
                         .input(counting<int32_t>({5}))
                         .input(ints({start}))
                         .input(ints({end}))
                         .input(ints({0}))
                         .input(ints({step}))
                         .run();
    return out.ok() ? elements<int32_t>(*out) : std::vector<int32_t>{-1};
  };
  using V = std::vector<int32_t>;
  EXPECT_EQ(slice(kMin, kMax, 1), (V{0, 1, 2, 3, 4}));
  EXPECT_EQ(slice(kMax, kMin, -1), (V{4, 3, 2, 1, 0}));
  EXPECT_EQ(slice(0, kMax, kMax), (V{0}));
  EXPECT_EQ(slice(4, kMin, kMin), (V{4}));
  EXPECT_EQ(slice(-2, kMin, -2), (V{3, 1}));
  EXPECT_EQ(slice(3, 3, 1), V{});
  EXPECT_EQ(slice(kMin, kMin, -1), (V{0}));  // the start is clamped to the first element
}

TEST(Slice, Refusals) {
  const auto error = [](const Tensor& starts, const Tensor& ends, const Tensor& axes, const Tensor& steps) {
    return OpCase("Slice").input(counting<float>({2, 3})).input(starts).input(ends).input(axes).input(steps).error();
  };
  EXPECT_NE(error(ints({0}), ints({1}), ints({0}), ints({0})), "");
  EXPECT_NE(error(ints({0}), ints({1}), ints({2}), ints({1})), "");
  EXPECT_NE(error(ints({0, 0}), ints({1, 1}), ints({0, -2}), ints({1, 1})), "");
  EXPECT_NE(error(ints({0, 0}), ints({1}), ints({0}), ints({1})), "");
  EXPECT_NE(error(counting<int64_t>({5000}), ints({1}), ints({0}), ints({1})), "");
}

TEST(Reshape, ZeroAndRemainder) {
  const auto shape = [](const Dims& dims, const Tensor& target, int allow_zero = 0) {
    const auto out = OpCase("Reshape").input(counting<float>(dims)).input(target).attr("allowzero", allow_zero).run();
    return out.ok() ? to_string(out->dims()) : "error";
  };
  EXPECT_EQ(shape({2, 3, 4}, ints({0, -1})), "[2, 12]");
  EXPECT_EQ(shape({0, 3}, ints({0, -1})), "[0, 3]");
  EXPECT_EQ(shape({0, 3}, ints({3, 0}), 1), "[3, 0]");
  EXPECT_EQ(shape({0, 3}, ints({0, -1}), 1), "error");
  EXPECT_EQ(shape({2, 3}, ints({-1, -1})), "error");
  EXPECT_EQ(shape({2, 3}, ints({4, -1})), "error");
  EXPECT_EQ(shape({2, 3}, ints({-2, 3})), "error");
  EXPECT_EQ(shape({2, 3}, ints({kMax, 2})), "error");
  EXPECT_EQ(shape({6}, ints({2, 3, 0})), "error");
}

TEST(SizesBeyondMemory, AreErrors) {
  EXPECT_NE(OpCase("Expand").input(counting<float>({1})).input(ints({kMax / 2, 4})).error(), "");
  EXPECT_NE(OpCase("Tile").input(counting<float>({2, 2})).input(ints({kMax / 2, kMax / 2})).error(), "");
  EXPECT_NE(OpCase("ConstantOfShape").input(ints({int64_t{1} << 40, int64_t{1} << 40})).error(), "");
  EXPECT_NE(OpCase("ConstantOfShape").input(ints({-1})).error(), "");
  EXPECT_NE(OpCase("Pad").input(counting<float>({2})).input(ints({kMax, kMax})).error(), "");
  EXPECT_NE(OpCase("Pad").input(counting<float>({2})).input(ints({kMin, 0})).error(), "");
  const auto range = [](int64_t start, int64_t limit, int64_t delta) {
    return OpCase("Range")
        .input(Tensor::scalar(start))
        .input(Tensor::scalar(limit))
        .input(Tensor::scalar(delta))
        .error();
  };
  EXPECT_NE(range(kMin, kMax, 1), "");
  EXPECT_NE(range(0, 1, 0), "");
  EXPECT_EQ(range(kMin, kMax, kMax), "");
  EXPECT_NE(OpCase("Range").input(Tensor::scalar(0.0f)).input(Tensor::scalar(1.0f)).input(Tensor::scalar(0.0f)).error(),
            "");
}

// numpy.pad(x, ((0, 0), (5, 4)), mode) of [[0, 1, 2], [3, 4, 5]].
TEST(Pad, FartherThanTheAxisIsLong) {
  const auto row = [](const char* mode) {
    const auto out = OpCase("Pad").input(counting<int32_t>({2, 3})).input(ints({0, 5, 0, 4})).attr("mode", mode).run();
    const auto all = out.ok() ? elements<int32_t>(*out) : std::vector<int32_t>(24, -1);
    return std::vector<int32_t>(all.begin() + 12, all.end());
  };
  using V = std::vector<int32_t>;
  EXPECT_EQ(row("reflect"), (V{4, 3, 4, 5, 4, 3, 4, 5, 4, 3, 4, 5}));
  EXPECT_EQ(row("wrap"), (V{4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5, 3}));
  EXPECT_EQ(row("edge"), (V{3, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5, 5}));
}

// Cropped first, then padded from what is left: numpy.pad(x[:, 1:], ((0, 0), (0, 2)), mode).
TEST(Pad, NegativePads) {
  const auto out = [](const char* mode) {
    return elements<int32_t>(
        *OpCase("Pad").input(counting<int32_t>({2, 3})).input(ints({0, -1, 0, 2})).attr("mode", mode).run());
  };
  using V = std::vector<int32_t>;
  EXPECT_EQ(out("reflect"), (V{1, 2, 1, 2, 4, 5, 4, 5}));
  EXPECT_EQ(out("constant"), (V{1, 2, 0, 0, 4, 5, 0, 0}));
  EXPECT_NE(OpCase("Pad").input(counting<float>({2})).input(ints({-3, 0})).error(), "");
  EXPECT_NE(OpCase("Pad").input(counting<float>({0})).input(ints({1, 1})).attr("mode", "edge").error(), "");
}

// Channels last equals channels first between two transpositions.
TEST(DepthToSpace, ChannelsLast) {
  const auto transposed = [](const Tensor& x, Dims perm) {
    return *OpCase("Transpose").input(x).attr("perm", std::move(perm)).run();
  };
  const Tensor first = counting<float>({2, 12, 3, 2});
  const Tensor last = transposed(first, {0, 2, 3, 1});
  for (const char* mode : {"DCR", "CRD"}) {
    const auto want = OpCase("DepthToSpace").input(first).attr("blocksize", 2).attr("mode", mode).run();
    const auto out = OpCase("DepthToSpace")
                         .input(last)
                         .attr("blocksize", 2)
                         .attr("mode", mode)
                         .attr("layout", "channels_last")
                         .run();
    ASSERT_TRUE(out.ok()) << out.error().to_string();
    EXPECT_TRUE(identical(*want, transposed(*out, {0, 3, 1, 2}))) << mode;
  }
  const auto back =
      OpCase("SpaceToDepth")
          .input(*OpCase("DepthToSpace").input(last).attr("blocksize", 2).attr("layout", "channels_last").run())
          .attr("blocksize", 2)
          .attr("layout", "channels_last")
          .run();
  EXPECT_TRUE(identical(*back, last));
  EXPECT_NE(OpCase("DepthToSpace").input(first).attr("blocksize", 0).error(), "");
  EXPECT_NE(OpCase("DepthToSpace").input(first).attr("blocksize", 5).error(), "");
}

TEST(OneHot, BadIndicesAndDepth) {
  const auto run = [](const Tensor& depth) {
    return OpCase("OneHot")
        .input(tensor<float>({4}, {-1.0f, 1.0f, 7.0f, std::numeric_limits<float>::quiet_NaN()}))
        .input(depth)
        .input(ints({0, 5}))
        .run();
  };
  EXPECT_EQ(elements<int64_t>(*run(ints({2}))), (std::vector<int64_t>{0, 5, 0, 5, 0, 0, 0, 0}));
  EXPECT_FALSE(run(ints({-1})).ok());
  EXPECT_FALSE(run(ints({kMax})).ok());
}

TEST(Trilu, ExtremeDiagonals) {
  const auto out = [](int64_t k, int upper) {
    return elements<int32_t>(*OpCase("Trilu")
                                  .input(tensor<int32_t>({2, 2}, {1, 2, 3, 4}))
                                  .input(Tensor::scalar(k))
                                  .attr("upper", upper)
                                  .run());
  };
  using V = std::vector<int32_t>;
  EXPECT_EQ(out(kMax, 1), (V{0, 0, 0, 0}));
  EXPECT_EQ(out(kMin, 1), (V{1, 2, 3, 4}));
  EXPECT_EQ(out(kMax, 0), (V{1, 2, 3, 4}));
  EXPECT_EQ(out(kMin, 0), (V{0, 0, 0, 0}));
}

TEST(Split, SymbolicAxis) {
  const auto parts = OpCase("Split").outputs(2).infer({dims_fact({Dim::symbol("n") * 4, 3})});
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ((*parts)[1].type.to_string(), "float32[2*n, 3]");
  EXPECT_NE(OpCase("Split").input(counting<float>({4})).input(ints({3, 2})).outputs(2).error(), "");
  EXPECT_NE(OpCase("Split").input(counting<float>({4})).input(ints({kMax, kMax})).outputs(2).error(), "");
}

}  // namespace
}  // namespace thane
