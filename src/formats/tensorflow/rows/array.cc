// Shapes and arrangements of tensors.
#include <algorithm>
#include <limits>
#include <numeric>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace array_ops {
namespace {

DType out_type(const Call& call, std::string_view name = "out_type") { return call.type(name, DType::kInt32); }

// A complex tensor has one more axis at its end.
int64_t tail(const Call& call, size_t i = 0) { return call.is_complex(i) ? 1 : 0; }
Edge any(Call& call, size_t i = 0) {
  const Item& item = call.item(i);
  return item.kind == Item::Kind::kComplex ? item.edge : call.in(i);
}
void deliver(Call& call, Edge edge, size_t i = 0, size_t like = 0) {
  call.set(i, {call.is_complex(like) ? Item::Kind::kComplex : Item::Kind::kTensor, edge, 0});
}

Edge shape_without_tail(Call& call, size_t i) {
  if (!tail(call, i)) return call.shape_of(any(call, i));
  return call.emit("Shape", {any(call, i)}, {{"end", int64_t{-1}}});
}

void shape(Call& call) { call.out(call.cast(shape_without_tail(call, 0), out_type(call))); }
void shape_n(Call& call) {
  for (size_t i = 0; i < call.size(); ++i) call.out(i, call.cast(shape_without_tail(call, i), out_type(call)));
}
void size(Call& call) { call.out(call.cast(call.emit("Size", {call.in(0)}), out_type(call))); }
void rank(Call& call) {
  const Edge x = any(call);
  if (call.has_rank(x))
    return call.out(call.builder.constant(Tensor::scalar(static_cast<int32_t>(call.rank(x) - tail(call)))));
  call.out(call.cast(call.emit("Size", {call.shape_of(x)}), DType::kInt32));
}

void reshape(Call& call) {
  Edge shape = call.to_int64(call.in(1));
  if (tail(call)) shape = call.concat({shape, call.ints_edge({2})}, 0);
  deliver(call, call.reshape(any(call), shape));
}

void squeeze(Call& call) {
  Dims axes = call.ints("squeeze_dims");
  if (axes.empty()) axes = call.ints("axis");
  const Edge x = any(call);
  if (axes.empty()) {
    const int64_t rank = call.rank(x) - tail(call);
    for (int64_t i = 0; i < rank; ++i) {
      const Dim dim = call.dim(x, i);
      if (dim.is_number(1)) axes.push_back(i);
      if (!dim.is_number()) return call.need_shapes("it squeezes axes whose lengths are not known before running");
    }
  } else if (tail(call)) {
    for (int64_t& axis : axes) axis = axis < 0 ? axis - 1 : axis;
  }
  deliver(call, axes.empty() ? x : call.squeeze(x, axes));
}

void expand_dims(Call& call) {
  const Dims axes = call.need_ints(1);
  if (call.failed() || axes.size() != 1) return;
  deliver(call, call.unsqueeze(any(call), {axes[0] < 0 ? axes[0] - tail(call) : axes[0]}));
}

void transpose(Call& call) {
  const Edge x = any(call);
  if (const auto known = call.known_ints(1)) {
    Dims perm = *known;
    for (int64_t& axis : perm) axis = axis < 0 ? axis + static_cast<int64_t>(perm.size()) : axis;
    if (tail(call)) perm.push_back(static_cast<int64_t>(perm.size()));
    return deliver(call, perm.empty() ? x : call.transpose(x, perm));
  }
  call.need_ints(1);
}

void cast(Call& call) {
  const DType to = call.type("DstT");
  if (to == DType::kComplex64 || to == DType::kComplex128) {
    if (call.is_complex(0))
      return call.out_complex(0, call.cast(any(call), to == DType::kComplex64 ? DType::kFloat32 : DType::kFloat64));
    const Edge real =
        call.unsqueeze(call.cast(call.in(0), to == DType::kComplex64 ? DType::kFloat32 : DType::kFloat64), {-1});
    return call.out_complex(0, call.concat({real, call.sub(real, real)}, -1));
  }
  if (call.is_complex(0)) {
    return call.out(call.cast(call.gather(any(call), call.int_edge(0), -1), to));
  }
  const Edge x = call.in(0);
  // TensorFlow truncates; so does Cast. Integers wrap in both.
  call.out(call.cast(x, to));
}

void bitcast(Call& call) {
  const DType to = call.type("type");
  const Edge x = call.in(0);
  if (call.failed()) return;
  if (dtype_size(x.dtype()) != dtype_size(to))
    return call.fail(unsupported("it reinterprets elements of another width"));
  call.out(call.emit("BitCast", {x}, {{"to", static_cast<int64_t>(to)}}));
}

void fill(Call& call) {
  const Edge value = call.in(1);
  call.out(call.emit("Expand", {value, call.to_int64(call.in(0))}));
}
template <int kValue>
void filled_like(Call& call) {
  const Edge x = any(call);
  if (call.failed()) return;
  if (x.dtype() == DType::kString || x.dtype() == DType::kUndefined) return call.fail(unsupported("of strings"));
  if (!x.type().is_tensor()) return call.set(0, call.item(0));
  deliver(call, call.emit("Expand", {call.like(kValue, x), call.shape_of(x)}));
}

void broadcast_to(Call& call) { call.out(call.emit("Expand", {call.in(0), call.to_int64(call.in(1))})); }

// The shape that two shapes broadcast to.
void broadcast_args(Call& call) {
  Edge a = call.to_int64(call.in(0)), b = call.to_int64(call.in(1));
  const DType type = call.dtype(call.in(0));
  const Edge one = call.int_edge(1);
  const Edge zeros_a = call.emit("Expand", {one, a}), zeros_b = call.emit("Expand", {one, b});
  call.out(call.cast(call.shape_of(call.add(zeros_a, zeros_b)), type));
}

void range(Call& call) { call.out(call.emit("Range", {call.in(0), call.in(1), call.in(2)})); }

void lin_space(Call& call) {
  const Edge start = call.in(0), stop = call.in(1);
  const int64_t n = call.need_int(2);
  if (call.failed()) return;
  if (n < 1) return call.fail(invalid_model("it has no points"));
  if (n == 1) return call.out(call.reshape(start, Dims{1}));
  const Edge step = call.div(call.sub(stop, start), call.like(static_cast<double>(n - 1), start));
  const Edge counts =
      call.cast(call.emit("Range", {call.int_edge(0), call.int_edge(n - 1), call.int_edge(1)}), call.dtype(start));
  call.out(call.concat({call.add(start, call.mul(counts, step)), call.reshape(stop, Dims{1})}, 0));
}

void pack(Call& call) {
  const int64_t axis = call.i("axis");
  std::vector<Edge> parts;
  for (size_t i = 0; i < call.size(); ++i) {
    const Edge x = any(call, i);
    if (x.present() && !x.type().is_tensor() && x.type().known()) return call.fail(unsupported("it packs lists"));
    parts.push_back(call.unsqueeze(x, {axis < 0 ? axis - tail(call) : axis}));
  }
  if (parts.empty()) return call.fail(invalid_model("it has no inputs"));
  deliver(call, call.concat(parts, axis < 0 ? axis - tail(call) : axis));
}

void unpack(Call& call) {
  const auto n = static_cast<size_t>(std::clamp<int64_t>(call.i("num"), 0, 1 << 16));
  const Edge x = any(call);
  int64_t axis = call.i("axis");
  if (axis < 0) axis -= tail(call);
  if (n == 0) return;
  if (n == 1) return deliver(call, call.squeeze(x, {axis}));
  const auto parts = call.emit_many("Split", {x}, n, {{"axis", axis}, {"num_outputs", static_cast<int64_t>(n)}});
  for (size_t i = 0; i < n; ++i) deliver(call, call.squeeze(parts[i], {axis}), i);
}

void concat_along(Call& call, size_t first, size_t last, const std::optional<Dims>& axes) {
  if (call.failed()) return;
  if (!axes || axes->size() != 1) return call.need_shapes("its axis is not known before running");
  const int64_t axis = (*axes)[0] < 0 ? (*axes)[0] - tail(call, first) : (*axes)[0];
  std::vector<Edge> parts;
  for (size_t i = first; i < last; ++i) parts.push_back(any(call, i));
  deliver(call, call.concat(parts, axis), 0, first);
}
void concat_v2(Call& call) {
  if (call.size() < 2) return call.fail(invalid_model("it has too few inputs"));
  concat_along(call, 0, call.size() - 1, call.known_ints(call.size() - 1));
}
void concat_v1(Call& call) { concat_along(call, 1, call.size(), call.known_ints(0)); }

void split(Call& call) {
  const Dims axes = call.need_ints(0);
  const auto n = static_cast<size_t>(std::clamp<int64_t>(call.i("num_split", 1), 1, 1 << 16));
  const Edge x = any(call, 1);
  if (call.failed() || axes.size() != 1) return;
  const int64_t axis = axes[0] < 0 ? axes[0] - tail(call, 1) : axes[0];
  if (n == 1) return deliver(call, x, 0, 1);
  if (const Dim dim = call.dim(x, axis); dim.is_number() && dim.number() % static_cast<int64_t>(n) != 0) {
    return call.fail(invalid_model(format("{} elements in {} equal parts", dim.number(), n)));
  }
  const auto parts = call.emit_many("Split", {x}, n, {{"axis", axis}, {"num_outputs", static_cast<int64_t>(n)}});
  for (size_t i = 0; i < n; ++i) deliver(call, parts[i], i, 1);
}

void split_v(Call& call) {
  const Dims axes = call.need_ints(2);
  const auto n = static_cast<size_t>(std::clamp<int64_t>(call.i("num_split", 1), 1, 1 << 16));
  const Edge x = any(call, 0);
  Edge sizes = call.to_int64(call.in(1));
  if (call.failed() || axes.size() != 1) return;
  const int64_t axis = axes[0] < 0 ? axes[0] - tail(call) : axes[0];
  if (const auto known = Call::ints_of(sizes)) {
    // One of them may be -1: what is left.
    const auto open = std::find(known->begin(), known->end(), -1);
    if (open != known->end()) {
      Dims closed = *known;
      const int64_t given = std::accumulate(closed.begin(), closed.end(), int64_t{0}) + 1;
      const Dim whole = call.dim(x, axis);
      const auto at = static_cast<int64_t>(open - known->begin());
      if (whole.is_number()) {
        closed[static_cast<size_t>(at)] = whole.number() - given;
        sizes = call.ints_edge(closed);
      } else {
        const Edge rest = call.sub(call.dim_of(x, axis), call.int_edge(given));
        std::vector<Edge> all;
        for (int64_t i = 0; i < static_cast<int64_t>(closed.size()); ++i) {
          all.push_back(i == at ? rest : call.ints_edge({closed[static_cast<size_t>(i)]}));
        }
        sizes = call.concat(all, 0);
      }
    }
  }
  if (n == 1) return deliver(call, x);
  const auto parts = call.emit_many("Split", {x, sizes}, n, {{"axis", axis}});
  for (size_t i = 0; i < n; ++i) deliver(call, parts[i], i);
}

void tile(Call& call) {
  Edge repeats = call.to_int64(call.in(1));
  if (tail(call)) repeats = call.concat({repeats, call.ints_edge({1})}, 0);
  deliver(call, call.emit("Tile", {any(call), repeats}));
}

// [[before, after], …] → befores, then afters.
Edge pads_of(Call& call, size_t i, bool with_tail) {
  Edge pads = call.to_int64(call.in(i));
  if (with_tail) pads = call.concat({pads, call.reshape(call.ints_edge({0, 0}), Dims{1, 2})}, 0);
  return call.reshape(call.transpose(pads, {1, 0}), Dims{-1});
}
void pad(Call& call) {
  Edge x = any(call);
  std::vector<Edge> inputs = {x, pads_of(call, 1, tail(call))};
  if (call.size() > 2) inputs.push_back(call.in(2));
  deliver(call, call.emit("Pad", inputs));
}
void mirror_pad(Call& call) {
  const Edge x = any(call), pads = pads_of(call, 1, tail(call));
  if (call.s("mode", "REFLECT") == "REFLECT")
    return deliver(call, call.emit("Pad", {x, pads}, {{"mode", std::string("reflect")}}));
  // SYMMETRIC repeats the edge: each side is a mirrored slice, axis by axis.
  const auto known = Call::ints_of(pads);
  const int64_t rank = call.rank(x);
  if (!known) return call.need_shapes("its paddings are not known before running");
  Edge y = x;
  for (int64_t axis = 0; axis < rank && !call.failed(); ++axis) {
    const int64_t before = (*known)[static_cast<size_t>(axis)], after = (*known)[static_cast<size_t>(axis + rank)];
    std::vector<Edge> parts;
    constexpr int64_t kFar = std::numeric_limits<int64_t>::max() / 2;
    if (before > 0) parts.push_back(call.slice(y, {before - 1}, {-kFar}, {axis}, {-1}));
    parts.push_back(y);
    if (after > 0) parts.push_back(call.slice(y, {-1}, {-after - 1}, {axis}, {-1}));
    y = call.concat(parts, axis);
  }
  deliver(call, y);
}

constexpr int64_t kBegin = -(int64_t{1} << 62);
Edge reversed(Call& call, const Edge& x, const Dims& axes) {
  if (axes.empty()) return x;
  return call.slice(x, Dims(axes.size(), -1), Dims(axes.size(), kBegin), axes, Dims(axes.size(), -1));
}
void reverse_v2(Call& call) {
  Dims axes = call.need_ints(1);
  for (int64_t& axis : axes) axis = axis < 0 ? axis - tail(call) : axis;
  deliver(call, reversed(call, any(call), axes));
}
void reverse_v1(Call& call) {
  const Dims flags = call.need_ints(1);
  Dims axes;
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i]) axes.push_back(static_cast<int64_t>(i));
  }
  call.out(reversed(call, call.in(0), axes));
}

