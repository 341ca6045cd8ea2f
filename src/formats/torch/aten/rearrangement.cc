// New arrangements of elements that are copies: joining, repeating, flipping, cutting triangles.
#include <algorithm>
#include <numeric>

#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/limits.h"
#include "formats/torch/aten/view.h"

namespace thane::aten {
namespace rearrangement_ops {
namespace {

// Brought to one dtype.
std::vector<Edge> together(Call& c, std::string_view name) {
  const Value& list = c[name];
  const std::vector<Value>* items = list.items();
  if (!items || items->empty()) fail(invalid_model(format("{} is empty", name)).expecting("tensors"));
  Promotion promotion;
  Ops ops(c.context);
  for (const Value& item : *items) promotion.add(ops, item);
  std::vector<Edge> edges;
  for (const Value& item : *items) edges.push_back(c.cast(c.edge_of(item, name), promotion.result()));
  return edges;
}
Value joined(Call& c, std::vector<Edge> parts, int64_t axis) {
  // torch skips empty vectors whatever the others' rank.
  const auto empty = [&](const Edge& e) { return e.dims() && e.dims()->size() == 1 && e.dims()->front().is_number(0); };
  const bool mixed =
      std::any_of(parts.begin(), parts.end(), [&](const Edge& e) { return e.dims() && e.dims()->size() != 1; });
  if (mixed) std::erase_if(parts, empty);
  return c.tensor(c.concat(std::move(parts), static_cast<int64_t>(c.axis(axis, c.rank(parts.at(0))))));
}
Value cat(Call& c) { return joined(c, together(c, "tensors"), c.integer(c.declares("axis") ? "axis" : "dim", 0)); }
Value stack(Call& c) {
  std::vector<Edge> parts = together(c, "tensors");
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim", 0), c.rank(parts[0]) + 1));
  for (Edge& part : parts) part = c.unsqueeze(part, {axis});
  return c.tensor(c.concat(std::move(parts), axis));
}
// Ranks up to at least n, as atleast_nd does.
Edge at_least(Call& c, const Edge& x, size_t n) {
  const size_t rank = c.rank(x);
  if (rank >= n) return x;
  if (rank == 0) return c.unsqueeze(x, n == 1 ? Dims{0} : n == 2 ? Dims{0, 1} : Dims{0, 1, 2});
  if (rank == 1) return c.unsqueeze(x, n == 2 ? Dims{0} : Dims{0, 2});
  return c.unsqueeze(x, {2});
}
template <size_t kRank, int64_t kAxis>
Value stack_along(Call& c) {
  std::vector<Edge> parts = together(c, "tensors");
  for (Edge& part : parts) part = at_least(c, part, kRank);
  const int64_t axis = kRank == 1 && c.rank(parts[0]) == 1 ? 0 : kAxis;
  return c.tensor(c.concat(std::move(parts), axis));
}
Value column_stack(Call& c) {
  std::vector<Edge> parts = together(c, "tensors");
  for (Edge& part : parts) {
    if (c.rank(part) < 2) part = c.reshape(part, Dims{-1, 1});
  }
  return c.tensor(c.concat(std::move(parts), 1));
}
Value block_diag(Call& c) {
  std::vector<Edge> parts = together(c, "tensors");
  for (Edge& part : parts) part = at_least(c, part, 2);
  int64_t columns = 0, done = 0;
  for (const Edge& part : parts) columns += c.number(part, 1);
  for (Edge& part : parts) {
    const int64_t width = c.number(part, 1);
    part = c.pad(part, {0, done}, {0, columns - done - width});
    done += width;
  }
  return c.tensor(c.concat(std::move(parts), 0));
}

Value repeat(Call& c) {
  const Edge x = c.edge("self");
  const std::string_view name = c.declares("repeats") ? "repeats" : "dims";
  const Edge times = c.shape_edge(c[name]);
  const int64_t n = c.number(times, 0);
  const auto rank = static_cast<int64_t>(c.rank(x));
  Edge padded = x, counts = times;
  if (n > rank) {
    Dims lead;
    for (int64_t i = 0; i < n - rank; ++i) lead.push_back(i);
    padded = c.unsqueeze(x, lead);
  } else if (n < rank) {  // tile only
    counts = c.concat({c.int64s(Dims(static_cast<size_t>(rank - n), 1)), times}, 0);
  }
  return c.tensor(c.op("Tile", {padded, counts}));
}
Value repeat_interleave(Call& c) {
  if (!c.declares("self")) {
    // Indices alone: i as often as repeats[i] says.
    const Edge repeats = c.cast(c.edge("repeats"), DType::kInt64);
    const Edge ends = c.op("CumSum", {repeats, c.int64(0)});
    const Edge total = c.reduce("ReduceSum", repeats, {0}, false);
    const Edge at = c.range(total);
    return c.tensor(c.sum(c.cast(c.less_equal(ends, c.unsqueeze(at, {1})), DType::kInt64), {1}));
  }
  Edge x = c.edge("self");
  int64_t axis = 0;
  if (c.has("dim"))
    axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)));
  else
    x = c.reshape(x, Dims{-1});
  if (c.rank(x) == 0) x = c.reshape(x, Dims{1});
  const Edge n = c.size(x, axis);
  if (c["repeats"].is_int() || c["repeats"].is_symbol()) {
    const Edge times = c.number("repeats", DType::kInt64);
    const Edge at = c.div(c.range(c.mul(n, times)), times);
    return c.tensor(c.gather(x, at, axis));
  }
  Edge repeats = c.cast(c.edge("repeats"), DType::kInt64);
  repeats = c.expand(repeats, c.reshape(n, Dims{1}));
  const Edge ends = c.op("CumSum", {repeats, c.int64(0)});
  const Edge at = c.range(c.reduce("ReduceSum", repeats, {0}, false));
  return c.tensor(c.gather(x, c.sum(c.cast(c.less_equal(ends, c.unsqueeze(at, {1})), DType::kInt64), {1}), axis));
}

