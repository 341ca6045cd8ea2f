// Choosing among overlapping boxes.
#pragma once

#include <vector>

#include "ir/context.h"

namespace thane {

// Corners [y, x, y, x], in any order.
struct Box {
  float low_y, low_x, high_y, high_x;
  static Box of(const float* corners);
  float area() const { return (high_y - low_y) * (high_x - low_x); }
};
// Intersection over union; 0 for boxes without area.
float overlap(const Box& a, const Box& b);

// TensorFlow's NonMaxSuppressionV4 and V5. Inputs: boxes [n, 4], scores [n], most results, IoU threshold, score
// threshold, and perhaps the sigma of soft suppression, which lowers scores instead of dropping boxes. Outputs of the
// length asked for, filled up with zeros: indices int32, scores float32; and how many there are, int32.
Status infer_box_selection(InferContext& context);
Status eval_box_selection(KernelContext& context);

struct DetectionPostProcessAttrs : Attrs {
  int64_t max_detections = 1, max_classes_per_detection = 1, num_classes = 1, detections_per_class = 100;
  bool regular = false;  // each class by itself; else boxes compete by their best class
  float score_threshold = 0, iou_threshold = 0.5f;
  std::vector<float> scales;  // that encodings of y, x, height, width are divided by
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("max_detections", self.max_detections);
    v("max_classes_per_detection", self.max_classes_per_detection);
    v("num_classes", self.num_classes);
    v("detections_per_class", self.detections_per_class);
    v("regular", self.regular);
    v("score_threshold", self.score_threshold);
    v("iou_threshold", self.iou_threshold);
    v("scales", self.scales);
  }
  Status prepare();
};

// Inputs: encodings [1, n, 4…] relative to anchors, scores [1, n, classes] (perhaps with a background class in front),
// anchors [n, 4] as center y, center x, height, width. Outputs: boxes [1, m, 4], classes [1, m], scores [1, m], count
// [1].
Status infer_detection_post_process(InferContext& context);
Status eval_detection_post_process(KernelContext& context);

// boxes [batch, n, q, 4] (q 1 or the number of classes), scores [batch, n, classes], most boxes per class, most in all,
// IoU threshold, score threshold → boxes [batch, k, 4], scores [batch, k], classes [batch, k] as floats, counts
// [batch]; best first, rows beyond the count are zeros. k is the most in all, or as many as the classes allow where
// `pad_per_class`.
struct CombinedNonMaxSuppressionAttrs : Attrs {
  bool pad_per_class = false;
  bool clip_boxes = true;  // to [0, 1]
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("pad_per_class", self.pad_per_class);
    v("clip_boxes", self.clip_boxes);
  }
};
Status infer_combined_nms(InferContext& context);
Status eval_combined_nms(KernelContext& context);

}  // namespace thane
