#include "ops/ml/forest.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace thane::ml {
namespace {

// More outputs per row than any ensemble has; a hostile count would otherwise reserve memory.
constexpr int64_t kMaxTargets = int64_t{1} << 22;
constexpr int64_t kRowGrain = 32;

// Depth first over interior nodes; a node met while still open closes a cycle.
Status check_acyclic(const Forest& forest) {
  enum : uint8_t { kNew, kOpen, kDone };
  std::vector<uint8_t> state(forest.nodes.size(), kNew);
  struct Step {
    int32_t node;
    int8_t next;
  };
  std::vector<Step> path;
  for (const int32_t root : forest.roots) {
    if (root >= 0 && state[root] == kNew) path.push_back({root, 0});
    while (!path.empty()) {
      Step& step = path.back();
      const Forest::Node& node = forest.nodes[step.node];
      state[step.node] = kOpen;
      if (step.next == 2) {
        state[step.node] = kDone;
        path.pop_back();
        continue;
      }
      const int32_t child = step.next++ == 0 ? node.on_true : node.on_false;
      if (child < 0 || state[child] == kDone) continue;
      if (state[child] == kOpen) return invalid_model(format("the tree's nodes form a cycle through node {}", child));
      path.push_back({child, 0});
    }
  }
  return ok();
}

template <class T>
bool decide(const Forest& forest, const Forest::Node& node, T x) {
  const double value = x;
  if (node.nan_is_true && std::isnan(value)) return true;
  switch (node.mode) {
    case NodeMode::kLeq: return value <= node.split;
    case NodeMode::kLt: return value < node.split;
    case NodeMode::kGte: return value >= node.split;
    case NodeMode::kGt: return value > node.split;
    case NodeMode::kEq: return value == node.split;
    case NodeMode::kNeq: return value != node.split;
    case NodeMode::kMember: break;
  }
  const auto& set = forest.sets[node.set];
  return std::binary_search(set.begin(), set.end(), value);
}

template <class T>
const Forest::Leaf& find_leaf(const Forest& forest, int32_t at, const T* x) {
  const Forest::Node* nodes = forest.nodes.data();
  if (forest.only_leq) {
    while (at >= 0) at = x[nodes[at].feature] <= nodes[at].split ? nodes[at].on_true : nodes[at].on_false;
  } else {
    while (at >= 0) at = decide(forest, nodes[at], x[nodes[at].feature]) ? nodes[at].on_true : nodes[at].on_false;
  }
  return forest.leaves[~at];
}

// A target's score; `present` once a leaf voted for it.
template <class T>
struct Score {
  T value = 0;
  bool present = false;
  T or_zero() const { return present ? value : T{0}; }
};

// All trees' votes for one row. T is the type sums are kept in: that of the features.
template <class T>
void vote(const Forest& forest, Aggregate aggregate, const T* x, std::vector<Score<T>>& scores) {
  std::fill(scores.begin(), scores.end(), Score<T>{});
  for (const int32_t root : forest.roots) {
    const Forest::Leaf& leaf = find_leaf(forest, root, x);
    for (uint32_t i = leaf.first; i < leaf.first + leaf.count; ++i) {
      Score<T>& score = scores[forest.votes[i].target];
      const T weight = static_cast<T>(forest.votes[i].weight);
      if (aggregate == Aggregate::kMin) {
        score.value = score.present ? std::min(score.value, weight) : weight;
      } else if (aggregate == Aggregate::kMax) {
        score.value = score.present ? std::max(score.value, weight) : weight;
      } else {
        score.value += weight;
      }
      score.present = true;
    }
  }
}

template <class T, class Out>
void regress(const Forest& forest, Aggregate aggregate, PostTransform transform, const T* x, int64_t rows,
             int64_t columns, Out* out, ThreadPool& threads) {
  const size_t targets = static_cast<size_t>(forest.targets);
  const bool has_base = forest.base_values.size() == targets;
  threads.parallel_for(rows, kRowGrain, [&](int64_t begin, int64_t end) {
    std::vector<Score<T>> votes(targets);
    std::vector<T> scores(targets);
    for (int64_t row = begin; row < end; ++row) {
      vote(forest, aggregate, x + row * columns, votes);
      for (size_t i = 0; i < targets; ++i) {
        scores[i] = votes[i].or_zero();
        if (aggregate == Aggregate::kAverage) scores[i] /= static_cast<T>(forest.roots.size());
        if (has_base) scores[i] += static_cast<T>(forest.base_values[i]);
      }
      write_scores<T, Out>(scores, transform, SecondClass::kNone, out + row * forest.targets);
    }
  });
}

// The row's class and, in `scores`, what is to be transformed: one score (to which `second` adds a column) or one per
// class.
template <class T>
struct Verdict {
  size_t label = 0;
  bool label_is_number = false;  // not an index into the names but the label itself
  SecondClass second = SecondClass::kNone;
  std::vector<T> scores;
};

template <class T>
void judge_many(const Forest& forest, std::vector<Score<T>>& votes, Verdict<T>& verdict) {
  for (size_t i = 0; i < forest.base_values.size() && i < votes.size(); ++i) {
    votes[i].value = votes[i].or_zero() + static_cast<T>(forest.base_values[i]);
    votes[i].present = true;
  }
  verdict.label = 0;
  bool found = false;
  T best = 0;
  for (size_t i = 0; i < votes.size(); ++i) {
    if (!votes[i].present || (found && !(votes[i].value > best))) continue;
    found = true;
    best = votes[i].value;
    verdict.label = i;
  }
  verdict.scores.clear();
  for (const auto& score : votes) verdict.scores.push_back(score.or_zero());
}

// One or two classes. With votes for one class only, that score decides alone: above 1/2 when no weight is negative (a
// probability), above 0 otherwise. With votes for both, the label is the number 1 or 0, whatever the names: ONNX
// Runtime's way.
template <class T>
void judge_binary(const Forest& forest, std::vector<Score<T>>& votes, Verdict<T>& verdict) {
  const auto& base = forest.base_values;
  bool single = false;
  verdict.second = SecondClass::kNone;
  if (votes.size() == 1) {
    votes[0].present = true;
    if (base.size() == 2) {
      const T score = votes[0].value + static_cast<T>(base[1]);
      votes = {{-score, true}, {score, true}};
    } else if (base.size() == 1) {
      votes[0].value += static_cast<T>(base[0]);
    }
    single = votes.size() == 1;
  } else if (base.size() == 2) {
    if (votes[1].present) {
      votes[1].value = votes[0].value + static_cast<T>(base[1]);
      votes[0].value = -votes[1].value;
    } else {
      votes[1].value += static_cast<T>(base[1]);
      votes[0].value += static_cast<T>(base[0]);
    }
  } else {
    if (base.size() == 1)
      votes[0].value += static_cast<T>(base[0]);
    else
      verdict.second = SecondClass::kOpposite;
    single = !votes[1].present;
  }
  const T deciding = votes.size() == 2 && votes[1].present ? votes[1].value : votes[0].or_zero();
  const bool binary = forest.targets == 2 && forest.votes_for_one_class;
  if (binary && !forest.any_negative_weight) {
    verdict.label = deciding > T{0.5} ? 1 : 0;
    verdict.second = SecondClass::kComplement;
  } else {
    verdict.label = deciding > 0 ? 1 : 0;
    if (binary) verdict.second = SecondClass::kOpposite;
  }
  verdict.label_is_number = !binary;
  verdict.scores.clear();
  verdict.scores.push_back(votes[0].or_zero());
  if (!single) verdict.scores.push_back(votes[1].or_zero());
}

template <class T>
void classify(const Forest& forest, PostTransform transform, const Labels& names, const T* x, int64_t rows,
              int64_t columns, Tensor& labels, float* out, ThreadPool& threads) {
  const size_t classes = static_cast<size_t>(forest.targets);
  threads.parallel_for(rows, kRowGrain, [&](int64_t begin, int64_t end) {
    std::vector<Score<T>> votes;
    std::vector<float> written(std::max<size_t>(classes, 2));
    Verdict<T> verdict;
    for (int64_t row = begin; row < end; ++row) {
      votes.resize(classes);
      vote(forest, Aggregate::kSum, x + row * columns, votes);
      if (classes > 2)
        judge_many(forest, votes, verdict);
      else
        judge_binary(forest, votes, verdict);
      if (verdict.label_is_number && !names.are_strings()) {
        labels.data<int64_t>()[row] = static_cast<int64_t>(verdict.label);
      } else {
        names.write(labels, row, verdict.label);
      }
      std::fill(written.begin(), written.end(), 0.f);
      write_scores<T, float>(verdict.scores, transform, verdict.second, written.data());
      std::copy_n(written.begin(), classes, out + row * forest.targets);
    }
  });
}

}  // namespace

