// One function per family (a folder, or a file of it), each returning its constexpr table. Only table.cc includes this.
#pragma once

#include <span>

#include "ir/op_def.h"

namespace thane {

std::span<const OpDef> activation_ops();
std::span<const OpDef> arithmetic_ops();
std::span<const OpDef> attention_ops();
std::span<const OpDef> cast_ops();
std::span<const OpDef> complex_ops();
std::span<const OpDef> contrib_ops();
std::span<const OpDef> control_ops();
std::span<const OpDef> conv_ops();
std::span<const OpDef> detection_ops();
std::span<const OpDef> fixed_point_ops();
std::span<const OpDef> example_ops();
std::span<const OpDef> image_ops();
std::span<const OpDef> indexing_ops();
std::span<const OpDef> libm_ops();
std::span<const OpDef> linalg_ops();
std::span<const OpDef> logic_ops();
std::span<const OpDef> lookup_ops();
std::span<const OpDef> loss_ops();
std::span<const OpDef> math_ops();
std::span<const OpDef> matmul_ops();
std::span<const OpDef> ml_ops();
std::span<const OpDef> movement_ops();
std::span<const OpDef> norm_ops();
std::span<const OpDef> pool_ops();
std::span<const OpDef> quantize_ops();
std::span<const OpDef> random_ops();
std::span<const OpDef> recurrent_ops();
std::span<const OpDef> reduce_ops();
std::span<const OpDef> select_ops();
std::span<const OpDef> segment_ops();
std::span<const OpDef> sequence_ops();
std::span<const OpDef> signal_ops();
std::span<const OpDef> special_ops();
std::span<const OpDef> strings_ops();
std::span<const OpDef> text_ops();
std::span<const OpDef> training_ops();

// For tables: an op that has faster ways to run.
constexpr OpDef with_kernels(OpDef op, std::span<const Kernel* const> kernels) {
  op.kernels = kernels;
  return op;
}

}  // namespace thane