void reverse_sequence(Call& call) {
  // ONNX wants batch and time on the first two axes, one each.
  const Edge x = call.in(0);
  const int64_t rank = call.rank(x), time = call.axis(call.i("seq_dim"), x), batch = call.axis(call.i("batch_dim"), x);
  if (call.failed()) return;
  Dims perm = {batch, time}, back(static_cast<size_t>(rank));
  for (int64_t i = 0; i < rank; ++i) {
    if (i != batch && i != time) perm.push_back(i);
  }
  for (size_t i = 0; i < perm.size(); ++i) back[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  const Edge y = call.emit("ReverseSequence", {call.transpose(x, perm), call.to_int64(call.in(1))},
                           {{"batch_axis", int64_t{0}}, {"time_axis", int64_t{1}}});
  call.out(call.transpose(y, back));
}

void invert_permutation(Call& call) {
  const Edge x = call.in(0);
  const Edge positions = call.emit("Range", {call.int_edge(0), call.squeeze(call.dim_of(x, 0), {0}), call.int_edge(1)});
  const Edge y = call.emit("ScatterElements", {positions, call.to_int64(x), positions});
  call.out(call.cast(y, call.dtype(x)));
}

void roll(Call& call) {
  const Dims axes = call.need_ints(2);
  const auto shifts = call.known_ints(1);
  Edge x = any(call);
  if (!shifts) {
    if (axes.size() != 1 || call.failed()) return call.need_shapes("its shifts are not known before running");
    // x[(i - shift) mod n]
    const Edge n = call.squeeze(call.dim_of(x, axes[0]), {0});
    const Edge positions = call.emit("Range", {call.int_edge(0), n, call.int_edge(1)});
    const Edge from = call.emit("Mod", {call.sub(positions, call.reshape(call.to_int64(call.in(1)), Dims{})), n});
    return deliver(call, call.gather(x, from, axes[0]));
  }
  for (size_t i = 0; i < axes.size() && i < shifts->size() && !call.failed(); ++i) {
    const Dim n = call.dim(x, axes[i]);
    int64_t shift = (*shifts)[i];
    if (n.is_number()) {
      if (n.number() == 0) continue;
      shift = ((shift % n.number()) + n.number()) % n.number();
      if (shift == 0) continue;
      x = call.concat({call.slice(x, {n.number() - shift}, {n.number()}, {axes[i]}),
                       call.slice(x, {0}, {n.number() - shift}, {axes[i]})},
                      axes[i]);
    } else {
      const Edge length = call.squeeze(call.dim_of(x, axes[i]), {0});
      const Edge positions = call.emit("Range", {call.int_edge(0), length, call.int_edge(1)});
      x = call.gather(x, call.emit("Mod", {call.sub(positions, call.int_edge(shift)), length}), axes[i]);
    }
  }
  deliver(call, x);
}

void empty(Call& call) {
  const DType type = call.type("dtype");
  call.out(call.emit("Expand", {call.number(0, type), call.to_int64(call.in(0))}));
}

void select(Call& call) {
  Edge condition = call.in(0);
  const Edge a = call.in(1), b = call.in(2);
  if (call.failed()) return;
  // The first version takes a vector of conditions for the rows of anything.
  if (call.node.op == "Select" && call.has_rank(condition) && call.has_rank(a) && call.rank(condition) == 1 &&
      call.rank(a) > 1) {
    Dims axes;
    for (int64_t i = 1; i < call.rank(a); ++i) axes.push_back(i);
    condition = call.unsqueeze(condition, axes);
  }
  if (!a.type().is_tensor() || !b.type().is_tensor()) return call.fail(unsupported("it selects among lists"));
  call.out(call.emit("Where", {condition, a, b}));
}

void where(Call& call) {
  Edge x = call.in(0);
  if (call.failed()) return;
  if (call.has_rank(x) && call.rank(x) == 0) {
    const Edge n = call.emit("Cast", {x}, {{"to", static_cast<int64_t>(DType::kInt64)}});
    return call.out(
        call.emit("Expand", {call.int_edge(0), call.concat({call.reshape(n, Dims{1}), call.ints_edge({0})}, 0)}));
  }
  call.out(call.transpose(call.emit("NonZero", {x}), {1, 0}));
}

void one_hot(Call& call) {
  const Edge on = call.in(2), off = call.in(3);
  const Edge values = call.concat({call.reshape(off, Dims{1}), call.reshape(on, Dims{1})}, 0);
  // Negative indices are nowhere in TensorFlow and count from the end in ONNX: they become too large ones.
  Edge indices = call.in(0);
  const Edge depth = call.in(1);
  if (call.failed()) return;
  const DType type = call.dtype(indices);
  if (type != DType::kUInt8) {
    indices = call.emit("Where", {call.emit("Less", {indices, call.number(0, type)}), call.cast(depth, type), indices});
  }
  call.out(call.emit("OneHot", {indices, depth, values}, {{"axis", call.i("axis", -1)}}));
}

void concat_offset(Call& call) {
  const int64_t axis = call.need_int(0);
  Edge offset;
  for (size_t i = 1; i < call.size() && !call.failed(); ++i) {
    const Edge shape = call.in(i);
    const int64_t n = call.dim(shape, 0).is_number() ? call.dim(shape, 0).number() : 0;
    Tensor mask = Tensor::must_allocate(DType::kInt64, {n});
    for (int64_t k = 0; k < n; ++k) mask.data<int64_t>()[k] = k == axis;
    const Edge part = call.mul(call.to_int64(shape), call.constant(mask));
    if (!offset.present()) offset = call.sub(part, part);
    call.out(i - 1, call.cast(offset, DType::kInt32));
    offset = call.add(offset, part);
  }
}

// The axes along which gradients are summed where a and b broadcast.
void broadcast_gradient_args(Call& call) {
  const auto a = call.known_ints(0), b = call.known_ints(1);
  if (!a || !b) return call.need_shapes("its shapes are not known before running");
  const size_t rank = std::max(a->size(), b->size());
  std::vector<int32_t> sum_a, sum_b;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = i + a->size() < rank ? 1 : (*a)[i + a->size() - rank];
    const int64_t y = i + b->size() < rank ? 1 : (*b)[i + b->size() - rank];
    if (x == 1 && (y != 1 || i + a->size() < rank)) sum_a.push_back(static_cast<int32_t>(i));
    if (y == 1 && (x != 1 || i + b->size() < rank)) sum_b.push_back(static_cast<int32_t>(i));
  }
  const DType type = call.type("T", DType::kInt32);
  call.out(0, call.cast(call.constant(Tensor::vector<int32_t>(sum_a)), type));
  call.out(1, call.cast(call.constant(Tensor::vector<int32_t>(sum_b)), type));
}

