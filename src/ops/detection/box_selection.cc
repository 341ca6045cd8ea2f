#include <algorithm>
#include <cmath>
#include <queue>

#include "base/format.h"
#include "ops/detection/detection.h"
#include "ops/shape_values.h"

namespace thane {

Box Box::of(const float* c) {
  return {std::min(c[0], c[2]), std::min(c[1], c[3]), std::max(c[0], c[2]), std::max(c[1], c[3])};
}

float overlap(const Box& a, const Box& b) {
  if (a.area() <= 0 || b.area() <= 0) return 0;
  const float height = std::max(0.0f, std::min(a.high_y, b.high_y) - std::max(a.low_y, b.low_y));
  const float width = std::max(0.0f, std::min(a.high_x, b.high_x) - std::max(a.low_x, b.low_x));
  const float common = height * width;
  return common / (a.area() + b.area() - common);
}

namespace {

constexpr int64_t kMostSelected = 1 << 24;

struct Candidate {
  int64_t index;
  float score;
  size_t compared;  // with so many of those selected
  bool operator<(const Candidate& other) const {
    return score < other.score || (score == other.score && index > other.index);
  }
};

struct Selected {
  int64_t index;
  float score;
};

std::vector<Selected> select(const Tensor& boxes, const Tensor& scores, int64_t most, float iou, float least,
                             float sigma) {
  std::priority_queue<Candidate> queue;
  for (int64_t i = 0; i < scores.size(); ++i) {
    if (scores.data<float>()[i] > least) queue.push({i, scores.data<float>()[i], 0});
  }
  const float decay = sigma > 0 ? -0.5f / sigma : 0.0f;
  std::vector<Selected> chosen;
  while (static_cast<int64_t>(chosen.size()) < most && !queue.empty()) {
    Candidate next = queue.top();
    queue.pop();
    const float before = next.score;
    const Box box = Box::of(boxes.data<float>() + 4 * next.index);
    bool dropped = false;
    for (size_t j = chosen.size(); j-- > next.compared && !dropped;) {
      const float shared = overlap(box, Box::of(boxes.data<float>() + 4 * chosen[j].index));
      if (sigma > 0) next.score *= shared <= iou ? std::exp(decay * shared * shared) : 0.0f;
      dropped = (sigma <= 0 && shared > iou) || next.score <= least;
    }
    next.compared = chosen.size();
    if (dropped) continue;
    if (next.score == before)
      chosen.push_back({next.index, next.score});
    else if (next.score > least)
      queue.push(next);
  }
  return chosen;
}

}  // namespace

Status infer_box_selection(InferContext& context) {
  const SymDims *boxes = context.dims(0), *scores = context.dims(1);
  if (boxes && (boxes->size() != 2 || ((*boxes)[1].is_number() && (*boxes)[1].number() != 4))) {
    return invalid_model(format("boxes {}", to_string(*boxes))).expecting("[n, 4]");
  }
  if (scores && scores->size() != 1) return invalid_model(format("scores {}", to_string(*scores))).expecting("[n]");
  if (boxes && scores && (*boxes)[0].is_number() && (*scores)[0].is_number() &&
      (*boxes)[0].number() != (*scores)[0].number()) {
    return invalid_model(format("{} scores for {} boxes", (*scores)[0].number(), (*boxes)[0].number()));
  }
  THANE_ASSIGN(const auto most, known_int(context, 2, "count"));
  if (most && (*most < 0 || *most > kMostSelected)) return invalid_model(format("{} boxes asked for", *most));
  const SymDims dims = {most ? Dim(*most) : Dim::unknown()};
  context.set(0, DType::kInt32, dims);
  context.set(1, DType::kFloat32, dims);
  context.set(2, DType::kInt32, SymDims{});
  return ok();
}

Status eval_box_selection(KernelContext& context) {
  const int64_t most = context.input(2).as_int64(0);
  if (most < 0 || most > kMostSelected) return runtime_error(format("{} boxes asked for", most));
  const auto number = [&](size_t i, double fallback) {
    return static_cast<float>(context.has_input(i) && context.input(i).size() > 0 ? context.input(i).as_double(0)
                                                                                  : fallback);
  };
  const auto chosen =
      select(context.input(0), context.input(1), most, number(3, 0.5), number(4, -INFINITY), number(5, 0));
  THANE_ASSIGN(Tensor * indices, context.allocate(0, DType::kInt32, {most}));
  THANE_ASSIGN(Tensor * scores, context.allocate(1, DType::kFloat32, {most}));
  std::fill_n(indices->data<int32_t>(), most, 0);
  std::fill_n(scores->data<float>(), most, 0.0f);
  for (size_t i = 0; i < chosen.size(); ++i) {
    indices->data<int32_t>()[i] = static_cast<int32_t>(chosen[i].index);
    scores->data<float>()[i] = chosen[i].score;
  }
  THANE_ASSIGN(Tensor * count, context.allocate(2, DType::kInt32, {}));
  *count->data<int32_t>() = static_cast<int32_t>(chosen.size());
  return ok();
}

}  // namespace thane
