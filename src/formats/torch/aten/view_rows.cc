// Ops whose results are views of their argument, and their copying twins.
#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/checked.h"
#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/limits.h"
#include "formats/torch/aten/view.h"

namespace thane::aten {
namespace view_ops {
namespace {

Value copy_of(Call& c, const TensorPtr& view) { return c.tensor(must(c.context.read(view))); }
// A row that copies what another would give as a view.
template <Lowering kView>
Value copied(Call& c) {
  const Value result = kView(c);
  if (result.is_tensor()) return copy_of(c, result.tensor());
  std::vector<Value> items;
  for (const Value& item : *result.items()) items.push_back(copy_of(c, item.tensor()));
  return Value::list(std::move(items));
}

// --- shapes

Value view(Call& c) {
  if (!c.declares("dtype")) return reshape_view(c, c.box("self"), c.shape_edge(c["size"]), true);
  const DType dtype = c.dtype_argument("dtype", c.dtype("self"));
  const Edge x = c.edge("self");
  if (x.dtype() == dtype) return c["self"];
  const DType from = x.dtype();
  if (is_complex(from) || is_complex(dtype) || dtype_size(from) != dtype_size(dtype)) {
    c.refuse(format("{} seen as {}", dtype_name(from), dtype_name(dtype)));
  }
  const auto bits = [](const Ops& ops, const Edge& e, DType to) {
    return ops.op("BitCast", {e}, {{"to", static_cast<int64_t>(to)}});
  };
  return make_view(
      c, c.box("self"), [=](const Ops& ops, const Edge& parent) { return bits(ops, parent, dtype); },
      [=](const Ops& ops, const Edge&, const Edge& changed) { return bits(ops, changed, from); },
      placement_of(c, c.box("self")));
}
Value reshape(Call& c) {
  return reshape_view(c, c.box("self"), c.shape_edge(c[c.declares("shape") ? "shape" : "size"]));
}
Value view_as(Call& c) { return reshape_view(c, c.box("self"), c.shape(c.edge("other")), true); }
Value reshape_as(Call& c) { return reshape_view(c, c.box("self"), c.shape(c.edge("other"))); }

// The shape with axes [first, last] replaced by `middle`.
Edge spliced(Call& c, const Edge& x, size_t first, size_t last, const Edge& middle) {
  const Edge all = c.shape(x);
  std::vector<Edge> parts;
  if (first > 0) parts.push_back(c.slice(all, 0, 0, static_cast<int64_t>(first)));
  parts.push_back(middle);
  if (last + 1 < c.rank(x)) parts.push_back(c.slice(all, 0, static_cast<int64_t>(last) + 1, INT64_MAX));
  return c.concat(std::move(parts), 0);
}
Value flatten(Call& c) {
  const Edge x = c.edge("self");
  const size_t n = c.rank(x);
  if (n == 0) return reshape_view(c, c.box("self"), c.int64s({1}));
  const size_t first = c.axis(c.integer("start_dim", 0), n), last = c.axis(c.integer("end_dim", -1), n);
  if (first > last) fail(invalid_model("start_dim after end_dim"));
  if (first == last) return c["self"];
  if (c.has_numbers(x)) {
    Dims dims = c.numbers(x);
    int64_t joined = 1;
    for (size_t i = first; i <= last; ++i) joined *= dims[i];
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(first), dims.begin() + static_cast<std::ptrdiff_t>(last));
    dims[first] = joined;
    return reshape_view(c, c.box("self"), c.int64s(dims));
  }
  const Edge joined =
      c.op("ReduceProd", {c.slice(c.shape(x), 0, static_cast<int64_t>(first), static_cast<int64_t>(last) + 1)},
           {{"keepdims", int64_t{1}}});
  return reshape_view(c, c.box("self"), spliced(c, x, first, last, joined));
}
Value ravel(Call& c) { return reshape_view(c, c.box("self"), c.int64s({-1})); }
Value unflatten(Call& c) {
  const Edge x = c.edge("self");
  const size_t at = c.axis(c.integer("dim"), c.rank(x));
  Edge sizes = c.shape_edge(c["sizes"]);
  if (c.has_numbers(x) && sizes.known()) {
    Dims dims = c.numbers(x), middle = c.ints("sizes");
    int64_t rest = 1;
    for (const int64_t d : middle) rest *= d == -1 ? 1 : d;
    for (int64_t& d : middle) {
      if (d == -1 && rest != 0) d = dims[at] / rest;
    }
    sizes = c.int64s(middle);
  }
  return reshape_view(c, c.box("self"), spliced(c, x, at, at, sizes), true);
}

TensorPtr squeeze_axes(Call& c, const TensorPtr& x, const std::vector<size_t>& axes) {
  Dims list(axes.begin(), axes.end());
  std::sort(list.begin(), list.end());
  std::optional<Placement> placement = placement_of(c, x);
  if (placement) {
    for (size_t i = list.size(); i-- > 0;) {
      placement->dims.erase(placement->dims.begin() + list[i]);
      placement->strides.erase(placement->strides.begin() + list[i]);
    }
  }
  return make_view(
      c, x, [list](const Ops& ops, const Edge& parent) { return ops.squeeze(parent, list); },
      [list](const Ops& ops, const Edge&, const Edge& changed) { return ops.unsqueeze(changed, list); }, placement);
}
Value squeeze(Call& c) {
  const Edge x = c.edge("self");
  const size_t n = c.rank(x);
  std::vector<size_t> axes;
  if (c.declares("dim")) {
    axes = n == 0 ? std::vector<size_t>{} : c.axes(c.ints("dim"), n);
  } else {
    axes.resize(n);
    std::iota(axes.begin(), axes.end(), size_t{0});
  }
  std::erase_if(axes, [&](size_t i) {
    const Dim& dim = c.dims(x)[i];
    if (dim.is_unknown()) c.refuse("squeeze of a dimension known only at run time");
    return !dim.is_number(1);
  });
  return squeeze_axes(c, c.box("self"), axes);
}
TensorPtr unsqueeze_axis(Call& c, const TensorPtr& x, int64_t axis) {
  std::optional<Placement> placement = placement_of(c, x);
  if (placement) {
    const auto at = static_cast<size_t>(axis);
    const int64_t stride = at < placement->dims.size() ? placement->dims[at] * placement->strides[at] : 1;
    placement->dims.insert(placement->dims.begin() + axis, 1);
    placement->strides.insert(placement->strides.begin() + axis, stride);
  }
  return make_view(
      c, x, [axis](const Ops& ops, const Edge& parent) { return ops.unsqueeze(parent, {axis}); },
      [axis](const Ops& ops, const Edge&, const Edge& changed) { return ops.squeeze(changed, {axis}); }, placement);
}
Value unsqueeze(Call& c) {
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(c.edge("self")) + 1));
  return unsqueeze_axis(c, c.box("self"), axis);
}
// Ranks up to at least n, as atleast_1d, _2d and _3d do it.
template <int64_t kRank>
Value at_least(Call& c) {
  const auto one = [&](const Value& value) -> Value {
    TensorPtr x = value.tensor();
    const size_t n = c.rank(must(c.context.read(x)));
    if (n >= kRank) return value;
    if (n == 0) {
      for (int64_t i = 0; i < kRank; ++i) x = unsqueeze_axis(c, x, 0);
    } else if (n == 1) {
      x = unsqueeze_axis(c, x, 0);
      if (kRank == 3) x = unsqueeze_axis(c, x, 2);
    } else {
      x = unsqueeze_axis(c, x, 2);
    }
    return x;
  };
  if (!c.declares("tensors")) return one(c["self"]);
  std::vector<Value> items;
  for (const Value& item : *c["tensors"].items()) items.push_back(one(item));
  return Value::list(std::move(items));
}

