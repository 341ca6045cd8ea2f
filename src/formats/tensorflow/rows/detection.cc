// Non-maximum suppression in its versions.
#include <limits>

#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace detection_ops {
namespace {

struct Selection {
  Edge indices, scores, count;
};

// boxes, scores, the most to keep, thresholds as the version has them.
Selection selected(Call& call, const Edge& iou, const Edge& score, const Edge& sigma) {
  std::vector<Edge> inputs = {call.cast(call.in(0), DType::kFloat32), call.cast(call.in(1), DType::kFloat32),
                              call.cast(call.in(2), DType::kInt32), call.cast(iou, DType::kFloat32),
                              call.cast(score, DType::kFloat32)};
  if (sigma.present()) inputs.push_back(call.cast(sigma, DType::kFloat32));
  const auto outputs = call.emit_many("BoxSelection", inputs, 3, {}, Domain::kThane);
  return {outputs[0], outputs[1], outputs[2]};
}

// Without what pads it.
Edge cut(Call& call, const Edge& padded, const Edge& count) {
  return call.emit("Slice",
                   {padded, call.ints_edge({0}), call.reshape(call.to_int64(count), Dims{1}), call.ints_edge({0})});
}
// Every score may be kept.
Edge no_threshold(Call& call) { return call.number(-std::numeric_limits<float>::infinity(), DType::kFloat32); }

void suppress(Call& call) {
  const Edge iou = call.size() > 3 ? call.in(3) : call.number(call.f("iou_threshold", 0.5), DType::kFloat32);
  const Selection selection = selected(call, iou, call.size() > 4 ? call.in(4) : no_threshold(call), {});
  call.out(cut(call, selection.indices, selection.count));
}
void suppress_padded(Call& call) {
  const Selection selection = selected(call, call.in(3), call.in(4), {});
  call.out(0, call.b("pad_to_max_output_size") ? selection.indices : cut(call, selection.indices, selection.count));
  call.out(1, selection.count);
}
void suppress_softly(Call& call) {
  // Where scores decay, nothing is suppressed outright: no overlap exceeds 1.
  const Edge sigma = call.in(5), iou = call.in(3);
  const Edge soft = call.emit("Greater", {sigma, call.like(0, sigma)});
  const Selection selection = selected(call, call.emit("Where", {soft, call.like(2, iou), iou}), call.in(4), sigma);
  const bool pad = call.b("pad_to_max_output_size");
  call.out(0, pad ? selection.indices : cut(call, selection.indices, selection.count));
  call.out(1, call.cast(pad ? selection.scores : cut(call, selection.scores, selection.count), call.dtype(call.in(1))));
  call.out(2, selection.count);
}
void combined(Call& call) {
  const auto outputs = call.emit_many(
      "CombinedNonMaxSuppression", call.all_in(), 4,
      {{"pad_per_class", int64_t{call.b("pad_per_class")}}, {"clip_boxes", int64_t{call.b("clip_boxes", true)}}},
      Domain::kThane);
  for (size_t i = 0; i < 4; ++i) call.out(i, outputs[i]);
}

constexpr OpRow kRows[] = {
    {"NonMaxSuppression", suppress},          {"NonMaxSuppressionV2", suppress},
    {"NonMaxSuppressionV3", suppress},        {"NonMaxSuppressionV4", suppress_padded},
    {"NonMaxSuppressionV5", suppress_softly}, {"CombinedNonMaxSuppression", combined},
};

}  // namespace
}  // namespace detection_ops

std::span<const OpRow> detection_rows() { return detection_ops::kRows; }

}  // namespace thane::tensorflow