// Blocks of a spatial axis become batch entries, and back. Any number of block axes; data are [batch, spatial…, rest…].
void space_to_batch(Call& call, const Dims& block, const Edge& pads) {
  Edge x = call.in(0);
  const int64_t rank = call.rank(x);
  const auto m = static_cast<int64_t>(block.size());
  const auto known = Call::ints_of(pads);
  if (call.failed()) return;
  if (!known) return call.need_shapes("its paddings are not known before running");
  Dims all(static_cast<size_t>(2 * rank), 0);
  for (int64_t i = 0; i < m; ++i) {
    all[static_cast<size_t>(1 + i)] = (*known)[static_cast<size_t>(2 * i)];
    all[static_cast<size_t>(1 + i + rank)] = (*known)[static_cast<size_t>(2 * i + 1)];
  }
  x = call.emit("Pad", {x, call.ints_edge(all)});
  const Edge shape = call.shape_of(x);
  const auto part = [&](int64_t from, int64_t to) { return call.slice(shape, {from}, {to}, {0}); };
  std::vector<Edge> split = {part(0, 1)};
  Dims perm;
  for (int64_t i = 0; i < m; ++i) {
    const Edge b = call.ints_edge({block[static_cast<size_t>(i)]});
    split.push_back(call.div(part(1 + i, 2 + i), b));
    split.push_back(b);
    perm.push_back(2 * i + 2);
  }
  perm.push_back(0);
  for (int64_t i = 0; i < m; ++i) perm.push_back(2 * i + 1);
  for (int64_t i = 1 + m; i < rank; ++i) perm.push_back(i + m);
  if (rank > 1 + m) split.push_back(part(1 + m, rank));
  const Edge parts = call.transpose(call.reshape(x, call.concat(split, 0)), perm);
  int64_t product = 1;
  for (int64_t b : block) product *= b;
  std::vector<Edge> joined = {call.mul(part(0, 1), call.ints_edge({product}))};
  for (int64_t i = 0; i < m; ++i)
    joined.push_back(call.div(part(1 + i, 2 + i), call.ints_edge({block[static_cast<size_t>(i)]})));
  if (rank > 1 + m) joined.push_back(part(1 + m, rank));
  call.out(call.reshape(parts, call.concat(joined, 0)));
}
void batch_to_space(Call& call, const Dims& block, const Edge& crops) {
  const Edge x = call.in(0);
  const int64_t rank = call.rank(x);
  const auto m = static_cast<int64_t>(block.size());
  const auto known = Call::ints_of(crops);
  if (call.failed()) return;
  if (!known) return call.need_shapes("its crops are not known before running");
  int64_t product = 1;
  for (int64_t b : block) product *= b;
  const Edge shape = call.shape_of(x);
  const auto part = [&](int64_t from, int64_t to) { return call.slice(shape, {from}, {to}, {0}); };
  const Edge batch = call.div(part(0, 1), call.ints_edge({product}));
  std::vector<Edge> split = {call.ints_edge(block), batch, part(1, rank)};
  Dims perm = {m};
  for (int64_t i = 0; i < m; ++i) {
    perm.push_back(m + 1 + i);
    perm.push_back(i);
  }
  for (int64_t i = 1 + m; i < rank; ++i) perm.push_back(m + i);
  std::vector<Edge> joined = {batch, call.mul(part(1, 1 + m), call.ints_edge(block))};
  if (rank > 1 + m) joined.push_back(part(1 + m, rank));
  Edge y = call.reshape(call.transpose(call.reshape(x, call.concat(split, 0)), perm), call.concat(joined, 0));
  Dims starts, ends, axes;
  for (int64_t i = 0; i < m; ++i) {
    const int64_t before = (*known)[static_cast<size_t>(2 * i)], after = (*known)[static_cast<size_t>(2 * i + 1)];
    if (before == 0 && after == 0) continue;
    starts.push_back(before);
    ends.push_back(after == 0 ? std::numeric_limits<int64_t>::max() / 2 : -after);
    axes.push_back(1 + i);
  }
  call.out(axes.empty() ? y : call.slice(y, starts, ends, axes));
}
void space_to_batch_nd(Call& call) { space_to_batch(call, call.need_ints(1), call.in(2)); }
void batch_to_space_nd(Call& call) { batch_to_space(call, call.need_ints(1), call.in(2)); }
void space_to_batch_2d(Call& call) { space_to_batch(call, {call.i("block_size"), call.i("block_size")}, call.in(1)); }
void batch_to_space_2d(Call& call) { batch_to_space(call, {call.i("block_size"), call.i("block_size")}, call.in(1)); }