Edge flipped(Call& c, const Edge& x, const std::vector<size_t>& axes) {
  Edge result = x;
  if (c.rank(x) == 0) return result;
  for (const size_t axis : axes) result = c.slice(result, static_cast<int64_t>(axis), -1, INT64_MIN + 1, -1);
  return result;
}
Value flip(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.op("Identity", {flipped(c, x, c.axes(c.ints("dims"), c.rank(x)))}));
}
template <size_t kAxis>
Value flip_axis(Call& c) {
  return c.tensor(flipped(c, c.edge("self"), {kAxis}));
}
Value roll(Call& c) {
  const Edge x = c.edge("self");
  const Dims shifts = c.ints("shifts"), dims = c.ints("dims");
  const bool whole = dims.empty();
  Edge result = whole ? c.reshape(x, Dims{-1}) : x;
  if (whole && shifts.size() != 1) fail(invalid_model("several shifts without axes"));
  if (!whole && shifts.size() != dims.size()) fail(invalid_model("shifts and axes of different numbers"));
  for (size_t i = 0; i < shifts.size(); ++i) {
    const auto axis = whole ? int64_t{0} : static_cast<int64_t>(c.axis(dims[i], c.rank(x)));
    const int64_t n = c.number(result, axis);
    const int64_t by = n == 0 ? 0 : ((shifts[i] % n) + n) % n;
    if (by != 0) result = c.concat({c.slice(result, axis, n - by, n), c.slice(result, axis, 0, n - by)}, axis);
  }
  return c.tensor(whole ? c.reshape(result, c.shape(x)) : c.op("Identity", {result}));
}
Value rot90(Call& c) {
  const Edge x = c.edge("self");
  const auto axes = c.axes(c.has("dims") ? c.ints("dims") : Dims{0, 1}, c.rank(x));
  const int64_t k = ((c.integer("k", 1) % 4) + 4) % 4;
  const auto a = static_cast<int64_t>(axes.at(0)), b = static_cast<int64_t>(axes.at(1));
  if (k == 1) return c.tensor(c.swap(flipped(c, x, {axes[1]}), a, b));
  if (k == 2) return c.tensor(flipped(c, x, axes));
  if (k == 3) return c.tensor(c.swap(flipped(c, x, {axes[0]}), a, b));
  return c.tensor(c.op("Identity", {x}));
}
template <bool kUpper>
Value triangle(Call& c) {
  return c.tensor(c.op("Trilu", {c.edge("self"), c.int64(c.integer("diagonal", 0))}, {{"upper", int64_t{kUpper}}}));
}

