// The steps that upgrade.cc's table lists. Each brings a node from the form its row says to that of the row's version.
#pragma once

#include "formats/onnx/rewrite.h"

namespace thane::onnx {

// upgrade_math.cc
Status drop_legacy_attributes(Rewrite& r);  // below 6: consumed_inputs
Status numpy_broadcast(Rewrite& r);         // below 7: broadcast and axis of binary ops
Status cast_to_number(Rewrite& r);          // below 6: the target as a name
Status cast_clamps_nibbles(Rewrite& r);     // below 23
Status clip_inputs(Rewrite& r);             // below 11
Status channel_slope(Rewrite& r);           // PRelu below 7
Status selu_constants(Rewrite& r);          // below 6
Status gemm_broadcast(Rewrite& r);          // below 7
Status coerce_to_matrix(Rewrite& r);        // Softmax, LogSoftmax, Hardmax below 13
Status dft_axis(Rewrite& r);                // below 20

// upgrade_movement.cc
Status concat_axis(Rewrite& r);       // below 4
Status reshape_input(Rewrite& r);     // below 5
Status tile_repeats(Rewrite& r);      // below 6
Status slice_inputs(Rewrite& r);      // below 10
Status dynamic_slice(Rewrite& r);     // DynamicSlice
Status pad_names(Rewrite& r);         // below 2
Status pad_inputs(Rewrite& r);        // below 11
Status split_first(Rewrite& r);       // below 2
Status split_input(Rewrite& r);       // below 13
Status split_count(Rewrite& r);       // below 18
Status axes_input(Rewrite& r);        // Squeeze, Unsqueeze below 13; reductions below 13 or 18
Status topk_input(Rewrite& r);        // below 10
Status scatter_elements(Rewrite& r);  // Scatter

// upgrade_nn.cc
Status batch_norm_test_mode(Rewrite& r);  // below 7: is_test
Status batch_norm_spatial(Rewrite& r);    // below 9
Status batch_norm_training(Rewrite& r);   // below 14
Status dropout_test_mode(Rewrite& r);     // below 7
Status dropout_mask(Rewrite& r);          // below 10
Status dropout_ratio(Rewrite& r);         // below 12
Status lp_pool_power(Rewrite& r);         // below 2
Status recurrent_direction(Rewrite& r);   // GRU below 3
Status recurrent_output(Rewrite& r);      // RNN, LSTM, GRU below 7
Status grid_sample_modes(Rewrite& r);     // below 20
Status group_norm_scale(Rewrite& r);      // below 21
Status roi_align_mode(Rewrite& r);        // below 16

// upgrade_resize.cc
Status upsample_scales(Rewrite& r);      // Upsample below 7
Status upsample_input(Rewrite& r);       // below 9
Status upsample_to_resize(Rewrite& r);   // all
Status resize_inputs(Rewrite& r);        // Resize below 11
Status resize_empty_inputs(Rewrite& r);  // below 18

// upgrade_control.cc
Status scan_batches(Rewrite& r);  // Scan below 9

// upgrade_ml.cc
Status label_encoder_classes(Rewrite& r);  // below 2

// upgrade_experimental.cc: ops that are gone
Status crop(Rewrite& r);
Status mean_variance_axes(Rewrite& r);  // MeanVarianceNormalization below 9

}  // namespace thane::onnx
