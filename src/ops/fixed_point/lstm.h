// LSTM on int8 data with int16 cells, step by step as TensorFlow Lite's integer kernel does it.
#pragma once

#include "ir/context.h"

namespace thane {

// Gates come in the order input, forget, cell, output. Scales are those of one unit of each tensor; lists are by gate.
struct FixedLstmAttrs : Attrs {
  float input_scale = 1, state_scale = 1, hidden_scale = 1, projection_scale = 1;
  int64_t input_zero_point = 0, state_zero_point = 0, hidden_zero_point = 0;
  int64_t cell_bits = -11;  // a unit of the cell is 2^cell_bits
  std::vector<float> input_weight_scales, recurrent_weight_scales, peephole_scales, norm_scales;
  std::vector<float> gate_scales;              // of what enters the gates' functions
  int64_t cell_clip = 0, projection_clip = 0;  // in units; 0: none
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("input_scale", self.input_scale);
    v("state_scale", self.state_scale);
    v("hidden_scale", self.hidden_scale);
    v("projection_scale", self.projection_scale);
    v("input_zero_point", self.input_zero_point);
    v("state_zero_point", self.state_zero_point);
    v("hidden_zero_point", self.hidden_zero_point);
    v("cell_bits", self.cell_bits);
    v("input_weight_scales", self.input_weight_scales);
    v("recurrent_weight_scales", self.recurrent_weight_scales);
    v("peephole_scales", self.peephole_scales);
    v("norm_scales", self.norm_scales);
    v("gate_scales", self.gate_scales);
    v("cell_clip", self.cell_clip);
    v("projection_clip", self.projection_clip);
  }
  Status prepare();
};

// Inputs: X [time, batch, inputs], h [batch, outputs], c [batch, cells]; by gate: weights int8 [cells, inputs] (the
// input gate's may be absent: one minus the forget gate), recurrent weights int8 [cells, outputs], peepholes int16
// [cells] of the input, forget and output gates, biases int32 [cells]; projection int8 [outputs, cells] and its bias
// int32; coefficients of layer normalization int16 [cells] by gate. Outputs: Y [time, batch, outputs], last h, last c.
Status infer_fixed_lstm(InferContext& context);
Status eval_fixed_lstm(KernelContext& context);

}  // namespace thane