std::string layout_of(const Call& call) {
  return call.s("data_format", "NHWC") == "NCHW" ? "channels_first" : "channels_last";
}
void depth_to_space(Call& call) {
  if (call.s("data_format", "NHWC") == "NCHW_VECT_C") return call.fail(unsupported("data_format NCHW_VECT_C"));
  call.out(call.emit("DepthToSpace", {call.in(0)},
                     {{"blocksize", call.i("block_size")}, {"mode", std::string("DCR")}, {"layout", layout_of(call)}}));
}
void space_to_depth(Call& call) {
  if (call.s("data_format", "NHWC") == "NCHW_VECT_C") return call.fail(unsupported("data_format NCHW_VECT_C"));
  call.out(call.emit("SpaceToDepth", {call.in(0)}, {{"blocksize", call.i("block_size")}, {"layout", layout_of(call)}}));
}

constexpr OpRow kRows[] = {
    {"Shape", shape},
    {"ShapeN", shape_n},
    {"Size", size},
    {"Rank", rank},
    {"Reshape", reshape},
    {"Squeeze", squeeze},
    {"ExpandDims", expand_dims},
    {"Transpose", transpose},
    {"Cast", cast},
    {"Bitcast", bitcast},
    {"Fill", fill},
    {"ZerosLike", filled_like<0>},
    {"OnesLike", filled_like<1>},
    {"BroadcastTo", broadcast_to},
    {"BroadcastArgs", broadcast_args},
    {"BroadcastGradientArgs", broadcast_gradient_args},
    {"Range", range},
    {"LinSpace", lin_space},
    {"Pack", pack},
    {"ParallelConcat", concat_v2},
    {"Unpack", unpack},
    {"ConcatV2", concat_v2},
    {"Concat", concat_v1},
    {"ConcatOffset", concat_offset},
    {"Split", split},
    {"SplitV", split_v},
    {"Tile", tile},
    {"Pad", pad},
    {"PadV2", pad},
    {"MirrorPad", mirror_pad},
    {"ReverseV2", reverse_v2},
    {"Reverse", reverse_v1},
    {"ReverseSequence", reverse_sequence},
    {"InvertPermutation", invert_permutation},
    {"Roll", roll},
    {"Empty", empty},
    {"Select", select},
    {"SelectV2", select},
    {"Where", where},
    {"OneHot", one_hot},
    {"SpaceToBatchND", space_to_batch_nd},
    {"BatchToSpaceND", batch_to_space_nd},
    {"SpaceToBatch", space_to_batch_2d},
    {"BatchToSpace", batch_to_space_2d},
    {"DepthToSpace", depth_to_space},
    {"SpaceToDepth", space_to_depth},
};

}  // namespace
}  // namespace array_ops

std::span<const OpRow> array_rows() { return array_ops::kRows; }

}  // namespace thane::tensorflow
