#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "ops/detection/detection.h"

namespace thane {
namespace {

struct Detection {
  size_t box;
  int64_t category;
  float score;
};

std::vector<float> decoded(const Tensor& encodings, const Tensor& anchors, const std::vector<float>& scales) {
  const int64_t n = anchors.dim(0), width = encodings.dim(2);
  std::vector<float> boxes(static_cast<size_t>(4 * n));
  for (int64_t i = 0; i < n; ++i) {
    const float* code = encodings.data<float>() + i * width;
    const float* anchor = anchors.data<float>() + 4 * i;
    float* box = boxes.data() + 4 * i;
    const float y = code[0] / scales[0] * anchor[2] + anchor[0], x = code[1] / scales[1] * anchor[3] + anchor[1];
    const float half_height = 0.5f * std::exp(code[2] / scales[2]) * anchor[2];
    const float half_width = 0.5f * std::exp(code[3] / scales[3]) * anchor[3];
    box[0] = y - half_height;
    box[1] = x - half_width;
    box[2] = y + half_height;
    box[3] = x + half_width;
  }
  return boxes;
}

// Boxes by score, best first, without those that overlap a better one.
std::vector<size_t> suppressed(const std::vector<float>& boxes, const std::vector<float>& scores, float least,
                               float iou, int64_t most) {
  std::vector<size_t> order;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] >= least) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  std::vector<size_t> chosen;
  for (size_t candidate : order) {
    if (static_cast<int64_t>(chosen.size()) >= most) break;
    const Box box = Box::of(boxes.data() + 4 * candidate);
    const bool free = std::none_of(chosen.begin(), chosen.end(),
                                   [&](size_t other) { return overlap(box, Box::of(boxes.data() + 4 * other)) > iou; });
    if (free) chosen.push_back(candidate);
  }
  return chosen;
}

}  // namespace

Status DetectionPostProcessAttrs::prepare() {
  constexpr int64_t kMost = 1 << 16;
  for (int64_t count : {max_detections, max_classes_per_detection, num_classes, detections_per_class}) {
    if (count < 1 || count > kMost) return invalid_model(format("a count of {} in detection", count));
  }
  if (scales.size() != 4) return invalid_model("scales that are not four");
  return ok();
}

Status infer_detection_post_process(InferContext& context) {
  const auto& attrs = context.attrs<DetectionPostProcessAttrs>();
  const SymDims *codes = context.dims(0), *scores = context.dims(1), *anchors = context.dims(2);
  if (codes && scores && anchors) {
    const bool ranks = codes->size() == 3 && scores->size() == 3 && anchors->size() == 2;
    const auto below = [](const Dim& dim, int64_t least) { return dim.is_number() && dim.number() < least; };
    const auto differ = [](const Dim& a, const Dim& b) {
      return a.is_number() && b.is_number() && a.number() != b.number();
    };
    if (!ranks || below((*codes)[2], 4) || differ((*anchors)[1], 4) || differ((*codes)[0], 1) ||
        differ((*scores)[0], 1) || differ((*codes)[1], (*anchors)[0]) || differ((*scores)[1], (*anchors)[0]) ||
        below((*scores)[2], attrs.num_classes)) {
      return invalid_model(format("encodings {}, scores {}, anchors {}", to_string(*codes), to_string(*scores),
                                  to_string(*anchors)))
          .expecting("[1, n, 4], [1, n, classes], [n, 4]");
    }
  }
  const int64_t count = attrs.max_detections * attrs.max_classes_per_detection;
  context.set(0, DType::kFloat32, SymDims{1, count, 4});
  context.set(1, DType::kFloat32, SymDims{1, count});
  context.set(2, DType::kFloat32, SymDims{1, count});
  context.set(3, DType::kFloat32, SymDims{1});
  return ok();
}

Status eval_detection_post_process(KernelContext& context) {
  const auto& attrs = context.attrs<DetectionPostProcessAttrs>();
  const Tensor &codes = context.input(0), &scores = context.input(1), &anchors = context.input(2);
  const int64_t n = anchors.dim(0), columns = scores.dim(2), offset = columns - attrs.num_classes;
  const std::vector<float> boxes = decoded(codes, anchors, attrs.scales);
  const auto score = [&](int64_t box, int64_t category) {
    return scores.data<float>()[box * columns + category + offset];
  };
  std::vector<Detection> found;
  std::vector<float> line(static_cast<size_t>(n));
  if (attrs.regular) {
    for (int64_t category = 0; category < attrs.num_classes; ++category) {
      for (int64_t i = 0; i < n; ++i) line[static_cast<size_t>(i)] = score(i, category);
      for (size_t box :
           suppressed(boxes, line, attrs.score_threshold, attrs.iou_threshold, attrs.detections_per_class)) {
        found.push_back({box, category, line[box]});
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Detection& a, const Detection& b) { return a.score > b.score; });
    found.resize(std::min(found.size(), static_cast<size_t>(attrs.max_detections)));
  } else {
    const int64_t each = std::min(attrs.max_classes_per_detection, attrs.num_classes);
    for (int64_t i = 0; i < n; ++i) {
      float best = score(i, 0);
      for (int64_t category = 1; category < attrs.num_classes; ++category) best = std::max(best, score(i, category));
      line[static_cast<size_t>(i)] = best;
    }
    for (size_t box : suppressed(boxes, line, attrs.score_threshold, attrs.iou_threshold, attrs.max_detections)) {
      std::vector<int64_t> order(static_cast<size_t>(attrs.num_classes));
      std::iota(order.begin(), order.end(), 0);
      const auto row = static_cast<int64_t>(box);
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return score(row, a) > score(row, b); });
      for (int64_t k = 0; k < each; ++k)
        found.push_back({box, order[static_cast<size_t>(k)], score(row, order[static_cast<size_t>(k)])});
    }
  }
  Tensor &out_boxes = context.output(0), &classes = context.output(1), &out_scores = context.output(2);
  for (Tensor* tensor : {&out_boxes, &classes, &out_scores}) std::fill_n(tensor->data<float>(), tensor->size(), 0.0f);
  for (size_t i = 0; i < found.size() && i < static_cast<size_t>(classes.size()); ++i) {
    std::copy_n(boxes.data() + 4 * found[i].box, 4, out_boxes.data<float>() + 4 * i);
    classes.data<float>()[i] = static_cast<float>(found[i].category);
    out_scores.data<float>()[i] = found[i].score;
  }
  const auto per_box = attrs.regular ? 1 : std::min(attrs.max_classes_per_detection, attrs.num_classes);
  *context.output(3).data<float>() = static_cast<float>(static_cast<int64_t>(found.size()) / per_box);
  return ok();
}

}  // namespace thane
