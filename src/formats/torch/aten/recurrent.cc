// LSTM, GRU and plain recurrent networks: padded, packed, and single cells.
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace recurrent_ops {
namespace {

enum class Cell { kLstm, kGru, kTanh, kRelu };
int64_t gates_of(Cell cell) { return cell == Cell::kLstm ? 4 : cell == Cell::kGru ? 3 : 1; }

// PyTorch's gates in ONNX's order: LSTM i f g o → i o f g; GRU r z n → z r n.
Edge reordered(Call& c, const Edge& stacked, Cell cell) {
  static constexpr int64_t kLstm[] = {0, 3, 1, 2}, kGru[] = {1, 0, 2};
  const int64_t gates = gates_of(cell);
  if (gates == 1) return stacked;
  const int64_t size = c.number(stacked, 0) / gates;
  std::vector<Edge> parts;
  for (int64_t i = 0; i < gates; ++i) {
    const int64_t from = cell == Cell::kLstm ? kLstm[i] : kGru[i];
    parts.push_back(c.slice(stacked, 0, from * size, (from + 1) * size));
  }
  return c.concat(std::move(parts), 0);
}

struct Layer {
  Edge y, h, c;  // [time, batch, directions · hidden], [directions, batch, hidden]
};
struct Weights {
  Edge input, recurrent, input_bias, recurrent_bias, projection;
};
Layer run_layer(Call& c, Cell cell, const Edge& x, const std::vector<Weights>& directions, const Edge& h0,
                const Edge& c0, const Edge& lengths) {
  std::vector<Edge> w, r, b;
  for (const Weights& d : directions) {
    if (d.projection.present()) c.refuse("an LSTM with projections");
    w.push_back(c.unsqueeze(reordered(c, d.input, cell), {0}));
    r.push_back(c.unsqueeze(reordered(c, d.recurrent, cell), {0}));
    if (d.input_bias.present()) {
      b.push_back(
          c.unsqueeze(c.concat({reordered(c, d.input_bias, cell), reordered(c, d.recurrent_bias, cell)}, 0), {0}));
    }
  }
  const int64_t hidden = c.number(directions[0].recurrent, 1);
  AttrMap attrs = {{"hidden_size", hidden},
                   {"direction", std::string(directions.size() == 2 ? "bidirectional" : "forward")}};
  if (cell == Cell::kGru) attrs["linear_before_reset"] = int64_t{1};
  if (cell == Cell::kRelu) attrs["activations"] = std::vector<std::string>(directions.size(), "Relu");
  std::vector<Edge> inputs = {x, c.concat(w, 0), c.concat(r, 0), b.empty() ? Edge{} : c.concat(b, 0), {}, h0};
  if (lengths.present()) inputs[4] = c.cast(lengths, DType::kInt32);
  if (cell == Cell::kLstm) inputs.push_back(c0);
  const auto out = c.many({.op = cell == Cell::kLstm  ? "LSTM"
                                 : cell == Cell::kGru ? "GRU"
                                                      : "RNN",
                           .inputs = std::move(inputs),
                           .outputs = cell == Cell::kLstm ? size_t{3} : size_t{2},
                           .attrs = std::move(attrs)});
  // [time, directions, batch, hidden] → [time, batch, directions · hidden]
  Edge y = out[0];
  if (directions.size() == 1) {
    y = c.squeeze(y, {1});
  } else {
    const Edge shape = c.concat({c.slice(c.shape(x), 0, 0, 2), c.int64s({hidden * 2})}, 0);
    y = c.reshape(c.transpose(y, {0, 2, 1, 3}), shape);
  }
  return {y, out[1], cell == Cell::kLstm ? out[2] : Edge{}};
}

// All layers over [time, batch, features].
Layer run_stack(Call& c, Cell cell, const Edge& x, const Edge& h0, const Edge& c0, const Edge& lengths) {
  if (c.flag("train") && c.real("dropout", 0) != 0) c.refuse("a recurrent network in training mode");
  const std::vector<Edge> params = c.edges("params");
  const bool biases = c.flag("has_biases", true);
  const auto layers = static_cast<size_t>(c.integer("num_layers"));
  const size_t directions = c.flag("bidirectional") ? 2 : 1;
  const size_t each = layers * directions == 0 ? 0 : params.size() / (layers * directions);
  if (each != (biases ? 4u : 2u) && each != (biases ? 5u : 3u)) {
    fail(invalid_model(format("{} weights for {} layers in {} directions", params.size(), layers, directions)));
  }
  Layer result{x, {}, {}};
  std::vector<Edge> h, cells;
  for (size_t layer = 0; layer < layers; ++layer) {
    std::vector<Weights> weights;
    for (size_t d = 0; d < directions; ++d) {
      const Edge* p = &params[(layer * directions + d) * each];
      Weights w{p[0], p[1], {}, {}, {}};
      if (biases) w.input_bias = p[2], w.recurrent_bias = p[3];
      if (each == (biases ? 5u : 3u)) w.projection = p[each - 1];
      weights.push_back(w);
    }
    const auto first = static_cast<int64_t>(layer * directions), last = static_cast<int64_t>((layer + 1) * directions);
    const auto part = [&](const Edge& e) { return !e.present() || layers == 1 ? e : c.slice(e, 0, first, last); };
    const Layer one = run_layer(c, cell, result.y, weights, part(h0), part(c0), lengths);
    result.y = one.y;
    h.push_back(one.h);
    if (cell == Cell::kLstm) cells.push_back(one.c);
  }
  result.h = c.concat(h, 0);
  if (cell == Cell::kLstm) result.c = c.concat(cells, 0);
  return result;
}

// Packed sequences: time-major rows without the padding, and how many sequences are still going at each time.
struct Packing {
  Edge mask, lengths;  // bool[time · batch], int64[batch]
  Edge time, batch;    // int64[1]
};
Packing packing_of(Call& c, const Edge& batch_sizes) {
  Packing p;
  p.time = c.shape(batch_sizes);
  p.batch = c.slice(batch_sizes, 0, 0, 1);
  const Edge rows = c.range(c.squeeze(p.batch, {0}));
  const Edge going = c.less(c.unsqueeze(rows, {0}), c.unsqueeze(batch_sizes, {1}));  // [time, batch]
  p.lengths = c.sum(c.cast(going, DType::kInt64), {0});
  p.mask = c.reshape(going, Dims{-1});
  return p;
}
Edge packed(Call& c, const Edge& padded, const Edge& mask) {
  const Edge flat = c.reshape(padded, c.concat({c.int64s({-1}), c.slice(c.shape(padded), 0, 2, INT64_MAX)}, 0));
  return c.op("Compress", {flat, mask}, {{"axis", int64_t{0}}});
}
Edge padded(Call& c, const Edge& data, const Packing& p, double value) {
  const Edge tail = c.slice(c.shape(data), 0, 1, INT64_MAX);
  const Edge blank = c.full(c.concat({c.mul(p.time, p.batch), tail}, 0), value, data.dtype());
  const Edge at = c.swap(c.op("NonZero", {p.mask}), 0, 1);
  const Edge flat = c.op("ScatterND", {blank, at, data});
  Edge y = c.reshape(flat, c.concat({p.time, p.batch, tail}, 0));
  Type type = y.type();
  if (data.dims() && type.dims) {
    for (size_t i = 1; i < data.dims()->size(); ++i) (*type.dims)[i + 1] = (*data.dims())[i];
    c.builder().declare(y, type);
  }
  return y;
}

template <Cell kCell>
Value recurrent(Call& c) {
  Edge h0, c0;
  if (kCell == Cell::kLstm) {
    const std::vector<Edge> hx = c.edges("hx");
    h0 = hx.at(0), c0 = hx.at(1);
  } else {
    h0 = c.edge("hx");
  }
  const auto finish = [&](const Edge& y, const Layer& layer) {
    return kCell == Cell::kLstm ? c.results(y, layer.h, layer.c) : c.results(y, layer.h);
  };
  if (c.declares("batch_sizes")) {
    const Packing p = packing_of(c, c.edge("batch_sizes"));
    const Layer layer = run_stack(c, kCell, padded(c, c.edge("data"), p, 0), h0, c0, p.lengths);
    return finish(packed(c, layer.y, p.mask), layer);
  }
  const bool batch_first = c.flag("batch_first");
  const Edge x = c.edge("input");
  const Layer layer = run_stack(c, kCell, batch_first ? c.swap(x, 0, 1) : x, h0, c0, {});
  return finish(batch_first ? c.swap(layer.y, 0, 1) : layer.y, layer);
}

Value pack_padded_sequence(Call& c) {
  Edge x = c.edge("input");
  if (c.flag("batch_first")) x = c.swap(x, 0, 1);
  const Edge lengths = c.cast(c.edge("lengths"), DType::kInt64);
  const Edge longest = c.reduce("ReduceMax", lengths, {0}, false);
  const Edge time = c.range(longest);
  const Edge going = c.less(c.unsqueeze(time, {1}), c.unsqueeze(lengths, {0}));
  const Edge used = c.op("Slice", {x, c.int64s({0}), c.reshape(longest, Dims{1}), c.int64s({0})});
  return c.results(packed(c, used, c.reshape(going, Dims{-1})), c.sum(c.cast(going, DType::kInt64), {1}));
}
Value pad_packed_sequence(Call& c) {
  const Packing p = packing_of(c, c.edge("batch_sizes"));
  Edge y = padded(c, c.edge("data"), p, c.real("padding_value", 0));
  // Not given, or a number below 0: as long as the longest. Traced programs compute it.
  const Value& total = c["total_length"];
  if (!total.is_none() && !(total.is_int() && total.integer() < 0)) {
    const Edge extra = c.sub(c.reshape(c.number("total_length", DType::kInt64), Dims{1}), p.time);
    const auto rank = c.rank(y);
    const Edge pads = c.concat({c.int64s(Dims(rank, 0)), extra, c.int64s(Dims(rank - 1, 0))}, 0);
    y = c.op("Pad", {y, pads, c.like(c.real("padding_value", 0), y)});
  }
  return c.results(c.flag("batch_first") ? c.swap(y, 0, 1) : y, p.lengths);
}

// One step of one layer.
template <Cell kCell>
Value cell(Call& c) {
  Edge x = c.edge("input"), h0, c0;
  if (kCell == Cell::kLstm) {
    const std::vector<Edge> hx = c.edges("hx");
    h0 = hx.at(0), c0 = hx.at(1);
  } else {
    h0 = c.edge("hx");
  }
  const bool single = c.rank(x) == 1;
  const auto lift = [&](const Edge& e) { return !e.present() ? e : c.unsqueeze(e, single ? Dims{0, 1} : Dims{0}); };
  const Weights w{c.edge("w_ih"), c.edge("w_hh"), c.optional_edge("b_ih"), c.optional_edge("b_hh"), {}};
  const Layer layer = run_layer(c, kCell, lift(x), {w}, lift(h0), lift(c0), {});
  const auto drop = [&](const Edge& e) { return c.squeeze(e, single ? Dims{0, 1} : Dims{0}); };
  if (kCell == Cell::kLstm) return c.results(drop(layer.h), drop(layer.c));
  return c.tensor(drop(layer.h));
}

constexpr Row kRows[] = {
    {"lstm", recurrent<Cell::kLstm>},
    {"gru", recurrent<Cell::kGru>},
    {"rnn_tanh", recurrent<Cell::kTanh>},
    {"rnn_relu", recurrent<Cell::kRelu>},
    {"lstm_cell", cell<Cell::kLstm>},
    {"gru_cell", cell<Cell::kGru>},
    {"rnn_tanh_cell", cell<Cell::kTanh>},
    {"rnn_relu_cell", cell<Cell::kRelu>},
    {"_pack_padded_sequence", pack_padded_sequence},
    {"_pad_packed_sequence", pad_packed_sequence},
};

}  // namespace
}  // namespace recurrent_ops

std::span<const Row> recurrent_rows() { return recurrent_ops::kRows; }

}  // namespace thane::aten
