// Operators that take parts out.
#include <algorithm>

#include "base/format.h"
#include "formats/tflite/builtins.h"

namespace thane::tflite {
namespace slicing_ops {
namespace {

void lower_slice(Op& op) {
  const Edge begin = op.to_int64(op.raw(1)), size = op.to_int64(op.raw(2));
  // -1: up to the end.
  const Edge end = op("Where", {op("Less", {size, op.number(0)}), op.number(INT64_MAX), op("Add", {begin, size})});
  const Edge x = op.raw(0);
  Dims axes;
  for (int axis = 0; axis < op.rank(x); ++axis) axes.push_back(axis);
  if (axes.empty()) return op.set_raw(0, op("Identity", {x}));
  op.set_raw(0, op("Slice", {x, begin, end, op.list(axes)}));
}

// What one position of a strided slice's lists does.
struct Masks {
  int32_t begin, end, ellipsis, new_axis, shrink;
  bool offset;

  explicit Masks(const Table& options)
      : begin(options.number<int32_t>(0)),
        end(options.number<int32_t>(1)),
        ellipsis(options.number<int32_t>(2)),
        new_axis(options.number<int32_t>(3)),
        shrink(options.number<int32_t>(4)),
        offset(options.flag(5)) {}
};

// Python's x[a:b:c, ..., None, i] as slices, then axes gone, then axes new.
void lower_strided_slice(Op& op) {
  const Masks masks(op.options());
  const Edge x = op.raw(0);
  const Edge begins = op.to_int64(op.raw(1)), ends = op.to_int64(op.raw(2)), strides = op.to_int64(op.raw(3));
  const Dim length = op.dim(begins, 0);
  const int rank = op.rank(x);
  if (!length.is_number() || length.number() > 30) return op.unsupported_form("lists of unknown length");
  const int n = static_cast<int>(length.number());
  const auto bit = [](int32_t mask, int i) { return (mask >> i & 1) != 0; };

  int consumed = 0;  // axes of x that positions other than the ellipsis speak of
  for (int i = 0; i < n; ++i) consumed += !bit(masks.ellipsis, i) && !bit(masks.new_axis, i);
  if (!op.check(consumed <= rank, "more positions than axes")) return;

  const auto known_steps = op.ints(strides);
  if (!known_steps || known_steps->size() != static_cast<size_t>(n))
    return op.unsupported_form("strides that only running reveals");
  std::vector<Edge> starts, stops;
  Dims axes, steps, gone, fresh;
  const auto element = [&](const Edge& list, int64_t i) { return op("Slice", {list, op.list({i}), op.list({i + 1})}); };
  int axis = 0, out = 0;
  for (int i = 0; i < n; ++i) {
    if (bit(masks.ellipsis, i)) {
      axis += rank - consumed;
      out += rank - consumed;
      consumed = rank;  // a second ellipsis takes nothing
      continue;
    }
    if (bit(masks.new_axis, i)) {
      fresh.push_back(out++);
      continue;
    }
    const int64_t step = (*known_steps)[static_cast<size_t>(i)];
    if (!op.check(step != 0, "a stride of 0")) return;
    const Edge start = element(begins, i);
    axes.push_back(axis);
    if (bit(masks.shrink, i)) {
      gone.push_back(axis);
      steps.push_back(1);
      starts.push_back(start);
      // One element; -1 is the last, whose end is the end.
      const Edge next = op("Add", {start, op.number(1)});
      stops.push_back(op("Where", {op("Equal", {start, op.number(-1)}), op.number(INT64_MAX), next}));
      ++axis;
      continue;
    }
    steps.push_back(step);
    starts.push_back(bit(masks.begin, i) ? op.list({step > 0 ? 0 : INT64_MAX}) : start);
    Edge stop = element(ends, i);
    if (masks.offset && !bit(masks.end, i)) stop = op("Add", {start, stop});
    stops.push_back(bit(masks.end, i) ? op.list({step > 0 ? INT64_MAX : INT64_MIN}) : stop);
    ++axis;
    ++out;
  }
  Edge y = x;
  if (!axes.empty()) {
    const auto joined = [&](const std::vector<Edge>& parts) {
      return parts.size() == 1 ? parts[0] : op("Concat", parts, {{"axis", int64_t{0}}});
    };
    y = op("Slice", {x, joined(starts), joined(stops), op.list(axes), op.list(steps)});
  }
  if (!gone.empty()) y = op("Squeeze", {y, op.list(gone)});
  if (!fresh.empty()) y = op("Unsqueeze", {y, op.list(fresh)});
  op.set_raw(0, y);
}

void split(Op& op, const Edge& x, const Edge& axis_edge, const Edge& sizes) {
  const auto axis = op.ints(axis_edge);
  if (!axis || axis->size() != 1) return op.unsupported_form("an axis that only running reveals");
  AttrMap attrs = {{"axis", (*axis)[0]}};
  if (!sizes.present()) attrs["num_outputs"] = static_cast<int64_t>(op.num_outputs());
  if (!op.check(op.num_outputs() > 0, "a split without results")) return;
  const std::vector<Edge> parts =
      op.many({.op = "Split", .inputs = {x, sizes}, .outputs = op.num_outputs(), .attrs = attrs});
  for (size_t i = 0; i < parts.size(); ++i) op.set_raw(i, parts[i]);
}
void lower_split(Op& op) { split(op, op.raw(1), op.raw(0), {}); }
void lower_split_v(Op& op) {
  const Edge x = op.raw(0);
  Edge sizes = op.to_int64(op.raw(1));
  // One size may be -1: what is left.
  const auto known = op.ints(sizes);
  const auto axis = op.ints(2);
  if (known && axis && axis->size() == 1 && std::count(known->begin(), known->end(), -1) == 1) {
    const Dim whole = op.dim(x, static_cast<int>((*axis)[0]));
    if (!whole.is_number()) return op.unsupported_form("a remainder of unknown size");
    Dims settled = *known;
    int64_t rest = whole.number();
    for (int64_t size : settled) rest -= size == -1 ? 0 : size;
    std::replace(settled.begin(), settled.end(), int64_t{-1}, rest);
    sizes = op.list(settled);
  }
  split(op, x, op.raw(2), sizes);
}

// Where update and operand differ along one axis only (a cache along time), what is overwritten is a run of that axis:
// before, update, after.
bool same_but_one_axis(Op& op, const Edge& x, const Edge& update, const Edge& begin) {
  const int rank = op.rank(x);
  int differing = -1;
  for (int axis = 0; axis < rank; ++axis) {
    if (op.dim(x, axis) == op.dim(update, axis)) continue;
    if (differing >= 0) return false;
    differing = axis;
  }
  if (differing < 0) {
    op.set_raw(0, op("Identity", {update}));
    return true;
  }
  const Edge from = op("Slice", {begin, op.list({differing}), op.list({differing + 1})});
  const Edge length = op("Shape", {update}, {{"start", int64_t{differing}}, {"end", int64_t{differing + 1}}});
  const Edge axis = op.list({differing});
  const Edge before = op("Slice", {x, op.list({0}), from, axis});
  const Edge after = op("Slice", {x, op("Add", {from, length}), op.list({INT64_MAX}), axis});
  const Edge y = op("Concat", {before, update, after}, {{"axis", int64_t{differing}}});
  if (!op.failed() && x.dims()) op.build().declare(y, Type::tensor(x.dtype(), *x.dims()));
  op.set_raw(0, y);
  return true;
}

// Indices of a slice to overwrite are clamped so that it fits.
void lower_dynamic_update_slice(Op& op) {
  const Edge x = op.raw(0), update = op.raw(1), start = op.to_int64(op.raw(2));
  const int rank = op.rank(x);
  if (!op.check(op.rank(update) == rank, "an update of another rank")) return;
  if (rank == 0) return op.set_raw(0, op("Identity", {update}));
  const Edge room = op("Sub", {op.shape(x), op.shape(update)});
  const Edge begin = op("Max", {op("Min", {start, room}), op.number(0)});
  // Indices of every element of the update: its own position plus the start.
  if (op.has(2) && same_but_one_axis(op, x, update, begin)) return;
  const Edge positions = op.transpose(op("NonZero", {op("Expand", {op.scalar(1, DType::kFloat32), op.shape(update)})}),
                                      {1, 0});  // [elements, rank]
  const Edge indices = op("Add", {positions, begin});
  op.set_raw(0, op("ScatterND", {x, indices, op.reshape(update, Dims{-1})}));
}

constexpr Builtin kRows[] = {
    {45, "STRIDED_SLICE", 32, lower_strided_slice},
    {49, "SPLIT", 0, lower_split},
    {65, "SLICE", 0, lower_slice},
    {102, "SPLIT_V", 0, lower_split_v},
    {151, "DYNAMIC_UPDATE_SLICE", 0, lower_dynamic_update_slice},
};

}  // namespace
}  // namespace slicing_ops

std::span<const Builtin> slicing_builtins() { return slicing_ops::kRows; }

}  // namespace thane::tflite