// --- order of axes

Value permuted(Call& c, const Dims& perm) {
  if (std::is_sorted(perm.begin(), perm.end()) && perm.empty()) return c["self"];
  return permute_view(c, c.box("self"), perm);
}
Value permute(Call& c) {
  const size_t n = c.rank(c.edge("self"));
  Dims perm;
  for (const size_t axis : c.axes(c.ints("dims"), n)) perm.push_back(static_cast<int64_t>(axis));
  if (perm.size() != n) fail(invalid_model(format("{} axes for a tensor of rank {}", perm.size(), n)));
  return permuted(c, perm);
}
Value swapped(Call& c, int64_t a, int64_t b) {
  Dims perm = c.all_axes(c.edge("self"));
  if (perm.empty()) return permuted(c, perm);
  std::swap(perm[c.axis(a, perm.size())], perm[c.axis(b, perm.size())]);
  return permuted(c, perm);
}
Value transpose(Call& c) {
  if (c.declares("axis0")) return swapped(c, c.integer("axis0"), c.integer("axis1"));
  return swapped(c, c.integer("dim0"), c.integer("dim1"));
}
Value t(Call& c) { return c.rank(c.edge("self")) < 2 ? c["self"] : swapped(c, 0, 1); }
Value matrix_transpose(Call& c) {
  return c.rank(c.edge(c.declares("self") ? "self" : "a")) < 2 ? c["self"] : swapped(c, -2, -1);
}
// Conjugated, it is a tensor of its own.
Value adjoint(Call& c) {
  const Edge x = c.edge("self");
  if (!is_complex(x.dtype())) return matrix_transpose(c);
  return c.tensor(complex_unary(c, "Conj", c.rank(x) < 2 ? x : c.swap(x, -2, -1)));
}
Value reversed_axes(Call& c) {
  Dims perm = c.all_axes(c.edge("self"));
  std::reverse(perm.begin(), perm.end());
  return permuted(c, perm);
}
Value movedim(Call& c) {
  const size_t n = c.rank(c.edge("self"));
  const auto from = c.axes(c.ints("source"), n), to = c.axes(c.ints("destination"), n);
  if (from.size() != to.size()) fail(invalid_model("source and destination of different lengths"));
  Dims perm(n, -1);
  for (size_t i = 0; i < from.size(); ++i) perm[to[i]] = static_cast<int64_t>(from[i]);
  size_t next = 0;
  for (int64_t& place : perm) {
    if (place >= 0) continue;
    while (std::find(from.begin(), from.end(), next) != from.end()) ++next;
    place = static_cast<int64_t>(next++);
  }
  return permuted(c, perm);
}

