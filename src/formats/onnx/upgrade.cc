#include "formats/onnx/upgrade.h"

#include <limits>

#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {
namespace {

// For ops that are deprecated: whatever their version, they become another op.
constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();
constexpr std::string_view kMl = "ai.onnx.ml";

// Versions in which an op's form changed so that a node must be rewritten. Changes that only widen (more types,
// attributes or inputs whose absence keeps the old meaning) need no row. Within an op, rows are in the order of
// versions.
constexpr Upgrade kUpgrades[] = {
    {"", "Add", 7, numpy_broadcast},
    {"", "And", 7, numpy_broadcast},
    {"", "BatchNormalization", 7, batch_norm_test_mode},
    {"", "BatchNormalization", 9, batch_norm_spatial},
    {"", "BatchNormalization", 14, batch_norm_training},
    {"", "Cast", 6, cast_to_number},
    {"", "Cast", 23, cast_clamps_nibbles},
    {"", "Clip", 11, clip_inputs},
    {"", "Concat", 4, concat_axis},
    {"", "Crop", kAlways, crop},
    {"", "DFT", 20, dft_axis},
    {"", "Div", 7, numpy_broadcast},
    {"", "Dropout", 7, dropout_test_mode},
    {"", "Dropout", 10, dropout_mask},
    {"", "Dropout", 12, dropout_ratio},
    {"", "DynamicSlice", kAlways, dynamic_slice},  // experimental, in files of 2018
    {"", "Equal", 7, numpy_broadcast},
    {"", "GRU", 3, recurrent_direction},
    {"", "GRU", 7, recurrent_output},
    {"", "Gemm", 7, gemm_broadcast},
    {"", "GlobalLpPool", 2, lp_pool_power},
    {"", "Greater", 7, numpy_broadcast},
    {"", "GridSample", 20, grid_sample_modes},
    {"", "GroupNormalization", 21, group_norm_scale},
    {"", "Hardmax", 13, coerce_to_matrix},
    {"", "LSTM", 7, recurrent_output},
    {"", "Less", 7, numpy_broadcast},
    {"", "LogSoftmax", 13, coerce_to_matrix},
    {"", "LpPool", 2, lp_pool_power},
    {"", "MeanVarianceNormalization", 9, mean_variance_axes},
    {"", "Mul", 7, numpy_broadcast},
    {"", "Or", 7, numpy_broadcast},
    {"", "PRelu", 7, channel_slope},
    {"", "Pad", 2, pad_names},
    {"", "Pad", 11, pad_inputs},
    {"", "Pow", 7, numpy_broadcast},
    {"", "RNN", 7, recurrent_output},
    {"", "ReduceL1", 18, axes_input},
    {"", "ReduceL2", 18, axes_input},
    {"", "ReduceLogSum", 18, axes_input},
    {"", "ReduceLogSumExp", 18, axes_input},
    {"", "ReduceMax", 18, axes_input},
    {"", "ReduceMean", 18, axes_input},
    {"", "ReduceMin", 18, axes_input},
    {"", "ReduceProd", 18, axes_input},
    {"", "ReduceSum", 13, axes_input},
    {"", "ReduceSumSquare", 18, axes_input},
    {"", "Reshape", 5, reshape_input},
    {"", "Resize", 11, resize_inputs},
    {"", "Resize", 18, resize_empty_inputs},
    {"", "RoiAlign", 16, roi_align_mode},
    {"", "Scan", 9, scan_batches},
    {"", "Scatter", kAlways, scatter_elements},
    {"", "Selu", 6, selu_constants},
    {"", "Slice", 10, slice_inputs},
    {"", "Softmax", 13, coerce_to_matrix},
    {"", "Split", 2, split_first},
    {"", "Split", 13, split_input},
    {"", "Split", 18, split_count},
    {"", "Squeeze", 13, axes_input},
    {"", "Sub", 7, numpy_broadcast},
    {"", "Tile", 6, tile_repeats},
    {"", "TopK", 10, topk_input},
    {"", "Unsqueeze", 13, axes_input},
    {"", "Upsample", 7, upsample_scales},
    {"", "Upsample", 9, upsample_input},
    {"", "Upsample", kAlways, upsample_to_resize},
    {"", "Xor", 7, numpy_broadcast},
    {kMl, "LabelEncoder", 2, label_encoder_classes},
};

// The next step for a node, or null: its op's first row beyond its version.
const Upgrade* next_upgrade(const ForeignNode& node) {
  for (const Upgrade& row : kUpgrades) {
    if (row.op == node.op && row.domain == node.domain && row.below > node.version) return &row;
  }
  return nullptr;
}

}  // namespace

Status upgrade(Rewrite& rewrite) {
  if (rewrite.node.domain.empty() && rewrite.node.version < 6) THANE_TRY(drop_legacy_attributes(rewrite));
  while (const Upgrade* step = next_upgrade(rewrite.node)) {
    THANE_TRY(step->rewrite(rewrite));
    rewrite.node.version = step->below;
  }
  return ok();
}

}  // namespace thane::onnx
