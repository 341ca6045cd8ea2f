// Decision trees as one flat array, checked when the model is read: every index is in range and no path returns to a
// node it came through, so that walking a tree needs no checks and ends.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ops/ml/ml.h"

namespace thane::ml {

enum class NodeMode : uint8_t { kLeq, kLt, kGte, kGt, kEq, kNeq, kMember };  // numbers as in TreeEnsemble (opset 5)
enum class Aggregate : uint8_t { kAverage, kSum, kMin, kMax };
inline constexpr std::string_view kAggregateNames[] = {"AVERAGE", "SUM", "MIN", "MAX"};

struct Forest {
  // A child: node c when c >= 0, leaf ~c otherwise.
  struct Node {
    double split = 0;
    int32_t feature = 0;
    int32_t on_true = 0;
    int32_t on_false = 0;
    int32_t set = -1;  // of a kMember node: index into `sets`
    NodeMode mode = NodeMode::kLeq;
    bool nan_is_true = false;
  };
  struct Vote {
    int32_t target;
    double weight;
  };
  struct Leaf {
    uint32_t first = 0, count = 0;  // in `votes`
  };
  std::vector<Node> nodes;
  std::vector<Leaf> leaves;
  std::vector<Vote> votes;
  std::vector<std::vector<double>> sets;  // each sorted
  std::vector<int32_t> roots;             // as children
  std::vector<double> base_values;
  int64_t targets = 0;
  int32_t max_feature = -1;
  bool only_leq = true;  // all nodes are kLeq without nan_is_true: the common case, walked by a tighter loop
  bool any_negative_weight = false;
  bool votes_for_one_class = false;  // all votes name the same target

  // Checks indices, cycles and sizes, and fills the four summary fields. To be called once all else is there.
  Status finish();
};

// The whole ensemble on a batch, with regression's way to finish: `output` is [rows, targets] of float32, float64 or
// float16.
void run_regression(const Forest& forest, Aggregate aggregate, PostTransform transform, const Tensor& x, Tensor& output,
                    ThreadPool& threads);
// With the classifiers' way: `labels` [rows], `scores` [rows, targets] float32.
void run_classification(const Forest& forest, PostTransform transform, const Labels& names, const Tensor& x,
                        Tensor& labels, Tensor& scores, ThreadPool& threads);

}  // namespace thane::ml
