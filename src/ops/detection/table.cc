// Detection.
#include "ops/detection/detection.h"
#include "ops/families.h"

namespace thane {
namespace {

constexpr DTypeMask kFloat32 = mask_of(DType::kFloat32), kInt32 = mask_of(DType::kInt32);
constexpr Param kSelectionIn[] = {{.name = "boxes", .types = kFloat32},
                                  {.name = "scores", .types = kFloat32},
                                  {.name = "count", .types = kIndexInts},
                                  {.name = "iou_threshold", .types = kFloat32, .optional = true},
                                  {.name = "score_threshold", .types = kFloat32, .optional = true},
                                  {.name = "sigma", .types = kFloat32, .optional = true}};
constexpr Param kSelectionOut[] = {
    {.name = "indices", .types = kInt32}, {.name = "scores", .types = kFloat32}, {.name = "count", .types = kInt32}};
constexpr Param kDetectionIn[] = {{.name = "encodings", .types = kFloat32},
                                  {.name = "scores", .types = kFloat32},
                                  {.name = "anchors", .types = kFloat32}};
constexpr Param kDetectionOut[] = {{.name = "boxes", .types = kFloat32},
                                   {.name = "classes", .types = kFloat32},
                                   {.name = "scores", .types = kFloat32},
                                   {.name = "count", .types = kFloat32}};
constexpr Param kCombinedIn[] = {
    {.name = "boxes", .types = kFloat32},         {.name = "scores", .types = kFloat32},
    {.name = "per_class", .types = kIndexInts},   {.name = "total", .types = kIndexInts},
    {.name = "iou_threshold", .types = kFloat32}, {.name = "score_threshold", .types = kFloat32}};
constexpr Param kCombinedOut[] = {{.name = "boxes", .types = kFloat32},
                                  {.name = "scores", .types = kFloat32},
                                  {.name = "classes", .types = kFloat32},
                                  {.name = "counts", .types = kInt32}};

constexpr OpDef kOps[] = {
    {.name = "BoxSelection",
     .domain = Domain::kThane,
     .inputs = kSelectionIn,
     .min_inputs = 3,
     .outputs = kSelectionOut,
     .infer = infer_box_selection,
     .eval = eval_box_selection,
     .flags = kHeavy},
    {.name = "DetectionPostProcess",
     .domain = Domain::kThane,
     .inputs = kDetectionIn,
     .min_inputs = 3,
     .outputs = kDetectionOut,
     .attrs = &attrs_schema<DetectionPostProcessAttrs>,
     .infer = infer_detection_post_process,
     .eval = eval_detection_post_process,
     .flags = kHeavy},
    {.name = "CombinedNonMaxSuppression",
     .domain = Domain::kThane,
     .inputs = kCombinedIn,
     .min_inputs = 6,
     .outputs = kCombinedOut,
     .min_outputs = 4,
     .attrs = &attrs_schema<CombinedNonMaxSuppressionAttrs>,
     .infer = infer_combined_nms,
     .eval = eval_combined_nms,
     .flags = kHeavy},
};

}  // namespace

std::span<const OpDef> detection_ops() { return kOps; }

}  // namespace thane