// --- parts

Value select(Call& c) { return select_view(c, c.box("self"), c.integer("dim"), c["index"]); }
Value slice(Call& c) {
  const Edge begin = c.has("start") ? c.number("start", DType::kInt64) : c.int64(0);
  const Edge end = c.has("end") ? c.number("end", DType::kInt64) : c.int64(INT64_MAX);
  return slice_view(c, c.box("self"), c.integer("dim", 0), begin, end, c.integer("step", 1));
}
Value narrow(Call& c) {
  Edge begin = c.number("start", DType::kInt64);
  const Edge x = c.edge("self");
  const int64_t axis = c.integer("dim");
  if (begin.known() && begin.known()->as_int64(0) < 0) begin = c.add(begin, c.size(x, axis));
  return slice_view(c, c.box("self"), axis, begin, c.add(begin, c.number("length", DType::kInt64)), 1);
}
Value pieces(Call& c, const TensorPtr& x, int64_t axis, const Dims& ends) {
  std::vector<Value> items;
  int64_t begin = 0;
  for (const int64_t end : ends) {
    items.emplace_back(slice_view(c, x, axis, begin, end));
    begin = end;
  }
  return Value::list(std::move(items));
}
Value split_evenly(Call& c, int64_t axis, int64_t size) {
  const int64_t n = c.number(c.edge("self"), axis);
  Dims ends;
  if (size <= 0 && n > 0) fail(invalid_model(format("pieces of {}", size)));
  for (int64_t end = size; end < n; end += size) ends.push_back(end);
  ends.push_back(n);
  return pieces(c, c.box("self"), axis, ends);
}
Value split_by_sizes(Call& c, const Dims& sizes) {
  Dims ends;
  int64_t end = 0;
  for (const int64_t size : sizes) ends.push_back(end += size);
  return pieces(c, c.box("self"), c.integer("dim", 0), ends);
}
Value split(Call& c) {
  if (c.declares("split_sizes")) return split_by_sizes(c, c.ints("split_sizes"));
  if (c["split_size"].items()) return split_by_sizes(c, c.ints("split_size"));
  return split_evenly(c, c.integer("dim", 0), c.integer("split_size"));
}
Value chunk(Call& c) {
  const int64_t axis = c.integer("dim", 0), chunks = c.integer("chunks");
  const int64_t n = c.number(c.edge("self"), axis);
  if (chunks <= 0) fail(invalid_model(format("{} chunks", chunks)));
  const int64_t size = (n + chunks - 1) / chunks;
  if (size == 0) return pieces(c, c.box("self"), axis, Dims(static_cast<size_t>(chunks), 0));
  return split_evenly(c, axis, size);
}
Value split_at(Call& c, const Value& where, int64_t axis) {
  const int64_t n = c.number(c.edge("self"), axis);
  const auto bounded = [n](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + n : i, 0, n); };
  std::vector<Value> items;
  if (where.is_int()) {
    const int64_t sections = where.integer();
    if (sections <= 0) fail(invalid_model(format("{} sections", sections)));
    int64_t begin = 0;
    for (int64_t i = 0; i < sections; ++i) {
      const int64_t size = n / sections + (i < n % sections);
      items.emplace_back(slice_view(c, c.box("self"), axis, begin, begin + size));
      begin += size;
    }
    return Value::list(std::move(items));
  }
  Dims at;
  if (where.is_tensor()) {
    const thane::Tensor* known = c.edge_of(where).known();
    if (!known) c.refuse("split positions that depend on data");
    if (known->rank() == 0) return split_at(c, known->as_int64(0), axis);
    for (int64_t i = 0; i < known->size(); ++i) at.push_back(known->as_int64(i));
  } else {
    for (const Value& item : *where.items()) at.push_back(item.integer());
  }
  int64_t begin = 0;
  for (const int64_t end : at) {
    items.emplace_back(slice_view(c, c.box("self"), axis, bounded(begin), bounded(end)));
    begin = end;
  }
  items.emplace_back(slice_view(c, c.box("self"), axis, bounded(begin), n));
  return Value::list(std::move(items));
}
const Value& positions(Call& c) {
  for (const std::string_view name : {"sections", "indices", "tensor_indices_or_sections"}) {
    if (c.declares(name)) return c[name];
  }
  return c["indices_or_sections"];
}
Value tensor_split(Call& c) { return split_at(c, positions(c), c.integer("dim", 0)); }
template <int64_t kAxis>
Value split_axis(Call& c) {
  const int64_t axis = kAxis == 1 && c.rank(c.edge("self")) == 1 ? 0 : kAxis;
  return split_at(c, positions(c), axis);
}
Value unbind(Call& c) {
  const int64_t axis = c.integer("dim", 0), n = c.number(c.edge("self"), axis);
  std::vector<Value> items;
  for (int64_t i = 0; i < n; ++i) items.emplace_back(select_view(c, c.box("self"), axis, i));
  return Value::list(std::move(items));
}