// --- diagonals

// x's last axis along a diagonal of two new axes.
Edge embedded(Call& c, const Edge& x, int64_t offset, int64_t first, int64_t second) {
  const int64_t n = c.number(x, -1), size = n + std::abs(offset);
  bounded_square(std::abs(offset) > 2048 ? -1 : size, "a diagonal");
  // Row i has x at column i + offset: spread x over columns, keep the diagonal.
  thane::Tensor on = must(thane::Tensor::allocate(DType::kBool, {size, size}));
  thane::Tensor at = must(thane::Tensor::allocate(DType::kInt64, {size}));
  for (int64_t i = 0; i < size; ++i) {
    at.data<int64_t>()[i] = std::clamp<int64_t>(offset >= 0 ? i : i + offset, 0, std::max<int64_t>(n - 1, 0));
    for (int64_t j = 0; j < size; ++j) on.data<uint8_t>()[i * size + j] = j - i == offset;
  }
  Edge result;
  if (n == 0) {
    result = c.full(c.concat({c.slice(c.shape(x), 0, 0, -1), c.int64s({size, size})}, 0), 0, x.dtype());
  } else {
    const Edge rows = c.unsqueeze(c.gather(x, c.constant(std::move(at)), -1), {-1});
    result = c.where(c.constant(std::move(on)), rows, c.like(0, x));
  }
  const auto rank = static_cast<int64_t>(c.rank(result));
  Dims perm(static_cast<size_t>(rank), -1);
  perm[c.axis(first, c.rank(result))] = rank - 2;
  perm[c.axis(second, c.rank(result))] = rank - 1;
  int64_t next = 0;
  for (int64_t& p : perm) {
    if (p < 0) p = next++;
  }
  return c.transpose(result, perm);
}
Value diag_embed(Call& c) {
  int64_t offset = c.integer("offset", 0), a = c.integer("dim1", -2), b = c.integer("dim2", -1);
  const size_t rank = c.rank(c.edge("self")) + 1;
  if (c.axis(a, rank) > c.axis(b, rank)) std::swap(a, b), offset = -offset;
  return c.tensor(embedded(c, c.edge("self"), offset, a, b));
}
Value diagflat(Call& c) {
  return c.tensor(embedded(c, c.reshape(c.edge("self"), Dims{-1}), c.integer("offset", 0), 0, 1));
}
Value diag(Call& c) {
  const Edge x = c.edge("self");
  const int64_t offset = c.integer("diagonal", 0);
  if (c.rank(x) < 2) return c.tensor(embedded(c, x, offset, 0, 1));
  const int64_t rows = c.number(x, 0), columns = c.number(x, 1);
  Dims at;
  bounded(rows, "a diagonal");
  for (int64_t i = 0; i < rows; ++i) {
    if (i + offset >= 0 && i + offset < columns) at.push_back(i * columns + i + offset);
  }
  return c.tensor(c.gather(c.reshape(x, Dims{-1}), c.int64s(at), 0));
}

// Each tensor in so many chunks along an axis, zero-padded to equal length; chunk i of all side by side, flattened.
Value chunk_cat(Call& c) {
  const auto chunks = bounded(c.integer("num_chunks"), "chunks");
  std::vector<Edge> rows;
  for (const Edge& x : c.edges("tensors")) {
    const auto axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)));
    Dims dims = c.numbers(x);
    const int64_t n = dims[static_cast<size_t>(axis)];
    const int64_t each = (n + chunks - 1) / std::max<int64_t>(chunks, 1);
    Dims before(dims.size(), 0), after(dims.size(), 0), shape(dims.begin(), dims.begin() + axis);
    after[static_cast<size_t>(axis)] = each * chunks - n;
    const Edge padded =
        x.dtype() == DType::kBool ? c.to_bool(c.pad(c.cast(x, DType::kUInt8), before, after)) : c.pad(x, before, after);
    shape.push_back(chunks);
    shape.push_back(-1);
    rows.push_back(c.reshape(padded, shape));
  }
  return c.tensor(c.concat(std::move(rows), static_cast<int64_t>(c.rank(rows.at(0))) - 1));
}

