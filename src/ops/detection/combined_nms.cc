#include <algorithm>

#include "base/format.h"
#include "ops/detection/detection.h"

namespace thane {
namespace {

enum Input : size_t { kBoxes, kScores, kPerClass, kTotal, kIou, kScore };

float overlap(const float* a, const float* b) {
  const float a_top = std::min(a[0], a[2]), a_left = std::min(a[1], a[3]), a_bottom = std::max(a[0], a[2]),
              a_right = std::max(a[1], a[3]);
  const float b_top = std::min(b[0], b[2]), b_left = std::min(b[1], b[3]), b_bottom = std::max(b[0], b[2]),
              b_right = std::max(b[1], b[3]);
  const float a_area = (a_bottom - a_top) * (a_right - a_left), b_area = (b_bottom - b_top) * (b_right - b_left);
  if (a_area <= 0 || b_area <= 0) return 0;
  const float height = std::min(a_bottom, b_bottom) - std::max(a_top, b_top),
              width = std::min(a_right, b_right) - std::max(a_left, b_left);
  const float shared = std::max(height, 0.0f) * std::max(width, 0.0f);
  return shared / (a_area + b_area - shared);
}

Result<int64_t> number_in(const KernelContext& context, size_t i) {
  const Tensor& tensor = context.input(i);
  if (tensor.size() != 1) return runtime_error(format("input {} has {} elements", i, tensor.size())).expecting("1");
  return tensor.as_int64(0);
}

std::optional<int64_t> known_number(const InferContext& context, size_t i) {
  const auto values = context.ints(i);
  return values && values->size() == 1 ? std::optional((*values)[0]) : std::nullopt;
}

struct Detection {
  float score;
  int64_t cls;
  const float* box;
};

}  // namespace

Status infer_combined_nms(InferContext& context) {
  const SymDims *boxes = context.dims(kBoxes), *scores = context.dims(kScores);
  if ((boxes && boxes->size() != 4) || (scores && scores->size() != 3)) {
    return invalid_model("boxes or scores of a wrong rank").expecting("[batch, n, q, 4] and [batch, n, classes]");
  }
  Dim k;
  const auto total = known_number(context, kTotal), per_class = known_number(context, kPerClass);
  if (total) k = Dim(std::max<int64_t>(*total, 0));
  if (context.attrs<CombinedNonMaxSuppressionAttrs>().pad_per_class) {
    k = total && per_class && scores && (*scores)[2].is_number()
            ? Dim(std::max<int64_t>(0, std::min(*total, *per_class * (*scores)[2].number())))
            : Dim();
  }
  const Dim batch = boxes ? (*boxes)[0] : Dim();
  context.set(0, DType::kFloat32, SymDims{batch, k, Dim(4)});
  context.set(1, DType::kFloat32, SymDims{batch, k});
  context.set(2, DType::kFloat32, SymDims{batch, k});
  context.set(3, DType::kInt32, SymDims{batch});
  return ok();
}

Status eval_combined_nms(KernelContext& context) {
  const auto& attrs = context.attrs<CombinedNonMaxSuppressionAttrs>();
  const Tensor &boxes = context.input(kBoxes), &scores = context.input(kScores);
  THANE_ASSIGN(const int64_t per_class, number_in(context, kPerClass));
  THANE_ASSIGN(const int64_t total, number_in(context, kTotal));
  const auto iou = static_cast<float>(context.input(kIou).as_double(0)),
             least = static_cast<float>(context.input(kScore).as_double(0));
  const int64_t batch = boxes.dim(0), n = boxes.dim(1), q = boxes.dim(2), classes = scores.dim(2);
  if (scores.dim(0) != batch || scores.dim(1) != n || boxes.dim(3) != 4 || (q != 1 && q != classes)) {
    return runtime_error(format("boxes {} and scores {}", to_string(boxes.dims()), to_string(scores.dims())));
  }
  constexpr int64_t kMost = int64_t{1} << 24;
  if (total < 0 || per_class < 0 || total > kMost) return runtime_error(format("{} boxes wanted", total));
  const int64_t k = attrs.pad_per_class ? std::min(total, std::min(per_class, kMost) * classes) : total;
  THANE_ASSIGN(Tensor * out_boxes, context.allocate(0, DType::kFloat32, {batch, k, 4}));
  THANE_ASSIGN(Tensor * out_scores, context.allocate(1, DType::kFloat32, {batch, k}));
  THANE_ASSIGN(Tensor * out_classes, context.allocate(2, DType::kFloat32, {batch, k}));
  THANE_ASSIGN(Tensor * counts, context.allocate(3, DType::kInt32, {batch}));
  for (Tensor* tensor : {out_boxes, out_scores, out_classes}) std::fill_n(tensor->data<float>(), tensor->size(), 0.0f);
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<Detection> found;
    for (int64_t c = 0; c < classes; ++c) {
      std::vector<Detection> candidates;
      for (int64_t i = 0; i < n; ++i) {
        const float score = scores.data<float>()[(b * n + i) * classes + c];
        if (score > least)
          candidates.push_back({score, c, boxes.data<float>() + ((b * n + i) * q + (q == 1 ? 0 : c)) * 4});
      }
      std::stable_sort(candidates.begin(), candidates.end(),
                       [](const Detection& x, const Detection& y) { return x.score > y.score; });
      const size_t first = found.size();
      for (const Detection& candidate : candidates) {
        if (static_cast<int64_t>(found.size() - first) >= per_class) break;
        const bool suppressed =
            std::any_of(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(),
                        [&](const Detection& kept) { return overlap(kept.box, candidate.box) > iou; });
        if (!suppressed) found.push_back(candidate);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Detection& x, const Detection& y) { return x.score > y.score; });
    const int64_t count = std::min(k, static_cast<int64_t>(found.size()));
    counts->data<int32_t>()[b] = static_cast<int32_t>(count);
    for (int64_t i = 0; i < count; ++i) {
      const Detection& each = found[static_cast<size_t>(i)];
      out_scores->data<float>()[b * k + i] = each.score;
      out_classes->data<float>()[b * k + i] = static_cast<float>(each.cls);
      for (int64_t j = 0; j < 4; ++j) {
        const float value = each.box[j];
        out_boxes->data<float>()[(b * k + i) * 4 + j] = attrs.clip_boxes ? std::clamp(value, 0.0f, 1.0f) : value;
      }
    }
  }
  return ok();
}

}  // namespace thane
