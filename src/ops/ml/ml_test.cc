// Maps, which no file of numbers can hold; hostile trees and lists; what ONNX Runtime and the specification disagree
// on. Expected numbers by hand.
#include "ops/op_test.h"

namespace thane {
namespace {

using testing::elements;
using testing::ints;
using testing::OpCase;
using testing::strings;
using testing::tensor;

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using Strings = std::vector<std::string>;

OpCase ml(std::string_view name) { return OpCase(name, Domain::kMl); }

// One node that asks whether feature 0 is at most 1/2, and its two leaves.
OpCase stump(const char* op) {
  OpCase test = ml(op);
  test.input(tensor<float>({2, 1}, {0, 1}))
      .attr("nodes_nodeids", Ints{0, 1, 2})
      .attr("nodes_treeids", Ints{0, 0, 0})
      .attr("nodes_featureids", Ints{0, 0, 0})
      .attr("nodes_truenodeids", Ints{1, 0, 0})
      .attr("nodes_falsenodeids", Ints{2, 0, 0})
      .attr("nodes_values", Floats{0.5f, 0, 0})
      .attr("nodes_modes", Strings{"BRANCH_LEQ", "LEAF", "LEAF"});
  return test;
}

OpCase regressor() {
  OpCase test = stump("TreeEnsembleRegressor");
  test.attr("n_targets", 1)
      .attr("target_ids", Ints{0, 0})
      .attr("target_nodeids", Ints{1, 2})
      .attr("target_treeids", Ints{0, 0})
      .attr("target_weights", Floats{10, 20});
  return test;
}

TEST(Trees, WalkToTheirLeaves) { EXPECT_EQ(elements<float>(*regressor().run()), (Floats{10, 20})); }

TEST(Trees, CyclesAreRefused) {
  EXPECT_NE(regressor().attr("nodes_truenodeids", Ints{0, 0, 0}).error().find("cycle"), std::string::npos);
  auto longer = regressor();
  longer.attr("nodes_modes", Strings{"BRANCH_LEQ", "BRANCH_LEQ", "LEAF"});
  EXPECT_NE(longer.attr("nodes_falsenodeids", Ints{2, 2, 0}).error().find("cycle"), std::string::npos);
  EXPECT_EQ(longer.attr("nodes_truenodeids", Ints{1, 2, 0}).error(), "");  // two ways to one leaf are no cycle
}

TEST(Trees, IndicesAreChecked) {
  EXPECT_NE(regressor().attr("nodes_truenodeids", Ints{7, 0, 0}).error(), "");
  EXPECT_NE(regressor().attr("nodes_featureids", Ints{-1, 0, 0}).error(), "");
  EXPECT_NE(regressor().attr("nodes_featureids", Ints{INT64_MAX, 0, 0}).error(), "");
  EXPECT_NE(regressor().attr("nodes_featureids", Ints{3, 0, 0}).error().find("at least 4"), std::string::npos);
  EXPECT_NE(regressor().attr("target_ids", Ints{0, 1}).error(), "");
  EXPECT_NE(regressor().attr("target_nodeids", Ints{1, 9}).error(), "");
  EXPECT_NE(regressor().attr("n_targets", AttrValue(int64_t{1} << 40)).error(), "");
  EXPECT_NE(regressor().attr("nodes_values", Floats{0.5f}).error(), "");
  EXPECT_NE(regressor().attr("nodes_nodeids", Ints{0, 1, 1}).error().find("twice"), std::string::npos);
  EXPECT_NE(regressor().attr("nodes_modes", Strings{"BRANCH_LEQ", "LEAF", "TWIG"}).error(), "");
}

TEST(Trees, MissingValuesFollowTheTrackedBranch) {
  const Tensor x = tensor<float>({1, 1}, {__builtin_nanf("")});
  const auto run = [&](Ints tracks) {
    OpCase test = regressor();
    auto outputs = test.attr("nodes_missing_value_tracks_true", std::move(tracks)).run_all();
    return outputs.ok();
  };
  EXPECT_TRUE(run({1, 0, 0}));
  OpCase one = ml("TreeEnsemble");
  one.input(x)
      .attr("n_targets", 1)
      .attr("tree_roots", Ints{0})
      .attr("nodes_featureids", Ints{0})
      .attr("nodes_truenodeids", Ints{0})
      .attr("nodes_falsenodeids", Ints{1})
      .attr("nodes_trueleafs", Ints{1})
      .attr("nodes_falseleafs", Ints{1})
      .attr("leaf_targetids", Ints{0, 0})
      .attr("nodes_modes", tensor<uint8_t>({1}, {0}))
      .attr("nodes_splits", tensor<float>({1}, {0.5f}))
      .attr("leaf_weights", tensor<float>({2}, {10, 20}));
  EXPECT_EQ(elements<float>(*one.run()), (Floats{20}));
  EXPECT_EQ(elements<float>(*one.attr("nodes_missing_value_tracks_true", Ints{1}).run()), (Floats{10}));
  EXPECT_NE(one.attr("nodes_modes", tensor<uint8_t>({1}, {9})).error(), "");
}

// The specification's numbers: 1 is SOFTMAX. (ONNX Runtime 1.32 takes 1 for LOGISTIC.)
TEST(Trees, PostTransformNumbers) {
  OpCase two = ml("TreeEnsemble");
  two.input(tensor<float>({1, 1}, {0}))
      .attr("n_targets", 2)
      .attr("post_transform", 1)
      .attr("tree_roots", Ints{0, 1})
      .attr("nodes_featureids", Ints{0, 0})
      .attr("nodes_truenodeids", Ints{0, 1})
      .attr("nodes_falsenodeids", Ints{0, 1})
      .attr("nodes_trueleafs", Ints{1, 1})
      .attr("nodes_falseleafs", Ints{1, 1})
      .attr("leaf_targetids", Ints{0, 1})
      .attr("nodes_modes", tensor<uint8_t>({2}, {0, 0}))
      .attr("nodes_splits", tensor<float>({2}, {0, 0}))
      .attr("leaf_weights", tensor<float>({2}, {3, 3}));
  EXPECT_EQ(elements<float>(*two.run()), (Floats{0.5f, 0.5f}));
}

Value price_list() { return Map{ints({4, 1, 2}), tensor<float>({3}, {0.25f, 1.5f, -2})}; }

TEST(Maps, CastMap) {
  EXPECT_EQ(elements<float>(*ml("CastMap").input(price_list()).run()), (Floats{1.5f, -2, 0.25f}));
  const auto whole = ml("CastMap").input(price_list()).attr("cast_to", "TO_INT64").run();
  EXPECT_EQ(elements<int64_t>(*whole), (Ints{1, -2, 0}));
  const auto sparse = ml("CastMap").input(price_list()).attr("map_form", "SPARSE").attr("max_map", 4).run();
  EXPECT_EQ(elements<float>(*sparse), (Floats{0, 1.5f, -2, 0}));
  const auto text = ml("CastMap").input(price_list()).attr("cast_to", "TO_STRING").run();
  EXPECT_EQ(elements<std::string>(*text), (Strings{"1.500000", "-2.000000", "0.250000"}));
  const Value words = Map{ints({0, 1}), strings({2}, {"2.5", "x"})};
  EXPECT_NE(ml("CastMap").input(words).error().find("'x'"), std::string::npos);
  EXPECT_NE(ml("CastMap").input(price_list()).attr("map_form", "SPARSE").attr("max_map", -3).error(), "");
  EXPECT_NE(ml("CastMap").input(Map{ints({-1}), tensor<float>({1}, {1})}).attr("map_form", "SPARSE").error(), "");
}

TEST(Maps, DictVectorizer) {
  const auto y = ml("DictVectorizer").input(price_list()).attr("int64_vocabulary", Ints{1, 3, 4}).run();
  EXPECT_EQ(y->dims(), (Dims{1, 3}));
  EXPECT_EQ(elements<float>(*y), (Floats{1.5f, 0, 0.25f}));
  EXPECT_NE(ml("DictVectorizer").input(price_list()).attr("string_vocabulary", Strings{"a"}).error(), "");
}

TEST(Maps, ZipMap) {
  const auto y = ml("ZipMap")
                     .input(tensor<float>({2, 2}, {1, 2, 3, 4}))
                     .attr("classlabels_strings", Strings{"ant", "bee"})
                     .run_all();
  ASSERT_TRUE(y.ok());
  const Sequence& rows = (*y)[0].sequence();
  ASSERT_EQ(rows.items.size(), 2u);
  EXPECT_EQ(elements<std::string>(rows.items[1].map().keys), (Strings{"ant", "bee"}));
  EXPECT_EQ(elements<float>(rows.items[1].map().values), (Floats{3, 4}));
  EXPECT_NE(ml("ZipMap").input(tensor<float>({2}, {1, 2})).attr("classlabels_int64s", Ints{1, 2, 3}).error(), "");
}

TEST(LabelEncoder, OddKeys) {
  const auto encode = [](Ints keys) {
    return ml("LabelEncoder")
        .input(ints({1, 2}))
        .attr("keys_int64s", std::move(keys))
        .attr("values_int64s", Ints{10, 20, 30});
  };
  EXPECT_EQ(elements<int64_t>(*encode({1, 2, 1}).run()), (Ints{30, 20}));  // the last of equal keys, as specified
  EXPECT_NE(encode({1, 2}).error(), "");
  EXPECT_NE(encode({1, 2, 3}).attr("keys_strings", Strings{"a"}).error(), "");
  EXPECT_NE(
      ml("LabelEncoder").input(ints({1})).attr("keys_strings", Strings{"a"}).attr("values_floats", Floats{1}).error(),
      "");
}

TEST(LinearModels, SizesAreChecked) {
  const auto classify = [](Floats coefficients) {
    return ml("LinearClassifier")
        .outputs(2)
        .input(tensor<float>({1, 2}, {1, 2}))
        .attr("coefficients", std::move(coefficients))
        .attr("intercepts", Floats{0, 0})
        .attr("classlabels_ints", Ints{5, 6});
  };
  EXPECT_EQ(elements<int64_t>(*classify({1, 0, 0, 1}).run()), (Ints{6}));
  EXPECT_NE(classify({1, 0, 0}).error(), "");
  EXPECT_NE(classify({1, 0, 0, 1, 0, 1}).error(), "");
  EXPECT_NE(classify({1, 0, 0, 1}).attr("classlabels_ints", Ints{5}).error(), "");
  OpCase regress = ml("LinearRegressor");
  regress.input(tensor<float>({1, 2}, {1, 2})).attr("coefficients", Floats{1, 1}).attr("targets", 0);
  EXPECT_NE(regress.error(), "");
  OpCase svm = ml("SVMClassifier");
  svm.outputs(2)
      .input(tensor<float>({1, 1}, {1}))
      .attr("classlabels_ints", Ints{1, 2})
      .attr("coefficients", Floats{1, 1})
      .attr("rho", Floats{0})
      .attr("support_vectors", Floats{1, 2})
      .attr("vectors_per_class", Ints{1, 1});
  EXPECT_EQ(svm.error(), "");
  EXPECT_NE(svm.attr("vectors_per_class", Ints{INT64_MAX, INT64_MAX}).error(), "");
  EXPECT_NE(svm.attr("vectors_per_class", Ints{-1, 3}).error(), "");
}

}  // namespace
}  // namespace thane
