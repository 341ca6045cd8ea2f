#include "formats/torch/aten/view.h"

#include <algorithm>

namespace thane::aten {
namespace {

bool row_major(const Placement& p) {
  int64_t expected = 1;
  for (size_t i = p.dims.size(); i-- > 0;) {
    if (p.dims[i] == 0) return true;
    if (p.dims[i] != 1 && p.strides[i] != expected) return false;
    expected *= p.dims[i];
  }
  return true;
}

// Strides with which memory placed like `from` can be seen as `to`; nothing when only a copy can.
std::optional<Dims> strides_for(const Placement& from, const Dims& to) {
  Dims strides(to.size());
  if (std::find(from.dims.begin(), from.dims.end(), 0) != from.dims.end()) return row_major_strides(to);
  // Runs of axes that are contiguous among themselves, from the innermost on, must be filled by whole axes of the
  // result.
  auto next = static_cast<int64_t>(to.size()) - 1;
  int64_t run = 1, base = from.dims.empty() ? 1 : from.strides.back(), filled = 1;
  for (size_t i = from.dims.size(); i-- > 0;) {
    run *= from.dims[i];
    const bool ends = i == 0 || (from.dims[i - 1] != 1 && from.strides[i - 1] != run * base);
    if (!ends) continue;
    while (next >= 0 && (filled < run || to[static_cast<size_t>(next)] == 1)) {
      strides[static_cast<size_t>(next)] = filled * base;
      filled *= to[static_cast<size_t>(next)];
      --next;
    }
    if (filled != run) return std::nullopt;
    if (i > 0) base = from.strides[i - 1], run = 1, filled = 1;
  }
  if (from.dims.empty()) {
    for (; next >= 0; --next) strides[static_cast<size_t>(next)] = 1;
  }
  return next == -1 ? std::optional(strides) : std::nullopt;
}

}  // namespace

std::optional<Placement> placement_of(const Call& c, const TensorPtr& box) {
  const Edge x = must(c.context.read(box));
  if (!c.has_numbers(x)) return std::nullopt;
  const Dims dims = c.numbers(x);
  if (box->strides) return Placement{dims, *box->strides, box->offset};
  if (box->strided) return std::nullopt;
  return Placement{dims, row_major_strides(dims), box->offset};
}

TensorPtr make_view(Call& c, const TensorPtr& parent, ViewFormula view, WriteFormula write,
                    const std::optional<Placement>& placement) {
  auto box = must(c.context.view_of(
      parent,
      [view = std::move(view)](Context& context, const Edge& x) {
        return guarded([&] { return view(Ops(context), x); });
      },
      [write = std::move(write)](Context& context, const Edge& x, const Edge& changed) {
        return guarded([&] { return write(Ops(context), x, changed); });
      }));
  if (placement) {
    box->strides = placement->strides;
    box->offset = placement->offset;
    box->strided = !row_major(*placement);
  } else {
    box->strided = true;
  }
  return box;
}

Edge write_slice(const Ops& ops, const Edge& x, const Edge& changed, int64_t axis, const Edge& begin, const Edge& end,
                 int64_t step) {
  const auto n = static_cast<int64_t>(ops.rank(x));
  // Positions along the axis, then whole rows are scattered to them.
  const Edge positions =
      ops.op("Slice", {ops.range(ops.size(x, axis)), begin, end, ops.int64s({0}), ops.int64s({step})});
  Edge front = x, updates = changed;
  Dims perm = ops.all_axes(x);
  std::rotate(perm.begin(), perm.begin() + axis, perm.begin() + axis + 1);
  front = ops.transpose(front, perm);
  Edge wanted = ops.shape(ops.op("Slice", {x, begin, end, ops.int64s({axis}), ops.int64s({step})}));
  updates = ops.transpose(ops.expand(updates, wanted), perm);
  const Edge written = ops.op("ScatterND", {front, ops.unsqueeze(positions, {1}), updates});
  Dims inverse(static_cast<size_t>(n));
  for (size_t i = 0; i < perm.size(); ++i) inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  return ops.transpose(written, inverse);
}

TensorPtr slice_view(Call& c, const TensorPtr& x, int64_t axis, const Edge& begin, const Edge& end, int64_t step) {
  const Edge now = must(c.context.read(x));
  axis = static_cast<int64_t>(c.axis(axis, c.rank(now)));
  if (c.rank(now) == 0) fail(invalid_model("a slice of a tensor without dimensions"));
  std::optional<Placement> placement = placement_of(c, x);
  if (placement) {
    const thane::Tensor *first = begin.known(), *last = end.known();
    const size_t at = static_cast<size_t>(axis);
    if (first && last) {
      const int64_t n = placement->dims[at];
      const auto clamp = [n](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + n : i, 0, n); };
      const int64_t from = clamp(first->as_int64(0)), to = std::max(from, clamp(last->as_int64(0)));
      if (from == 0 && to == n && step == 1) {
        // The whole of it: still a view of its own.
        return make_view(
            c, x, [](const Ops&, const Edge& parent) { return parent; },
            [](const Ops&, const Edge&, const Edge& changed) { return changed; }, placement);
      }
      placement->dims[at] = (to - from + step - 1) / step;
      placement->offset += from * placement->strides[at];
      placement->strides[at] *= step;
    } else {
      placement.reset();
    }
  }
  const auto as_list = [&](const Edge& e) { return c.reshape(e, Dims{1}); };
  const Edge b = as_list(begin), e = as_list(end);
  return make_view(
      c, x,
      [=](const Ops& ops, const Edge& parent) {
        return ops.op("Slice", {parent, b, e, ops.int64s({axis}), ops.int64s({step})});
      },
      [=](const Ops& ops, const Edge& parent, const Edge& changed) {
        return write_slice(ops, parent, changed, axis, b, e, step);
      },
      placement);
}