// --- any placement

TensorPtr placed(Call& c, const TensorPtr& x, const Placement& target, const Placement& source) {
  // Positions in the flattened source, whose elements lie at their own places.
  bounded(checked_product(source.dims).value_or(-1), "a view");
  bounded(checked_product(target.dims).value_or(-1), "a view");
  thane::Tensor indices = must(thane::Tensor::allocate(DType::kInt64, target.dims));
  std::unordered_map<int64_t, int64_t> position;
  const auto walk = [](const Placement& p, auto&& visit) {
    Dims at(p.dims.size(), 0);
    int64_t count = 1;
    for (const int64_t d : p.dims) count *= d;
    for (int64_t i = 0; i < count; ++i) {
      int64_t address = p.offset;
      for (size_t k = 0; k < at.size(); ++k) address += at[k] * p.strides[k];
      visit(i, address);
      for (size_t k = at.size(); k-- > 0 && ++at[k] == p.dims[k];) at[k] = 0;
    }
  };
  walk(source, [&](int64_t i, int64_t address) { position.emplace(address, i); });
  walk(target, [&](int64_t i, int64_t address) {
    const auto found = position.find(address);
    if (found == position.end()) fail(invalid_model("strides that reach beyond the tensor"));
    indices.data<int64_t>()[i] = found->second;
  });
  return indexed_view(c, x, std::move(indices), target);
}
Placement known_placement(Call& c, const TensorPtr& x) {
  const auto placement = placement_of(c, x);
  if (!placement) c.refuse("a view of a tensor whose shape is known only at run time");
  return *placement;
}
Value diagonal(Call& c) {
  const TensorPtr& x = c.box(c.declares("self") ? "self" : "A");
  const Placement source = known_placement(c, x);
  const size_t n = source.dims.size();
  const size_t a = c.axis(c.integer("dim1", 0), n), b = c.axis(c.integer("dim2", 1), n);
  if (n < 2 || a == b) fail(invalid_model("a diagonal needs two different axes"));
  const int64_t shift = c.integer("offset", 0);
  const int64_t length = std::max<int64_t>(
      shift >= 0 ? std::min(source.dims[a], source.dims[b] - shift) : std::min(source.dims[a] + shift, source.dims[b]),
      0);
  Placement target{{}, {}, source.offset};
  if (length > 0) target.offset += shift >= 0 ? shift * source.strides[b] : -shift * source.strides[a];
  for (size_t i = 0; i < n; ++i) {
    if (i == a || i == b) continue;
    target.dims.push_back(source.dims[i]);
    target.strides.push_back(source.strides[i]);
  }
  target.dims.push_back(length);
  target.strides.push_back(source.strides[a] + source.strides[b]);
  return placed(c, x, target, source);
}
Value unfold(Call& c) {
  const TensorPtr& x = c.box("self");
  Placement source = known_placement(c, x), target = source;
  const int64_t size = c.integer("size"), step = c.integer("step");
  if (size < 0 || step <= 0) fail(invalid_model("unfold with a size below 0 or no step"));
  if (source.dims.empty()) {
    target = {{size}, {1}, source.offset};
  } else {
    const size_t at = c.axis(c.integer("dimension"), source.dims.size());
    if (size > source.dims[at]) fail(invalid_model(format("windows of {} in {}", size, source.dims[at])));
    target.dims[at] = (source.dims[at] - size) / step + 1;
    target.strides[at] *= step;
    target.dims.push_back(size);
    target.strides.push_back(source.strides[at]);
  }
  return placed(c, x, target, source);
}
TensorPtr strided_view(Call& c) {
  TensorPtr root = c.box("self");
  const int64_t offset = c.integer("storage_offset", root->offset);
  while (root->parent) root = root->parent;
  const Placement source = known_placement(c, root);
  return placed(c, root, {c.ints("size"), c.ints("stride"), offset}, source);
}
Value as_strided(Call& c) { return strided_view(c); }

