// TreeEnsemble, TreeEnsembleClassifier, TreeEnsembleRegressor: three ways to write down one Forest.
#pragma once

#include "ops/ml/forest.h"

namespace thane::ml {

// The flat node lists of the two older ops.
struct TreeNodeLists : Attrs {
  std::vector<int64_t> falsenodeids, truenodeids, featureids, nodeids, treeids, missing_value_tracks_true;
  std::vector<float> hitrates, values, base_values;
  Tensor hitrates_tensor, values_tensor, base_values_tensor;
  std::vector<std::string> modes;
  PostTransform post_transform = PostTransform::kNone;
  Forest forest;  // made by prepare()

  template <class Self, class V>
  static void node_fields(Self& self, V& v) {
    v("nodes_falsenodeids", self.falsenodeids);
    v("nodes_truenodeids", self.truenodeids);
    v("nodes_featureids", self.featureids);
    v("nodes_nodeids", self.nodeids);
    v("nodes_treeids", self.treeids);
    v("nodes_missing_value_tracks_true", self.missing_value_tracks_true);
    v("nodes_hitrates", self.hitrates);
    v("nodes_hitrates_as_tensor", self.hitrates_tensor);
    v("nodes_values", self.values);
    v("nodes_values_as_tensor", self.values_tensor);
    v("nodes_modes", self.modes);
    v("base_values", self.base_values);
    v("base_values_as_tensor", self.base_values_tensor);
    v.choice("post_transform", self.post_transform, kPostTransformNames);
  }
};

struct TreeClassifierAttrs : TreeNodeLists {
  std::vector<int64_t> class_ids, class_nodeids, class_treeids;
  std::vector<float> class_weights;
  Tensor class_weights_tensor;
  Labels labels;

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    node_fields(self, v);
    v("class_ids", self.class_ids);
    v("class_nodeids", self.class_nodeids);
    v("class_treeids", self.class_treeids);
    v("class_weights", self.class_weights);
    v("class_weights_as_tensor", self.class_weights_tensor);
    v("classlabels_int64s", self.labels.ints);
    v("classlabels_strings", self.labels.strings);
  }
};

struct TreeRegressorAttrs : TreeNodeLists {
  std::vector<int64_t> target_ids, target_nodeids, target_treeids;
  std::vector<float> target_weights;
  Tensor target_weights_tensor;
  int64_t n_targets = 0;
  Aggregate aggregate = Aggregate::kSum;

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    node_fields(self, v);
    v("target_ids", self.target_ids);
    v("target_nodeids", self.target_nodeids);
    v("target_treeids", self.target_treeids);
    v("target_weights", self.target_weights);
    v("target_weights_as_tensor", self.target_weights_tensor);
    v("n_targets", self.n_targets);
    v.choice("aggregate_function", self.aggregate, kAggregateNames);
  }
};

struct TreeEnsembleAttrs : Attrs {
  int64_t aggregate_function = 1, post_transform = 0, n_targets = 0;
  std::vector<int64_t> tree_roots, missing_value_tracks_true, leaf_targetids, falsenodeids, truenodeids, falseleafs,
      trueleafs, featureids;
  Tensor hitrates, modes, splits, leaf_weights, membership_values;
  Forest forest;  // made by prepare()

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("aggregate_function", self.aggregate_function);
    v("post_transform", self.post_transform);
    v("n_targets", self.n_targets);
    v.required("tree_roots", self.tree_roots);
    v("nodes_missing_value_tracks_true", self.missing_value_tracks_true);
    v.required("leaf_targetids", self.leaf_targetids);
    v.required("leaf_weights", self.leaf_weights);
    v.required("nodes_falsenodeids", self.falsenodeids);
    v.required("nodes_truenodeids", self.truenodeids);
    v.required("nodes_falseleafs", self.falseleafs);
    v.required("nodes_trueleafs", self.trueleafs);
    v.required("nodes_featureids", self.featureids);
    v.required("nodes_modes", self.modes);
    v.required("nodes_splits", self.splits);
    v("nodes_hitrates", self.hitrates);
    v("membership_values", self.membership_values);
  }
};

Status infer_tree_classifier(InferContext& context);
Status eval_tree_classifier(KernelContext& context);
Status infer_tree_regressor(InferContext& context);
Status eval_tree_regressor(KernelContext& context);
Status infer_tree_ensemble(InferContext& context);
Status eval_tree_ensemble(KernelContext& context);

}  // namespace thane::ml