// --- grids and products of sets

Value meshgrid(Call& c) {
  std::vector<Edge> axes = c.edges("tensors");
  const bool xy = c.text("indexing", "ij") == "xy" && axes.size() > 1;
  if (xy) std::swap(axes[0], axes[1]);
  std::vector<Edge> sizes;
  for (Edge& axis : axes) {
    axis = c.reshape(axis, Dims{-1});
    sizes.push_back(c.shape(axis));
  }
  const Edge shape = c.concat(sizes, 0);
  std::vector<Edge> grids;
  for (size_t i = 0; i < axes.size(); ++i) {
    Dims dims(axes.size(), 1);
    dims[i] = -1;
    grids.push_back(c.expand(c.reshape(axes[i], dims), shape));
  }
  if (xy) std::swap(grids[0], grids[1]);
  return c.tensors(grids);
}
Value broadcast_tensors(Call& c) {
  const std::vector<Edge> tensors = c.edges("tensors");
  std::vector<const SymDims*> shapes;
  for (const Edge& tensor : tensors) shapes.push_back(&c.dims(tensor));
  const SymDims dims = must(broadcast(shapes));
  if (!all_numbers(dims)) c.refuse("broadcast_tensors with shapes known only at run time");
  std::vector<Edge> results;
  for (const Edge& tensor : tensors) results.push_back(c.expand(tensor, to_numbers(dims)));
  return c.tensors(results);
}
Value cartesian_prod(Call& c) {
  const std::vector<Edge> sets = together(c, "tensors");
  if (sets.size() == 1) return c.tensor(sets[0]);
  std::vector<Edge> sizes, columns;
  for (const Edge& set : sets) sizes.push_back(c.shape(set));
  const Edge shape = c.concat(sizes, 0);
  for (size_t i = 0; i < sets.size(); ++i) {
    Dims dims(sets.size(), 1);
    dims[i] = -1;
    columns.push_back(c.reshape(c.expand(c.reshape(sets[i], dims), shape), Dims{-1, 1}));
  }
  return c.tensor(c.concat(columns, 1));
}
Value combinations(Call& c) {
  const Edge x = c.edge("self");
  const int64_t n = c.number(x, 0), r = c.integer("r", 2);
  const bool repeats = c.flag("with_replacement");
  if (r < 0 || r > 8 || n > 1000) c.refuse("combinations of so many");
  Dims at, chosen(static_cast<size_t>(r), 0);
  const auto choose = [&](auto&& self, int64_t depth, int64_t from) -> void {
    if (depth == r) {
      at.insert(at.end(), chosen.begin(), chosen.end());
      if (at.size() > 10000000) c.refuse("combinations of so many");
      return;
    }
    for (int64_t i = from; i < n; ++i) {
      chosen[static_cast<size_t>(depth)] = i;
      self(self, depth + 1, repeats ? i : i + 1);
    }
  };
  choose(choose, 0, 0);
  const int64_t rows = r == 0 ? 0 : static_cast<int64_t>(at.size()) / r;
  return c.tensor(c.gather(x, c.reshape(c.int64s(at), Dims{rows, r}), 0));
}
Value kron(Call& c) {
  const auto x = c.promoted({"self", "other"});
  const size_t n = std::max(c.rank(x[0]), c.rank(x[1]));
  const auto padded = [&](const Edge& e) {
    Dims dims = c.numbers(e);
    dims.insert(dims.begin(), n - dims.size(), 1);
    return dims;
  };
  const Dims a = padded(x[0]), b = padded(x[1]);
  Dims left, right, joined;
  for (size_t i = 0; i < n; ++i) {
    left.insert(left.end(), {a[i], 1});
    right.insert(right.end(), {1, b[i]});
    joined.push_back(a[i] * b[i]);
  }
  const Edge l = c.reshape(x[0], left), r = c.reshape(x[1], right);
  const Edge product = is_complex(l.dtype()) ? complex_binary(c, "Mul", l, r) : c.mul(l, r);
  return c.tensor(c.reshape(product, joined));
}