Value expanded(Call& c, const Edge& shape) {
  const TensorPtr& x = c.box("self");
  std::optional<Placement> placement = placement_of(c, x);
  const Edge result = c.expand(must(c.context.read(x)), shape);
  if (placement && c.has_numbers(result)) {
    const Dims dims = c.numbers(result);
    const size_t lead = dims.size() - placement->dims.size();
    Dims strides(dims.size(), 0);
    for (size_t i = lead; i < dims.size(); ++i) {
      strides[i] = placement->dims[i - lead] == dims[i] ? placement->strides[i - lead] : 0;
    }
    placement = Placement{dims, strides, placement->offset};
  } else {
    placement.reset();
  }
  return make_view(
      c, x, [shape](const Ops& ops, const Edge& parent) { return ops.expand(parent, shape); },
      [](const Ops& ops, const Edge& parent, const Edge& changed) -> Edge {
        if (ops.has_numbers(parent) && ops.has_numbers(changed) && ops.numbers(parent) == ops.numbers(changed))
          return changed;
        fail(invalid_model("writing to an expanded tensor, whose elements share memory"));
      },
      placement);
}
// −1 keeps the dimension; new ones come in front.
Value expand(Call& c) {
  const Edge x = c.edge("self");
  const Value& list = c["size"];
  const std::vector<Value>* items = list.items();
  if (!items) return expanded(c, c.shape_edge(list));
  const auto n = static_cast<std::ptrdiff_t>(c.rank(x)), wanted = static_cast<std::ptrdiff_t>(items->size());
  if (wanted < n) fail(invalid_model(format("a shape of {} dimensions for a tensor of rank {}", wanted, n)));
  std::vector<Value> sizes = *items;
  for (std::ptrdiff_t i = 0; i < wanted; ++i) {
    if (sizes[i].is_int() && sizes[i].integer() == -1 && i >= wanted - n) {
      sizes[i] = c.context.scalar(c.size(x, i - (wanted - n)));
    }
  }
  return expanded(c, c.shape_edge(Value::list(std::move(sizes))));
}
Value expand_as(Call& c) { return expanded(c, c.shape(c.edge("other"))); }

