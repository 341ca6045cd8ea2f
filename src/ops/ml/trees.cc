#include "ops/ml/trees.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/format.h"

namespace thane::ml {
namespace {

// An attribute that is given as floats or as a tensor.
Result<std::vector<double>> numbers(const std::vector<float>& floats, const Tensor& tensor) {
  if (!tensor.defined()) return std::vector<double>(floats.begin(), floats.end());
  if (tensor.dtype() == DType::kString) return invalid_model("a tensor of strings").expecting("numbers");
  THANE_ASSIGN(const Tensor aligned, tensor.aligned() ? Result<Tensor>(tensor) : tensor.copy());
  std::vector<double> values(static_cast<size_t>(aligned.size()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = aligned.as_double(static_cast<int64_t>(i));
  return values;
}

Status expect_size(std::string_view name, size_t found, size_t expected) {
  if (found == expected) return ok();
  return invalid_model(format("{} has {} entries", name, found)).expecting(format("{}, one for each", expected));
}

Status expect_index(std::string_view name, int64_t found, size_t count) {
  if (found >= 0 && found < static_cast<int64_t>(count)) return ok();
  return invalid_model(format("{} holds {}", name, found)).expecting(format("an index below {}", count));
}

Status expect_feature(int64_t feature) {
  if (feature >= 0 && feature <= INT32_MAX) return ok();
  return invalid_model(format("nodes_featureids holds {}", feature)).expecting("a feature's index");
}

// Finds a node by the pair of ids that names it in the file.
class NodeIndex {
 public:
  NodeIndex(const std::vector<int64_t>& trees, const std::vector<int64_t>& nodes) {
    for (size_t i = 0; i < trees.size(); ++i) entries_.emplace_back(trees[i], nodes[i], static_cast<int32_t>(i));
    std::sort(entries_.begin(), entries_.end());
  }
  Status check_unique() const {
    for (size_t i = 1; i < entries_.size(); ++i) {
      const auto& [tree, node, _] = entries_[i];
      if (std::get<0>(entries_[i - 1]) == tree && std::get<1>(entries_[i - 1]) == node) {
        return invalid_model(format("node {} of tree {} is there twice", node, tree));
      }
    }
    return ok();
  }
  Result<int32_t> find(int64_t tree, int64_t node) const {
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), Entry(tree, node, 0));
    if (found == entries_.end() || std::get<0>(*found) != tree || std::get<1>(*found) != node) {
      return invalid_model(format("node {} of tree {} is not there", node, tree));
    }
    return std::get<2>(*found);
  }

 private:
  using Entry = std::tuple<int64_t, int64_t, int32_t>;
  std::vector<Entry> entries_;
};

constexpr std::string_view kModeNames[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                           "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};

Status check_lists(const TreeNodeLists& lists, size_t values) {
  const size_t count = lists.nodeids.size();
  THANE_TRY(expect_size("nodes_treeids", lists.treeids.size(), count));
  THANE_TRY(expect_size("nodes_featureids", lists.featureids.size(), count));
  THANE_TRY(expect_size("nodes_truenodeids", lists.truenodeids.size(), count));
  THANE_TRY(expect_size("nodes_falsenodeids", lists.falsenodeids.size(), count));
  THANE_TRY(expect_size("nodes_modes", lists.modes.size(), count));
  THANE_TRY(expect_size("nodes_values", values, count));
  if (count > INT32_MAX) return resource_limit(format("{} tree nodes", count)).expecting("fewer than 2^31");
  return ok();
}

struct VoteLists {
  const std::vector<int64_t>&ids, &nodeids, &treeids;
  std::vector<double> weights;
};

// In the older ops leaves are nodes too; here every list position becomes a node or a leaf of its own.
class ListedForest {
 public:
  ListedForest(const TreeNodeLists& lists, Forest& forest)
      : lists_(lists), forest_(forest), index_(lists.treeids, lists.nodeids) {}

  Status build(std::span<const double> values, const VoteLists& votes) {
    THANE_TRY(index_.check_unique());
    THANE_TRY(place_nodes());
    THANE_TRY(add_votes(votes));
    for (size_t i = 0; i < lists_.nodeids.size(); ++i) {
      if (place_[i] >= 0) THANE_TRY(fill_node(i, values[i]));
      // A tree's root is its first node.
      if (i == 0 || lists_.treeids[i] != lists_.treeids[i - 1]) forest_.roots.push_back(place_[i]);
    }
    return forest_.finish();
  }

 private:
  Status place_nodes() {
    for (const std::string& mode : lists_.modes) {
      if (mode == "LEAF") {
        place_.push_back(~static_cast<int32_t>(forest_.leaves.size()));
        forest_.leaves.emplace_back();
        continue;
      }
      const auto* const found = std::find(std::begin(kModeNames), std::end(kModeNames), mode);
      if (found == std::end(kModeNames)) {
        return invalid_model(format("nodes_modes holds '{}'", mode)).expecting("BRANCH_LEQ, …, BRANCH_NEQ or LEAF");
      }
      place_.push_back(static_cast<int32_t>(forest_.nodes.size()));
      forest_.nodes.emplace_back().mode = static_cast<NodeMode>(found - std::begin(kModeNames));
    }
    return ok();
  }

  Status fill_node(size_t i, double split) {
    Forest::Node& node = forest_.nodes[place_[i]];
    THANE_TRY(expect_feature(lists_.featureids[i]));
    THANE_ASSIGN(const int32_t on_true, index_.find(lists_.treeids[i], lists_.truenodeids[i]));
    THANE_ASSIGN(const int32_t on_false, index_.find(lists_.treeids[i], lists_.falsenodeids[i]));
    node.split = split;
    node.feature = static_cast<int32_t>(lists_.featureids[i]);
    node.on_true = place_[on_true];
    node.on_false = place_[on_false];
    const auto& missing = lists_.missing_value_tracks_true;
    node.nan_is_true = i < missing.size() && missing[i] != 0;
    return ok();
  }

  // Votes are listed in any order; a leaf's must lie side by side.
  Status add_votes(const VoteLists& lists) {
    THANE_TRY(expect_size("the votes' node ids", lists.nodeids.size(), lists.ids.size()));
    THANE_TRY(expect_size("the votes' tree ids", lists.treeids.size(), lists.ids.size()));
    THANE_TRY(expect_size("the votes' weights", lists.weights.size(), lists.ids.size()));
    std::vector<std::pair<int32_t, size_t>> order;  // leaf, position in the lists
    for (size_t i = 0; i < lists.ids.size(); ++i) {
      THANE_ASSIGN(const int32_t node, index_.find(lists.treeids[i], lists.nodeids[i]));
      if (place_[node] < 0)
        order.emplace_back(~place_[node], i);  // old converters list votes of inner nodes: never reached
    }
    std::sort(order.begin(), order.end());
    for (const auto& [leaf, i] : order) {
      THANE_TRY(expect_index("the votes' target ids", lists.ids[i], static_cast<size_t>(forest_.targets)));
      Forest::Leaf& entry = forest_.leaves[leaf];
      if (entry.count++ == 0) entry.first = static_cast<uint32_t>(forest_.votes.size());
      forest_.votes.push_back({static_cast<int32_t>(lists.ids[i]), lists.weights[i]});
    }
    return ok();
  }

  const TreeNodeLists& lists_;
  Forest& forest_;
  NodeIndex index_;
  std::vector<int32_t> place_;  // of each list position, as a child
};

Status build_forest(TreeNodeLists& lists, int64_t targets, const std::vector<int64_t>& ids,
                    const std::vector<int64_t>& nodeids, const std::vector<int64_t>& treeids,
                    Result<std::vector<double>> weights) {
  if (!weights.ok()) return std::move(weights).error();
  THANE_ASSIGN(const auto values, numbers(lists.values, lists.values_tensor));
  THANE_ASSIGN(lists.forest.base_values, numbers(lists.base_values, lists.base_values_tensor));
  THANE_TRY(check_lists(lists, values.size()));
  if (targets <= 0) return invalid_model("no targets or classes").expecting("at least one");
  lists.forest.targets = targets;
  const size_t base = lists.forest.base_values.size();
  if (base > static_cast<size_t>(targets) && base > 2) {
    return invalid_model(format("{} base values for {} targets or classes", base, targets));
  }
  return ListedForest(lists, lists.forest).build(values, {ids, nodeids, treeids, std::move(*weights)});
}

Status check_features(const InferContext& context, const Forest& forest, const Batch& batch) {
  if (!batch.columns.is_number() || batch.columns.number() > forest.max_feature) return ok();
  return invalid_model(format("{} features per row", context.dims(0)->back().number()))
      .expecting(format("at least {}, which the trees read", int64_t{forest.max_feature} + 1));
}

}  // namespace

Status TreeClassifierAttrs::prepare() {
  return build_forest(*this, static_cast<int64_t>(labels.size()), class_ids, class_nodeids, class_treeids,
                      numbers(class_weights, class_weights_tensor));
}

Status TreeRegressorAttrs::prepare() {
  return build_forest(*this, n_targets, target_ids, target_nodeids, target_treeids,
                      numbers(target_weights, target_weights_tensor));
}

Status TreeEnsembleAttrs::prepare() {
  THANE_TRY(expect_index("aggregate_function", aggregate_function, std::size(kAggregateNames)));
  THANE_TRY(expect_index("post_transform", post_transform, std::size(kPostTransformNames)));
  THANE_ASSIGN(const auto mode_codes, numbers({}, modes));
  THANE_ASSIGN(const auto split_values, numbers({}, splits));
  THANE_ASSIGN(const auto weights, numbers({}, leaf_weights));
  THANE_ASSIGN(const auto members, numbers({}, membership_values));
  const size_t count = featureids.size();
  THANE_TRY(expect_size("nodes_truenodeids", truenodeids.size(), count));
  THANE_TRY(expect_size("nodes_falsenodeids", falsenodeids.size(), count));
  THANE_TRY(expect_size("nodes_trueleafs", trueleafs.size(), count));
  THANE_TRY(expect_size("nodes_falseleafs", falseleafs.size(), count));
  THANE_TRY(expect_size("nodes_modes", mode_codes.size(), count));
  THANE_TRY(expect_size("nodes_splits", split_values.size(), count));
  THANE_TRY(expect_size("leaf_weights", weights.size(), leaf_targetids.size()));
  if (n_targets <= 0) return invalid_model(format("n_targets is {}", n_targets)).expecting("at least 1");
  if (std::max(count, weights.size()) > INT32_MAX) return resource_limit("more than 2^31 tree nodes or leaves");

  forest.targets = n_targets;
  const auto child = [&](std::string_view name, int64_t id, bool leaf) -> Result<int32_t> {
    THANE_TRY(expect_index(name, id, leaf ? weights.size() : count));
    return leaf ? ~static_cast<int32_t>(id) : static_cast<int32_t>(id);
  };
  size_t next_member = 0;
  for (size_t i = 0; i < count; ++i) {
    Forest::Node node;
    THANE_TRY(expect_feature(featureids[i]));
    if (!(mode_codes[i] >= 0 && mode_codes[i] <= static_cast<double>(NodeMode::kMember))) {
      return invalid_model(format("nodes_modes holds {}", mode_codes[i])).expecting("0 to 6");
    }
    node.mode = static_cast<NodeMode>(mode_codes[i]);
    node.split = split_values[i];
    node.feature = static_cast<int32_t>(featureids[i]);
    node.nan_is_true = i < missing_value_tracks_true.size() && missing_value_tracks_true[i] != 0;
    THANE_ASSIGN(node.on_true, child("nodes_truenodeids", truenodeids[i], trueleafs[i] != 0));
    THANE_ASSIGN(node.on_false, child("nodes_falsenodeids", falsenodeids[i], falseleafs[i] != 0));
    if (node.mode == NodeMode::kMember) {  // its members: the next values up to a NaN
      node.set = static_cast<int32_t>(forest.sets.size());
      auto& set = forest.sets.emplace_back();
      while (next_member < members.size() && !std::isnan(members[next_member])) set.push_back(members[next_member++]);
      ++next_member;
    }
    forest.nodes.push_back(node);
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    THANE_TRY(expect_index("leaf_targetids", leaf_targetids[i], static_cast<size_t>(n_targets)));
    forest.leaves.push_back({static_cast<uint32_t>(i), 1});
    forest.votes.push_back({static_cast<int32_t>(leaf_targetids[i]), weights[i]});
  }
  for (const int64_t root : tree_roots) {
    THANE_TRY(expect_index("tree_roots", root, count));
    forest.roots.push_back(static_cast<int32_t>(root));
  }
  return forest.finish();
}

Status infer_tree_classifier(InferContext& context) {
  const auto& attrs = context.attrs<TreeClassifierAttrs>();
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  THANE_TRY(check_features(context, attrs.forest, batch));
  context.set(0, attrs.labels.dtype(), SymDims{batch.rows});
  context.set(1, DType::kFloat32, SymDims{batch.rows, Dim(attrs.forest.targets)});
  return ok();
}

Status eval_tree_classifier(KernelContext& context) {
  const auto& attrs = context.attrs<TreeClassifierAttrs>();
  const int64_t rows = batch_rows(context.input(0));
  THANE_ASSIGN(Tensor * labels, output_or_scratch(context, 0, attrs.labels.dtype(), {rows}));
  THANE_ASSIGN(Tensor * scores, output_or_scratch(context, 1, DType::kFloat32, {rows, attrs.forest.targets}));
  run_classification(attrs.forest, attrs.post_transform, attrs.labels, context.input(0), *labels, *scores,
                     context.threads());
  return ok();
}

Status infer_tree_regressor(InferContext& context) {
  const auto& attrs = context.attrs<TreeRegressorAttrs>();
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  THANE_TRY(check_features(context, attrs.forest, batch));
  context.set(0, DType::kFloat32, SymDims{batch.rows, Dim(attrs.forest.targets)});
  return ok();
}

Status eval_tree_regressor(KernelContext& context) {
  const auto& attrs = context.attrs<TreeRegressorAttrs>();
  run_regression(attrs.forest, attrs.aggregate, attrs.post_transform, context.input(0), context.output(0),
                 context.threads());
  return ok();
}

Status infer_tree_ensemble(InferContext& context) {
  const auto& attrs = context.attrs<TreeEnsembleAttrs>();
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  THANE_TRY(check_features(context, attrs.forest, batch));
  context.set(0, context.dtype(0), SymDims{batch.rows, Dim(attrs.forest.targets)});
  return ok();
}

Status eval_tree_ensemble(KernelContext& context) {
  const auto& attrs = context.attrs<TreeEnsembleAttrs>();
  run_regression(attrs.forest, static_cast<Aggregate>(attrs.aggregate_function),
                 static_cast<PostTransform>(attrs.post_transform), context.input(0), context.output(0),
                 context.threads());
  return ok();
}

}  // namespace thane::ml
