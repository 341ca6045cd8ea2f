#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::dims_fact;
using testing::elements;
using testing::OpCase;
using testing::tensor;

std::string inferred(auto&& op, std::vector<Fact> facts) {
  auto out = op.infer(std::move(facts));
  return out.ok() ? (*out)[0].type.to_string() : "error";
}

TEST(MatMul, SymbolicShapes) {
  const Dim n = Dim::symbol("n"), m = Dim::symbol("m");
  EXPECT_EQ(inferred(OpCase("MatMul"), {dims_fact({n, 4, 5}), dims_fact({5, m})}), "float32[n, 4, m]");
  EXPECT_EQ(inferred(OpCase("MatMul"), {dims_fact({n, 1, 4, 5}), dims_fact({3, 5, 2})}), "float32[n, 3, 4, 2]");
  EXPECT_EQ(inferred(OpCase("MatMul"), {dims_fact({5}), dims_fact({n, 5, 2})}), "float32[n, 2]");
  EXPECT_EQ(inferred(OpCase("MatMul"), {dims_fact({4, 5}), dims_fact({4, 5})}), "error");
  EXPECT_EQ(inferred(OpCase("MatMul"), {dims_fact({}), dims_fact({4, 5})}), "error");
  EXPECT_EQ(inferred(OpCase("MatMul"), {dims_fact({2, 4, 5}), dims_fact({3, 5, 5})}), "error");
}

TEST(Gemm, RefusesWhatDoesNotFit) {
  const auto error = [](Tensor a, Tensor b, Tensor c, int trans_b) {
    return OpCase("Gemm").input(a).input(b).input(c).attr("transB", trans_b).error();
  };
  const auto f = [](const Dims& dims) { return counting<float>(dims); };
  EXPECT_EQ(error(f({2, 3}), f({4, 3}), f({4}), 1), "");
  EXPECT_NE(error(f({2, 3}), f({4, 3}), f({4}), 0), "");
  EXPECT_NE(error(f({2, 3}), f({4, 3}), f({3}), 1), "");
  EXPECT_NE(error(f({2, 3}), f({4, 3}), f({1, 2, 4}), 1), "");
  EXPECT_NE(error(f({2, 3, 1}), f({4, 3}), f({4}), 1), "");
}

TEST(Einsum, RefusesBrokenEquations) {
  const auto error = [](const std::string& equation, size_t operands) {
    OpCase op("Einsum");
    for (size_t i = 0; i < operands; ++i) op.input(counting<float>({2, 2}));
    return op.attr("equation", AttrValue(equation)).error();
  };
  EXPECT_EQ(error("ij,jk->ik", 2), "");
  for (const char* equation :
       {"", "ij", "ij,jk,kl->il", "ij,jk->iz", "ij,jk->ii", "ij,jk->ik->i", "i,jk", "ijk,jk", "i.j,jk", "......,jk",
        "ij,jk->......", "ij,j1->i", "ij, j\n->i", "ij,jk-ik", "ij,jk>ik", "...ijk,jk"}) {
    EXPECT_NE(error(equation, 2), "") << equation;
  }
  EXPECT_NE(error(std::string(100000, ','), 2), "");
}

TEST(Einsum, SizesMustAgree) {
  const auto run = [](const Dims& a, const Dims& b) {
    return OpCase("Einsum").input(counting<float>(a)).input(counting<float>(b)).attr("equation", "ij,jk").error();
  };
  EXPECT_EQ(run({2, 3}, {3, 2}), "");
  EXPECT_EQ(run({2, 1}, {3, 2}), "");
  EXPECT_NE(run({2, 2}, {3, 2}), "");
  EXPECT_EQ(inferred(OpCase("Einsum").attr("equation", "bij,bjk->bik"),
                     {dims_fact({Dim::symbol("b"), 2, 3}), dims_fact({Dim::symbol("b"), 3, Dim::symbol("k")})}),
            "float32[b, 2, k]");
}

// 50 factors: contracted from left to right, the intermediate never grows beyond a matrix.
TEST(Einsum, LongChain) {
  OpCase op("Einsum");
  std::string equation;
  for (int i = 0; i < 50; ++i) {
    const auto letter = [](int k) { return static_cast<char>(k < 26 ? 'a' + k : 'A' + k - 26); };
    op.input(tensor<double>({2, 2}, {1, 1, 0, 1}));
    equation += std::string(i ? "," : "") + letter(i) + letter(i + 1);
  }
  const auto out = op.attr("equation", AttrValue(equation + "->aY")).run();
  ASSERT_TRUE(out.ok()) << out.error().to_string();
  EXPECT_EQ(elements<double>(*out), (std::vector<double>{1, 50, 0, 1}));
}

TEST(Det, RefusesWhatIsNotSquare) {
  EXPECT_NE(OpCase("Det").input(counting<float>({2, 3})).error(), "");
  EXPECT_NE(OpCase("Det").input(counting<float>({4})).error(), "");
  EXPECT_EQ(elements<float>(*OpCase("Det").input(counting<float>({2, 0, 0})).run()), (std::vector<float>{1, 1}));
}

}  // namespace
}  // namespace thane