// --- a copy of self with one of its views replaced by src

template <Lowering kView>
Value with_view_replaced(Call& c) {
  const Edge x = c.edge("self");
  const Value view = kView(c);
  const Edge now = must(c.context.read(view.tensor()));
  const Edge source = c.cast(c.edge("src"), x.dtype());
  const Edge changed = c.expand(source, c.shape(now));
  return c.tensor(must(view.tensor()->write(c.context, x, changed)));
}

constexpr Row kRows[] = {
    {"view", view},
    {"_unsafe_view", view},
    {"_reshape_alias", view},
    {"_reshape_copy", copied<view>},
    {"view_copy", copied<view>},
    {"reshape", reshape},
    {"view_as", view_as},
    {"reshape_as", reshape_as},
    {"flatten", flatten},
    {"ravel", ravel},
    {"unflatten", unflatten},
    {"squeeze", squeeze},
    {"squeeze_copy", copied<squeeze>},
    {"unsqueeze", unsqueeze},
    {"unsqueeze_copy", copied<unsqueeze>},
    {"atleast_1d", at_least<1>},
    {"atleast_2d", at_least<2>},
    {"atleast_3d", at_least<3>},
    {"permute", permute},
    {"permute_copy", copied<permute>},
    {"transpose", transpose},
    {"transpose_copy", copied<transpose>},
    {"swapaxes", transpose},
    {"swapdims", transpose},
    {"t", t},
    {"t_copy", copied<t>},
    {"numpy_T", reversed_axes},
    {"matrix_H", adjoint},
    {"mT", matrix_transpose},
    {"mH", adjoint},
    {"adjoint", adjoint},
    {"movedim", movedim},
    {"moveaxis", movedim},
    {"select", select},
    {"select_copy", copied<select>},
    {"slice", slice},
    {"slice_copy", copied<slice>},
    {"narrow", narrow},
    {"narrow_copy", copied<narrow>},
    {"split", split},
    {"split_copy", copied<split>},
    {"unsafe_split", copied<split>},
    {"split_with_sizes", split},
    {"split_with_sizes_copy", copied<split>},
    {"unsafe_split_with_sizes", copied<split>},
    {"chunk", chunk},
    {"unsafe_chunk", copied<chunk>},
    {"tensor_split", tensor_split},
    {"hsplit", split_axis<1>},
    {"vsplit", split_axis<0>},
    {"dsplit", split_axis<2>},
    {"unbind", unbind},
    {"unbind_copy", copied<unbind>},
    {"diagonal", diagonal},
    {"diagonal_copy", copied<diagonal>},
    {"linalg_diagonal", diagonal},
    {"unfold", unfold},
    {"unfold_copy", copied<unfold>},
    {"as_strided", as_strided},
    {"as_strided_copy", copied<as_strided>},
    {"expand", expand},
    {"expand_copy", copied<expand>},
    {"broadcast_to", expand},
    {"expand_as", expand_as},
    {"select_scatter", with_view_replaced<select>},
    {"slice_scatter", with_view_replaced<slice>},
    {"diagonal_scatter", with_view_replaced<diagonal>},
    {"as_strided_scatter", with_view_replaced<as_strided>},
};

}  // namespace
}  // namespace view_ops

std::span<const Row> view_rows() { return view_ops::kRows; }

}  // namespace thane::aten
