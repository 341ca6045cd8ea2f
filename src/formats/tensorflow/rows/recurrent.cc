// Fused cells of recurrent layers. Whole sequences become Loops through their cells' own ops elsewhere; these are
// single steps, and blocks of known length.
#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace recurrent_ops {
namespace {

struct Step {
  Edge i, cs, f, o, ci, co, h;
};

// One step of an LSTM whose gates stand in the order i, c, f, o (or i, f, c, o for the second block).
Step lstm_step(Call& call, const Edge& x, const Edge& cs_prev, const Edge& h_prev, const Edge& w, const Edge& wci,
               const Edge& wcf, const Edge& wco, const Edge& b, bool peephole, double clip, double forget_bias,
               bool ifco) {
  const Edge sums = call.add(call.emit("MatMul", {call.concat({x, h_prev}, 1), w}), b);
  const auto gates = call.emit_many("Split", {sums}, 4, {{"axis", int64_t{1}}, {"num_outputs", int64_t{4}}});
  const Edge raw_c = gates[ifco ? 2 : 1], raw_f = gates[ifco ? 1 : 2];
  const auto sigmoid = [&](const Edge& edge) { return call.emit("Sigmoid", {edge}); };
  const auto with = [&](const Edge& edge, const Edge& state, const Edge& weight) {
    return peephole ? call.add(edge, call.mul(state, weight)) : edge;
  };
  Step step;
  step.i = sigmoid(with(gates[0], cs_prev, wci));
  step.f = sigmoid(with(call.add(raw_f, call.like(forget_bias, raw_f)), cs_prev, wcf));
  step.ci = call.emit("Tanh", {raw_c});
  step.cs = call.add(call.mul(step.ci, step.i), call.mul(cs_prev, step.f));
  if (clip > 0) step.cs = call.emit("Clip", {step.cs, call.like(-clip, step.cs), call.like(clip, step.cs)});
  step.o = sigmoid(with(gates[3], step.cs, wco));
  step.co = call.emit("Tanh", {step.cs});
  step.h = call.mul(step.co, step.o);
  return step;
}

void lstm_cell(Call& call) {
  const Step step =
      lstm_step(call, call.in(0), call.in(1), call.in(2), call.in(3), call.in(4), call.in(5), call.in(6), call.in(7),
                call.b("use_peephole"), call.f("cell_clip", 3), call.f("forget_bias", 1), false);
  const Edge outputs[] = {step.i, step.cs, step.f, step.o, step.ci, step.co, step.h};
  for (size_t k = 0; k < 7; ++k) call.out(k, outputs[k]);
}

void lstm_block(Call& call) {
  // seq_len_max, x[time, batch, in], cs_prev, h_prev, w, wci, wcf, wco, b
  const Edge x = call.in(1);
  const Dim time = call.dim(x, 0);
  if (call.failed()) return;
  if (!time.is_number()) return call.need_shapes("the length of its sequence is not known before running");
  if (time.number() > 512 || time.number() < 1)
    return call.fail(unsupported(format("a sequence of {} steps", time.number())));
  const bool second = call.node.op == "BlockLSTMV2";
  Edge cs = call.in(2), h = call.in(3);
  std::vector<Edge> all[7];
  for (int64_t t = 0; t < time.number() && !call.failed(); ++t) {
    const Edge now = call.squeeze(call.slice(x, {t}, {t + 1}, {0}), {0});
    const Step step =
        lstm_step(call, now, cs, h, call.in(4), call.in(5), call.in(6), call.in(7), call.in(8), call.b("use_peephole"),
                  call.f("cell_clip", second ? 0 : 3), second ? 0 : call.f("forget_bias", 1), second);
    const Edge outputs[] = {step.i, step.cs, step.f, step.o, step.ci, step.co, step.h};
    for (size_t k = 0; k < 7; ++k) all[k].push_back(call.unsqueeze(outputs[k], {0}));
    cs = step.cs;
    h = step.h;
  }
  for (size_t k = 0; k < 7; ++k) call.out(k, call.concat(all[k], 0));
}

void gru_cell(Call& call) {
  // x, h_prev, w_ru, w_c, b_ru, b_c
  const Edge x = call.in(0), h = call.in(1);
  const Edge sums = call.add(call.emit("MatMul", {call.concat({x, h}, 1), call.in(2)}), call.in(4));
  const auto gates =
      call.emit_many("Split", {call.emit("Sigmoid", {sums})}, 2, {{"axis", int64_t{1}}, {"num_outputs", int64_t{2}}});
  const Edge r = gates[0], u = gates[1];
  const Edge c =
      call.emit("Tanh", {call.add(call.emit("MatMul", {call.concat({x, call.mul(r, h)}, 1), call.in(3)}), call.in(5))});
  call.out(0, r);
  call.out(1, u);
  call.out(2, c);
  call.out(3, call.add(call.mul(u, h), call.mul(call.sub(call.like(1, u), u), c)));
}

constexpr OpRow kRows[] = {
    {"LSTMBlockCell", lstm_cell},
    {"BlockLSTM", lstm_block},
    {"BlockLSTMV2", lstm_block},
    {"GRUBlockCell", gru_cell},
};

}  // namespace
}  // namespace recurrent_ops

std::span<const OpRow> recurrent_rows() { return recurrent_ops::kRows; }

}  // namespace thane::tensorflow
