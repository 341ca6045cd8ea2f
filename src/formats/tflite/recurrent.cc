// Recurrent operators: over time as a Scan of one step, which keeps the file's own formula; LSTMs that ONNX can say
// become its LSTM.
#include <algorithm>
#include <array>
#include <functional>

#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"
#include "formats/tflite/lstm.h"

namespace thane::tflite {
namespace recurrent_ops {
namespace {

using Step = std::function<std::vector<Edge>(const Edge& x, const std::vector<Edge>& states)>;

// Runs `step` over the first axis of x. It takes a slice and the states, and gives the states then, the first of which
// is also its output. Returns the stacked outputs and the last states.
std::vector<Edge> over_time(Op& op, const Edge& x, const std::vector<Edge>& states, bool backwards, const Step& step) {
  std::vector<Edge> failed(states.size() + 1, x);
  if (op.failed() || !x.dims() || x.dims()->empty()) return failed;
  GraphBuilder body(op.build());
  std::vector<Edge> formal;
  for (const Edge& state : states) formal.push_back(body.input("state", state.type()));
  const Edge slice = body.input("x", Type::tensor(x.dtype(), SymDims(x.dims()->begin() + 1, x.dims()->end())));
  {
    const Op::Inside inside(op, body);
    std::vector<Edge> next = step(slice, formal);
    if (op.failed()) return failed;
    next.push_back(next[0]);
    for (const Edge& edge : next) {
      if (auto status = body.output(edge); !status.ok()) op.fail(std::move(status).error());
    }
  }
  std::vector<Edge> inputs = states;
  inputs.push_back(x);
  const Dims direction = {backwards ? 1 : 0};
  auto results = op.many({.op = "Scan",
                          .inputs = inputs,
                          .outputs = states.size() + 1,
                          .attrs = {{"num_scan_inputs", int64_t{1}},
                                    {"scan_input_directions", direction},
                                    {"scan_output_directions", direction}},
                          .bodies = {&body}});
  std::rotate(results.begin(), results.end() - 1, results.end());
  return results;
}

Edge real_operand(Op& op, size_t i) {
  if (!op.has(i)) return {};
  const Edge edge = op.raw(i);
  const TensorInfo& info = op.tensor(i);
  if (info.quantization.present() && (mask_of(info.dtype) & (kSignedInts | kUnsignedInts | kSubByte)))
    return op.dequantized(edge, info);
  return mask_of(edge.dtype()) & kFloats ? op.cast(edge, DType::kFloat32) : edge;
}

Edge times_transposed(Op& op, const Edge& x, const Edge& weights) {
  return op("MatMul", {x, op.transpose(weights, {1, 0})});
}

// [batch, time, …] ⇄ [time, batch, …].
Edge turned(Op& op, const Edge& x) {
  if (!op.check(op.rank(x) == 3, "a sequence that is not of rank 3")) return x;
  return op.transpose(x, {1, 0, 2});
}

// --- LSTM

struct LstmOptions {
  int activation = 4;
  float cell_clip = 0, projection_clip = 0;
};

// One step in reals: h, c.
std::vector<Edge> lstm_step(Op& op, const RealLstm& lstm, const LstmOptions& options, const Edge& x, const Edge& h,
                            const Edge& c) {
  const auto gate = [&](size_t g, const Edge& cell) {
    Edge sum = op("Add", {times_transposed(op, x, lstm.weights[g]), times_transposed(op, h, lstm.recurrent[g])});
    if (lstm.peephole[g].present()) sum = op("Add", {sum, op("Mul", {cell, lstm.peephole[g]})});
    if (lstm.norm[g].present()) {
      return op("LayerNormalization", {sum, lstm.norm[g], lstm.bias[g]}, {{"axis", int64_t{-1}}, {"epsilon", 1e-8f}});
    }
    return lstm.bias[g].present() ? op("Add", {sum, lstm.bias[g]}) : sum;
  };
  const auto clipped = [&](const Edge& v, float bound) {
    if (!(bound > 0)) return v;
    return op("Clip", {v, op.scalar(-static_cast<double>(bound), DType::kFloat32),
                       op.scalar(static_cast<double>(bound), DType::kFloat32)});
  };
  const Edge forget = op("Sigmoid", {gate(1, c)});
  const Edge in =
      lstm.weights[0].present() ? op("Sigmoid", {gate(0, c)}) : op("Sub", {op.scalar(1, DType::kFloat32), forget});
  const Edge fresh = op.activated(gate(2, c), options.activation);
  const Edge cell = clipped(op("Add", {op("Mul", {forget, c}), op("Mul", {in, fresh})}), options.cell_clip);
  const Edge out = op("Sigmoid", {gate(3, cell)});
  Edge hidden = op("Mul", {out, op.activated(cell, options.activation)});
  if (lstm.projection.present()) {
    hidden = times_transposed(op, hidden, lstm.projection);
    if (lstm.projection_bias.present()) hidden = op("Add", {hidden, lstm.projection_bias});
    hidden = clipped(hidden, options.projection_clip);
  }
  return {hidden, cell};
}

bool fits_onnx(const RealLstm& lstm, const LstmOptions& options) {
  if (options.activation != 4 || options.cell_clip > 0 || lstm.projection.present() || !lstm.weights[0].present())
    return false;
  for (size_t g = 0; g < 4; ++g) {
    if (lstm.norm[g].present() || lstm.peephole[g].present()) return false;
  }
  return true;
}

// All gates' matrices in ONNX's order: input, output, forget, cell.
Edge joined(Op& op, const std::array<Edge, 4>& gates) {
  return op("Unsqueeze",
            {op("Concat", {gates[0], gates[3], gates[1], gates[2]}, {{"axis", int64_t{0}}}), op.list({0})});
}

// x [time, batch, inputs] → outputs, h, c.
std::vector<Edge> run_lstm(Op& op, const RealLstm& lstm, const LstmOptions& options, const Edge& x, const Edge& h,
                           const Edge& c, bool backwards) {
  if (op.failed()) return {x, h, c};
  if (!fits_onnx(lstm, options)) {
    return over_time(op, x, {h, c}, backwards, [&](const Edge& slice, const std::vector<Edge>& states) {
      return lstm_step(op, lstm, options, slice, states[0], states[1]);
    });
  }
  const Edge cells = op("Shape", {lstm.weights[1]}, {{"end", int64_t{1}}});
  std::array<Edge, 4> bias = lstm.bias;
  for (Edge& b : bias) {
    if (!b.present()) b = op("Expand", {op.scalar(0, DType::kFloat32), cells});
  }
  const Edge row = joined(op, bias);
  const Edge none = op("Expand", {op.scalar(0, DType::kFloat32), op.shape(row)});
  const Dim hidden = op.dim(lstm.weights[1], 0);
  if (!hidden.is_number()) {
    op.unsupported_form("weights of unknown size");
    return {x, h, c};
  }
  const auto results = op.many(
      {.op = "LSTM",
       .inputs = {x, joined(op, lstm.weights), joined(op, lstm.recurrent),
                  op("Concat", {row, none}, {{"axis", int64_t{1}}}), Edge{}, op("Unsqueeze", {h, op.list({0})}),
                  op("Unsqueeze", {c, op.list({0})})},
       .outputs = 3,
       .attrs = {{"hidden_size", hidden.number()}, {"direction", std::string(backwards ? "reverse" : "forward")}}});
  return {op("Squeeze", {results[0], op.list({1})}), op("Squeeze", {results[1], op.list({0})}),
          op("Squeeze", {results[2], op.list({0})})};
}

// Inputs of the full kernel from `first` on: weights, recurrent weights, peepholes, biases, projection.
RealLstm read_lstm(Op& op, size_t first) {
  RealLstm lstm;
  for (size_t g = 0; g < 4; ++g) {
    lstm.weights[g] = real_operand(op, first + g);
    lstm.recurrent[g] = real_operand(op, first + 4 + g);
    lstm.bias[g] = real_operand(op, first + 11 + g);
  }
  lstm.peephole[0] = real_operand(op, first + 8);
  lstm.peephole[1] = real_operand(op, first + 9);
  lstm.peephole[3] = real_operand(op, first + 10);
  lstm.projection = real_operand(op, first + 15);
  lstm.projection_bias = real_operand(op, first + 16);
  for (size_t g = 1; g < 4; ++g)
    op.check(lstm.weights[g].present() && lstm.recurrent[g].present(), "an LSTM without the weights of a gate");
  return lstm;
}

constexpr size_t kStateInput = 18, kCellInput = 19, kNormInput = 20;

void lower_full_lstm(Op& op, const LstmOptions& options, bool time_major, bool sequence) {
  Edge x = op.raw(0);
  if (!op.has(kStateInput) || !op.has(kCellInput)) return op.fail(invalid_model("an LSTM without states"));
  if (sequence ? !time_major : false) x = turned(op, x);
  if (!sequence) x = op("Unsqueeze", {x, op.list({0})});
  std::vector<Edge> results;
  if (x.dtype() == DType::kInt8) {
    results = fixed_lstm(op, x, options.cell_clip, options.projection_clip);
  } else {
    RealLstm lstm = read_lstm(op, 1);
    for (size_t g = 0; g < 4; ++g) lstm.norm[g] = real_operand(op, kNormInput + g);
    results = run_lstm(op, lstm, options, x, op.raw(kStateInput), op.raw(kCellInput), false);
  }
  if (op.failed()) return;
  Edge y = results[0];
  if (!sequence) y = op("Squeeze", {y, op.list({0})});
  if (sequence && !time_major) y = turned(op, y);
  op.set_variable(kStateInput, results[1]);
  op.set_variable(kCellInput, results[2]);
  op.set_raw(0, y);
}

void lower_sequence_lstm(Op& op) {
  const Table options = op.options();
  lower_full_lstm(op, {options.number<int8_t>(0), options.number<float>(1), options.number<float>(2)}, options.flag(3),
                  true);
}

// One step whose matrices are joined: [inputs, outputs] by 4 gates in the order input, cell, forget, output.
void lower_basic_lstm(Op& op) {
  const Edge x = real_operand(op, 0), h = real_operand(op, 1), weights = real_operand(op, 2),
             bias = real_operand(op, 3);
  const Edge c = real_operand(op, 4);
  if (!op.check(x.present() && h.present() && weights.present() && bias.present() && c.present(),
                "an operand is missing"))
    return;
  const Edge all = op("Add", {times_transposed(op, op("Concat", {x, h}, {{"axis", int64_t{1}}}), weights), bias});
  const auto gates = op.many(
      {.op = "Split", .inputs = {all}, .outputs = 4, .attrs = {{"axis", int64_t{1}}, {"num_outputs", int64_t{4}}}});
  const Edge cell = op("Add", {op("Mul", {op("Sigmoid", {gates[2]}), c}),
                               op("Mul", {op("Sigmoid", {gates[0]}), op("Tanh", {gates[1]})})});
  const Edge hidden = op("Mul", {op("Sigmoid", {gates[3]}), op("Tanh", {cell})});
  const auto deliver = [&](size_t i, const Edge& edge) {
    if (op.failed() || !op.wants(i)) return;
    op.set_raw(i, is_quantized(op.result(i)) ? op.quantized(edge, op.result(i)) : edge);
  };
  deliver(0, hidden);
  deliver(1, cell);
  deliver(2, op("Concat", {x, h}, {{"axis", int64_t{1}}}));
  deliver(3, all);
}

void lower_lstm(Op& op) {
  const Table options = op.options();
  if (options.number<int8_t>(3) == 1) return lower_basic_lstm(op);
  lower_full_lstm(op, {options.number<int8_t>(0), options.number<float>(1), options.number<float>(2)}, false, false);
}

void lower_bidirectional_lstm(Op& op) {
  const Table options = op.options();
  const LstmOptions lstm{options.number<int8_t>(0), options.number<float>(1), options.number<float>(2)};
  const bool merge = options.flag(3), time_major = options.flag(4);
  constexpr size_t kForward = 1, kBackward = 18, kStates = 35;
  if (op.has(39) && op.num_inputs() > 40 && (op.has(40) || op.has(44))) return op.unsupported_form("auxiliary inputs");
  for (size_t i = kStates; i < kStates + 4; ++i) {
    if (!op.check(op.has(i), "an LSTM without states")) return;
  }
  Edge x = real_operand(op, 0);
  if (!time_major) x = turned(op, x);
  std::array<Edge, 2> y;
  for (size_t d : {0, 1}) {
    const size_t state = kStates + 2 * d;
    const auto results =
        run_lstm(op, read_lstm(op, d == 0 ? kForward : kBackward), lstm, x, op.raw(state), op.raw(state + 1), d == 1);
    if (op.failed()) return;
    y[d] = time_major ? results[0] : turned(op, results[0]);
    op.set_variable(state, results[1]);
    op.set_variable(state + 1, results[2]);
  }
  if (merge) return op.set_raw(0, op("Concat", {y[0], y[1]}, {{"axis", int64_t{2}}}));
  op.set_raw(0, y[0]);
  op.set_raw(1, y[1]);
}

// --- simple recurrence

struct Rnn {
  Edge weights, recurrent, bias;
};

std::vector<Edge> run_rnn(Op& op, const Rnn& rnn, int activation, const Edge& x, const Edge& h, bool backwards) {
  return over_time(op, x, {h}, backwards, [&](const Edge& slice, const std::vector<Edge>& states) -> std::vector<Edge> {
    const Edge sum =
        op("Add", {times_transposed(op, slice, rnn.weights), times_transposed(op, states[0], rnn.recurrent)});
    return {op.activated(op("Add", {sum, rnn.bias}), activation)};
  });
}

Rnn read_rnn(Op& op, size_t first) {
  const Rnn rnn{real_operand(op, first), real_operand(op, first + 1), real_operand(op, first + 2)};
  op.check(rnn.weights.present() && rnn.recurrent.present() && rnn.bias.present(), "an operand is missing");
  return rnn;
}

void lower_rnn(Op& op) {
  const Rnn rnn = read_rnn(op, 1);
  const Edge x = op("Unsqueeze", {op.raw(0), op.list({0})});
  const auto results = run_rnn(op, rnn, op.options().number<int8_t>(0), x, op.raw(4), false);
  if (op.failed()) return;
  op.set_variable(4, results[1]);
  op.set_raw(0, results[1]);
}

void lower_sequence_rnn(Op& op) {
  const bool time_major = op.options().flag(0);
  const Rnn rnn = read_rnn(op, 1);
  const Edge x = time_major ? op.raw(0) : turned(op, op.raw(0));
  const auto results = run_rnn(op, rnn, op.options().number<int8_t>(1), x, op.raw(4), false);
  if (op.failed()) return;
  op.set_variable(4, results[1]);
  op.set_raw(0, time_major ? results[0] : turned(op, results[0]));
}

void lower_bidirectional_rnn(Op& op) {
  const Table options = op.options();
  const bool time_major = options.flag(0), merge = options.flag(2);
  const int activation = options.number<int8_t>(1);
  if (op.has(9) || op.has(10)) return op.unsupported_form("auxiliary inputs");
  const Edge x = time_major ? op.raw(0) : turned(op, op.raw(0));
  std::array<Edge, 2> y;
  for (size_t d : {0, 1}) {
    const size_t first = d == 0 ? 1 : 5, state = first + 3;
    const auto results = run_rnn(op, read_rnn(op, first), activation, x, op.raw(state), d == 1);
    if (op.failed()) return;
    y[d] = time_major ? results[0] : turned(op, results[0]);
    op.set_variable(state, results[1]);
  }
  if (merge) return op.set_raw(0, op("Concat", {y[0], y[1]}, {{"axis", int64_t{2}}}));
  op.set_raw(0, y[0]);
  op.set_raw(1, y[1]);
}

// --- SVDF: filters of rank one, over features and then over a memory of the last steps

// The memory moved on by one step, the newest at the end: [batch, filters, memory].
Edge moved_memory(Op& op, const Edge& state, const Edge& newest, const Dim& filters, const Dim& memory) {
  const Edge shaped = op.reshape(state, SymDims{op.dim(newest, 0), filters, memory});
  const Edge kept = op("Slice", {shaped, op.list({1}), op.list({INT64_MAX}), op.list({2})});
  return op("Concat", {kept, op("Unsqueeze", {newest, op.list({2})})}, {{"axis", int64_t{2}}});
}

void lower_svdf(Op& op) {
  const int64_t rank = op.options().number<int32_t>(0);
  const int activation = op.options().number<int8_t>(1);
  for (size_t i : {0, 1, 2, 4}) {
    if (!op.check(op.has(i), "an operand is missing")) return;
  }
  const Dim filters = op.dim(op.raw(2), 0), memory = op.dim(op.raw(2), 1);
  if (!op.check(rank > 0 && filters.is_number() && memory.is_number() && filters.number() % rank == 0,
                "filters that do not divide into ranks"))
    return;
  const Dim batch = op.dim(op.raw(0), 0);
  const SymDims flat = {batch, filters.number() * memory.number()};
  const bool fixed = op.tensor(0).dtype == DType::kInt8;
  const auto units = [&](const Edge& sums) {  // [batch, filters] → [batch, units], a sum of `rank` each
    const Edge grouped = op.reshape(sums, SymDims{batch, filters.number() / rank, rank});
    return op("ReduceSum", {grouped, op.list({2})}, {{"keepdims", int64_t{0}}});
  };
  if (!fixed) {
    const Edge newest = times_transposed(op, op.raw(0), real_operand(op, 1));
    const Edge state = moved_memory(op, op.raw(4), newest, filters, memory);
    const Edge sums =
        op("ReduceSum", {op("Mul", {state, real_operand(op, 2)}), op.list({2})}, {{"keepdims", int64_t{0}}});
    Edge y = units(sums);
    if (op.has(3)) y = op("Add", {y, real_operand(op, 3)});
    op.set_variable(4, op.reshape(state, flat));
    return op.set_raw(0, op.activated(y, activation));
  }
  lower_fixed_svdf(op, activation, {moved_memory, units, filters, memory, flat});
}

constexpr Builtin kRows[] = {
    {16, "LSTM", 14, lower_lstm},
    {24, "RNN", 7, lower_rnn},
    {27, "SVDF", 6, lower_svdf},
    {35, "UNIDIRECTIONAL_SEQUENCE_RNN", 31, lower_sequence_rnn},
    {44, "UNIDIRECTIONAL_SEQUENCE_LSTM", 71, lower_sequence_lstm},
    {46, "BIDIRECTIONAL_SEQUENCE_RNN", 70, lower_bidirectional_rnn},
    {52, "BIDIRECTIONAL_SEQUENCE_LSTM", 69, lower_bidirectional_lstm},
};

}  // namespace
}  // namespace recurrent_ops

std::span<const Builtin> recurrent_builtins() { return recurrent_ops::kRows; }

}  // namespace thane::tflite
