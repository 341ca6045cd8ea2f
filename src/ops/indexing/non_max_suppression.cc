// NonMaxSuppression: per batch and class, boxes by falling score, leaving out those that overlap a chosen one too much.
#include <algorithm>
#include <array>

#include "base/format.h"
#include "ops/indexing/indexing.h"

namespace thane {
namespace {

enum Input : size_t { kBoxes, kScores, kMostBoxes, kIouThreshold, kScoreThreshold };

struct Box {
  float y0, x0, y1, x1;
  float area() const { return (y1 - y0) * (x1 - x0); }
};

Box box_at(const float* b, bool centered) {
  if (centered) {
    const float half_width = b[2] / 2, half_height = b[3] / 2;
    return {b[1] - half_height, b[0] - half_width, b[1] + half_height, b[0] + half_width};
  }
  return {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]), std::max(b[1], b[3])};
}

bool overlap_more_than(const Box& a, const Box& b, float threshold) {
  const float height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  const float width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const float shared = std::max(height, 0.0f) * std::max(width, 0.0f);
  const float whole = a.area() + b.area() - shared;
  if (a.area() <= 0 || b.area() <= 0 || whole <= 0) return false;
  return shared / whole > threshold;
}

Status check_scalar(const InferContext& context, size_t input) {
  if (!context.has_input(input) || !context.dims(input)) return ok();
  const Dim count = count_of(*context.dims(input));
  if (!count.is_number() || count.is_number(1)) return ok();
  return invalid_model(format("input {} has {} elements", input, count.number())).expecting("1");
}

float float_or(const KernelContext& context, size_t input, float otherwise) {
  return context.has_input(input) ? *context.input(input).data<float>() : otherwise;
}

}  // namespace

Status infer_non_max_suppression(InferContext& context) {
  const SymDims *boxes = context.dims(kBoxes), *scores = context.dims(kScores);
  const auto differ = [](const Dim& a, const Dim& b) { return a.is_number() && b.is_number() && a != b; };
  if (boxes && (boxes->size() != 3 || differ((*boxes)[2], 4))) {
    return invalid_model(format("boxes {}", to_string(*boxes))).expecting("[batch, boxes, 4]");
  }
  if (scores && scores->size() != 3) {
    return invalid_model(format("scores {}", to_string(*scores))).expecting("[batch, classes, boxes]");
  }
  if (boxes && scores && (differ((*boxes)[0], (*scores)[0]) || differ((*boxes)[1], (*scores)[2]))) {
    return invalid_model(format("boxes {} and scores {}", to_string(*boxes), to_string(*scores)))
        .expecting("[batch, boxes, 4] and [batch, classes, boxes]");
  }
  for (const size_t input : {kMostBoxes, kIouThreshold, kScoreThreshold}) THANE_TRY(check_scalar(context, input));
  context.set(0, DType::kInt64, SymDims{Dim::unknown(), 3});
  return ok();
}

Status eval_non_max_suppression(KernelContext& context) {
  const Tensor &boxes = context.input(kBoxes), &scores = context.input(kScores);
  const bool centered = context.attrs<NonMaxSuppressionAttrs>().center_point_box;
  const int64_t most = context.has_input(kMostBoxes) ? context.input(kMostBoxes).as_int64(0) : 0;
  const float iou_threshold = float_or(context, kIouThreshold, 0);
  const bool has_score_threshold = context.has_input(kScoreThreshold);
  const float score_threshold = float_or(context, kScoreThreshold, 0);
  const int64_t batches = scores.dim(0), classes = scores.dim(1), count = scores.dim(2);

  std::vector<std::array<int64_t, 3>> selected;
  std::vector<int64_t> candidates;
  std::vector<Box> chosen;
  for (int64_t row = 0; row < batches * classes; ++row) {
    const float* score = scores.data<float>() + row * count;
    const float* box = boxes.data<float>() + row / classes * count * 4;
    candidates.clear();
    for (int64_t i = 0; i < count; ++i) {
      const bool is_number = score[i] == score[i];
      if (is_number && (!has_score_threshold || score[i] > score_threshold)) candidates.push_back(i);
    }
    std::stable_sort(candidates.begin(), candidates.end(), [&](int64_t a, int64_t b) { return score[a] > score[b]; });
    chosen.clear();
    for (const int64_t i : candidates) {
      if (static_cast<int64_t>(chosen.size()) >= most) break;
      const Box next = box_at(box + 4 * i, centered);
      const bool suppressed = std::any_of(chosen.begin(), chosen.end(), [&](const Box& before) {
        return overlap_more_than(before, next, iou_threshold);
      });
      if (suppressed) continue;
      chosen.push_back(next);
      selected.push_back({row / classes, row % classes, i});
    }
  }
  THANE_ASSIGN(Tensor * output, context.allocate(0, DType::kInt64, {static_cast<int64_t>(selected.size()), 3}));
  for (size_t i = 0; i < selected.size(); ++i) {
    std::copy(selected[i].begin(), selected[i].end(), output->data<int64_t>() + 3 * i);
  }
  return ok();
}

}  // namespace thane