TensorPtr slice_view(Call& c, const TensorPtr& x, int64_t axis, int64_t begin, int64_t end, int64_t step) {
  return slice_view(c, x, axis, c.int64(begin), c.int64(end), step);
}

TensorPtr select_view(Call& c, const TensorPtr& x, int64_t axis, const Value& index) {
  const Edge now = must(c.context.read(x));
  axis = static_cast<int64_t>(c.axis(axis, c.rank(now)));
  if (c.rank(now) == 0) fail(invalid_model("an element of a tensor without dimensions"));
  const Edge at = c.number_of(index, DType::kInt64);
  std::optional<Placement> placement = placement_of(c, x);
  if (placement && at.known()) {
    const int64_t i = at.known()->as_int64(0), n = placement->dims[static_cast<size_t>(axis)];
    if (i < -n || i >= n) fail(invalid_model(format("index {} of an axis of {}", i, n)));
    placement->offset += (i < 0 ? i + n : i) * placement->strides[static_cast<size_t>(axis)];
    placement->dims.erase(placement->dims.begin() + axis);
    placement->strides.erase(placement->strides.begin() + axis);
  } else {
    placement.reset();
  }
  return make_view(
      c, x, [=](const Ops& ops, const Edge& parent) { return ops.gather(parent, at, axis); },
      [=](const Ops& ops, const Edge& parent, const Edge& changed) {
        // Of the slice [i, i + 1), with −1 reaching the end.
        const Edge begin = ops.reshape(at, Dims{1});
        const Edge next = ops.add(begin, 1);
        const Edge end = ops.where(ops.equal(next, ops.int64(0)), ops.int64(INT64_MAX), next);
        return write_slice(ops, parent, ops.unsqueeze(changed, {axis}), axis, begin, end, 1);
      },
      placement);
}

TensorPtr permute_view(Call& c, const TensorPtr& x, const Dims& perm) {
  std::optional<Placement> placement = placement_of(c, x);
  if (placement) {
    const Placement old = *placement;
    for (size_t i = 0; i < perm.size(); ++i) {
      placement->dims[i] = old.dims[static_cast<size_t>(perm[i])];
      placement->strides[i] = old.strides[static_cast<size_t>(perm[i])];
    }
  }
  Dims inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  return make_view(
      c, x, [perm](const Ops& ops, const Edge& parent) { return ops.transpose(parent, perm); },
      [inverse](const Ops& ops, const Edge&, const Edge& changed) { return ops.transpose(changed, inverse); },
      placement);
}

TensorPtr reshape_view(Call& c, const TensorPtr& x, const Edge& shape, bool always) {
  const Edge now = must(c.context.read(x));
  const Edge result = c.reshape(now, shape);
  std::optional<Placement> placement = placement_of(c, x);
  if (placement && c.has_numbers(result)) {
    const Dims dims = c.numbers(result);
    const auto strides = strides_for(*placement, dims);
    if (!strides && !always) return c.context.tensor(result, x->quantization);
    placement->dims = dims;
    placement->strides = strides.value_or(row_major_strides(dims));
  } else {
    if (x->strided && !always) return c.context.tensor(result, x->quantization);
    placement.reset();
  }
  TensorPtr view = make_view(
      c, x, [shape](const Ops& ops, const Edge& parent) { return ops.reshape(parent, shape); },
      [](const Ops& ops, const Edge& parent, const Edge& changed) { return ops.reshape(changed, ops.shape(parent)); },
      placement);
  if (!placement) view->strided = x->strided;
  return view;
}

TensorPtr indexed_view(Call& c, const TensorPtr& x, thane::Tensor indices, const std::optional<Placement>& placement) {
  const Edge at = c.constant(std::move(indices));
  return make_view(
      c, x, [at](const Ops& ops, const Edge& parent) { return ops.gather(ops.reshape(parent, Dims{-1}), at, 0); },
      [at](const Ops& ops, const Edge& parent, const Edge& changed) {
        const Edge flat = ops.reshape(parent, Dims{-1});
        const Edge positions = ops.reshape(at, Dims{-1, 1});
        const Edge written = ops.op("ScatterND", {flat, positions, ops.reshape(changed, Dims{-1})});
        return ops.reshape(written, ops.shape(parent));
      },
      placement);
}

}  // namespace thane::aten