// --- channels and pixels

Value pixel_shuffle(Call& c) {
  const Edge x = c.edge("self");
  const int64_t r = c.integer("upscale_factor");
  const size_t n = c.rank(x);
  if (n < 3 || r < 1) fail(invalid_model("pixel_shuffle needs […, channels, height, width]"));
  const Edge flat = n == 4 ? x : c.reshape(x, c.concat({c.int64s({-1}), c.slice(c.shape(x), 0, -3, INT64_MAX)}, 0));
  const Edge y = c.op("DepthToSpace", {flat}, {{"blocksize", r}, {"mode", std::string("CRD")}});
  if (n == 4) return c.tensor(y);
  return c.tensor(c.reshape(y, c.concat({c.slice(c.shape(x), 0, 0, -3), c.slice(c.shape(y), 0, 1, INT64_MAX)}, 0)));
}
Value pixel_unshuffle(Call& c) {
  const Edge x = c.edge("self");
  const int64_t r = c.integer("downscale_factor");
  Dims dims = c.numbers(x);
  const size_t n = dims.size();
  if (n < 3 || r < 1) fail(invalid_model("pixel_unshuffle needs […, channels, height, width]"));
  const Dims lead(dims.begin(), dims.end() - 3);
  const int64_t channels = dims[n - 3], h = dims[n - 2] / r, w = dims[n - 1] / r;
  Dims split = lead;
  split.insert(split.end(), {channels, h, r, w, r});
  Dims perm;
  for (size_t i = 0; i < lead.size(); ++i) perm.push_back(static_cast<int64_t>(i));
  const auto k = static_cast<int64_t>(lead.size());
  perm.insert(perm.end(), {k, k + 2, k + 4, k + 1, k + 3});
  Dims result = lead;
  result.insert(result.end(), {channels * r * r, h, w});
  return c.tensor(c.reshape(c.transpose(c.reshape(x, split), perm), result));
}
Value channel_shuffle(Call& c) {
  const Edge x = c.edge("self");
  const Dims dims = c.numbers(x);
  const int64_t groups = c.integer("groups");
  if (dims.size() < 2 || groups < 1) fail(invalid_model("channel_shuffle needs [batch, channels, …]"));
  Dims split = {dims[0], groups, dims[1] / groups};
  split.insert(split.end(), dims.begin() + 2, dims.end());
  return c.tensor(c.reshape(c.swap(c.reshape(x, split), 1, 2), dims));
}

constexpr Row kRows[] = {
    {"cat", cat},
    {"concat", cat},
    {"concatenate", cat},
    {"stack", stack},
    {"_stack", stack},
    {"hstack", stack_along<1, 1>},
    {"vstack", stack_along<2, 0>},
    {"row_stack", stack_along<2, 0>},
    {"dstack", stack_along<3, 2>},
    {"column_stack", column_stack},
    {"block_diag", block_diag},
    {"repeat", repeat},
    {"tile", repeat},
    {"repeat_interleave", repeat_interleave},
    {"flip", flip},
    {"fliplr", flip_axis<1>},
    {"flipud", flip_axis<0>},
    {"roll", roll},
    {"rot90", rot90},
    {"tril", triangle<false>},
    {"triu", triangle<true>},
    {"diag_embed", diag_embed},
    {"diagflat", diagflat},
    {"diag", diag},
    {"meshgrid", meshgrid},
    {"_chunk_cat", chunk_cat},
    {"broadcast_tensors", broadcast_tensors},
    {"cartesian_prod", cartesian_prod},
    {"combinations", combinations},
    {"kron", kron},
    {"pixel_shuffle", pixel_shuffle},
    {"pixel_unshuffle", pixel_unshuffle},
    {"channel_shuffle", channel_shuffle},
    {"native_channel_shuffle", channel_shuffle},
};

}  // namespace
}  // namespace rearrangement_ops

std::span<const Row> rearrangement_rows() { return rearrangement_ops::kRows; }

}  // namespace thane::aten