Status Forest::finish() {
  if (targets <= 0 || targets > kMaxTargets) {
    return invalid_model(format("{} targets or classes", targets)).expecting(format("1 to {}", kMaxTargets));
  }
  const auto in_range = [&](int32_t child) {
    return child >= 0 ? child < static_cast<int64_t>(nodes.size()) : ~child < static_cast<int64_t>(leaves.size());
  };
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    if (!in_range(node.on_true) || !in_range(node.on_false)) {
      return invalid_model(format("node {} of the trees has a child that is not there", i));
    }
    if (node.feature < 0) return invalid_model(format("node {} of the trees reads feature {}", i, node.feature));
    if (node.mode == NodeMode::kMember && (node.set < 0 || node.set >= static_cast<int64_t>(sets.size()))) {
      return invalid_model(format("node {} of the trees tests membership of a set that is not there", i));
    }
    max_feature = std::max(max_feature, node.feature);
    only_leq &= node.mode == NodeMode::kLeq && !node.nan_is_true;
  }
  for (const int32_t root : roots) {
    if (!in_range(root)) return invalid_model("a tree's root is not there");
  }
  votes_for_one_class = !votes.empty();
  for (const Vote& vote : votes) {
    if (vote.target < 0 || vote.target >= targets) {
      return invalid_model(format("a leaf votes for target {}", vote.target)).expecting(format("0 to {}", targets - 1));
    }
    any_negative_weight |= vote.weight < 0;
    votes_for_one_class &= vote.target == votes[0].target;
  }
  for (auto& set : sets) std::sort(set.begin(), set.end());
  return check_acyclic(*this);
}

