#include "formats/graph_builder.h"

#include <gtest/gtest.h>

namespace thane {
namespace {

Type floats(SymDims dims) { return Type::tensor(DType::kFloat32, std::move(dims)); }

TEST(GraphBuilder, TypesEachNodeAtOnce) {
  GraphBuilder builder;
  const Edge x = builder.input("x", floats({Dim::symbol("n"), Dim(4)}));
  const auto y = builder.emit("Transpose", {x}, {{"perm", std::vector<int64_t>{1, 0}}});
  ASSERT_TRUE(y.ok());
  EXPECT_EQ(y->type().to_string(), "float32[4, n]");
}

TEST(GraphBuilder, KnowsSmallValuesThatDependOnShapesAlone) {
  GraphBuilder builder;
  const Edge x = builder.input("x", floats({Dim(2), Dim(3)}));
  const Edge shape = *builder.emit("Shape", {x});
  ASSERT_NE(shape.known(), nullptr);
  EXPECT_EQ(shape.known()->as_int64(1), 3);
}

TEST(GraphBuilder, RefusesWhatDoesNotFitAndSaysWhere) {
  GraphBuilder builder;
  const Edge x = builder.input("x", floats({Dim(2)}));
  EXPECT_FALSE(builder.emit("NoSuchOp", {x}).ok());
  const auto wrong = builder.emit("Add", {x, builder.int64(1)}, {}, "sum");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().to_string().find("sum"), std::string::npos);
}

TEST(GraphBuilder, BodiesCaptureOuterValues) {
  GraphBuilder builder;
  const Edge x = builder.input("x", floats({Dim(2)}));
  const Edge condition = builder.input("c", Type::tensor(DType::kBool, SymDims{}));
  GraphBuilder then_body(builder), else_body(builder);
  ASSERT_TRUE(then_body.output(*then_body.emit("Neg", {x})).ok());
  ASSERT_TRUE(else_body.output(*else_body.emit("Abs", {x})).ok());
  auto result = builder.emit({.op = "If", .inputs = {condition}, .bodies = {&then_body, &else_body}});
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ((*result)[0].type().to_string(), "float32[2]");
  ASSERT_TRUE(builder.output((*result)[0], "y").ok());
  const auto graph = builder.finish();
  ASSERT_TRUE(graph.ok()) << graph.error().to_string();
  EXPECT_EQ(graph->nodes[0].subgraphs[0].captures, std::vector<ValueId>{x.id});
}

TEST(GraphBuilder, OutputsGetTheirNamesEvenWhenTaken) {
  GraphBuilder builder;
  const Edge x = builder.input("x", floats({Dim(2)}));
  const Edge y = *builder.emit("Neg", {x}, {}, "twice");
  ASSERT_TRUE(builder.output(y, "first").ok());
  ASSERT_TRUE(builder.output(y, "twice").ok());
  ASSERT_TRUE(builder.output(x, "third").ok());
  const auto graph = builder.finish();
  ASSERT_TRUE(graph.ok()) << graph.error().to_string();
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(graph->values[graph->outputs[i]].name, (std::array{"first", "twice", "third"}[i]));
  }
}

}  // namespace
}  // namespace thane