void run_regression(const Forest& forest, Aggregate aggregate, PostTransform transform, const Tensor& x, Tensor& output,
                    ThreadPool& threads) {
  const int64_t rows = batch_rows(x), columns = batch_columns(x);
  if (x.dtype() == DType::kFloat64) {
    if (output.dtype() == DType::kFloat64) {
      regress<double, double>(forest, aggregate, transform, x.data<double>(), rows, columns, output.data<double>(),
                              threads);
    } else {
      regress<double, float>(forest, aggregate, transform, x.data<double>(), rows, columns, output.data<float>(),
                             threads);
    }
    return;
  }
  std::vector<float> storage, results;
  const float* features = as_floats(x, storage);
  if (output.dtype() == DType::kFloat32) {
    return regress<float, float>(forest, aggregate, transform, features, rows, columns, output.data<float>(), threads);
  }
  results.resize(static_cast<size_t>(output.size()));
  regress<float, float>(forest, aggregate, transform, features, rows, columns, results.data(), threads);
  for (size_t i = 0; i < results.size(); ++i) output.data<Half>()[i] = Half(results[i]);
}

void run_classification(const Forest& forest, PostTransform transform, const Labels& names, const Tensor& x,
                        Tensor& labels, Tensor& scores, ThreadPool& threads) {
  const int64_t rows = batch_rows(x), columns = batch_columns(x);
  float* out = scores.data<float>();
  if (x.dtype() == DType::kFloat64) {
    return classify(forest, transform, names, x.data<double>(), rows, columns, labels, out, threads);
  }
  std::vector<float> storage;
  classify(forest, transform, names, as_floats(x, storage), rows, columns, labels, out, threads);
}

}  // namespace thane::ml
