// Reading elements by index tensors and masks.
#include <algorithm>

#include "formats/torch/aten/index.h"

namespace thane::aten {

Indices normalise_indices(Call& c, const Edge& x, const std::vector<Edge>& given) {
  Indices result;
  size_t axis = 0;
  std::vector<std::pair<size_t, Edge>> found;
  for (const Edge& index : given) {
    if (!index.present()) {
      ++axis;
      continue;
    }
    if (index.dtype() == DType::kBool || index.dtype() == DType::kUInt8) {
      // A mask over as many axes as it has: their positions where it is true. Without axes of its own it is refused.
      const size_t n = c.rank(index);
      if (n == 0) c.refuse("indexing with a bool");
      const Edge positions = c.op("NonZero", {c.to_bool(index)});
      for (size_t i = 0; i < n; ++i) found.emplace_back(axis + i, c.select(positions, 0, static_cast<int64_t>(i)));
      axis += n;
    } else {
      found.emplace_back(axis++, c.cast(index, DType::kInt64));
    }
  }
  if (found.empty()) return result;
  if (found.back().first >= c.rank(x)) fail(invalid_model(format("indices for {} axes of {}", axis, c.rank(x))));
  // All of one shape.
  std::vector<Edge> indices;
  for (const auto& [at, index] : found) result.axes.push_back(static_cast<int64_t>(at)), indices.push_back(index);
  bool same = true;
  for (const Edge& index : indices) {
    same = same && c.has_numbers(index) && c.has_numbers(indices[0]) && c.numbers(index) == c.numbers(indices[0]);
  }
  if (!same && indices.size() > 1) {
    Edge zeros = c.mul(indices[0], 0);
    for (size_t i = 1; i < indices.size(); ++i) zeros = c.add(zeros, c.mul(indices[i], 0));
    for (Edge& index : indices) index = c.add(index, zeros);
  }
  result.indices = indices;
  result.rank = c.rank(indices[0]);
  result.adjacent = true;
  for (size_t i = 1; i < result.axes.size(); ++i) result.adjacent &= result.axes[i] == result.axes[i - 1] + 1;
  result.perm = result.axes;
  for (size_t i = 0; i < c.rank(x); ++i) {
    const auto at = static_cast<int64_t>(i);
    if (std::find(result.axes.begin(), result.axes.end(), at) == result.axes.end()) result.perm.push_back(at);
  }
  return result;
}

Edge joint_index(Call& c, const Indices& where) {
  std::vector<Edge> columns;
  for (const Edge& index : where.indices) columns.push_back(c.unsqueeze(index, {-1}));
  return c.concat(std::move(columns), -1);
}

Dims inverse_of(const Dims& perm) {
  Dims inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  return inverse;
}

Edge read_indices(Call& c, const Edge& x, const Indices& where) {
  if (where.indices.empty()) return x;
  if (where.indices.size() == 1) return c.gather(x, where.indices[0], where.axes[0]);
  const Edge front = c.transpose(x, where.perm);
  const Edge read = c.op("GatherND", {front, joint_index(c, where)});
  // The index axes are in front; between the others they belong where the indexed axes stood, if those were adjacent.
  if (!where.adjacent || where.axes[0] == 0) return read;
  Dims perm;
  const auto lead = where.axes[0];
  for (int64_t i = 0; i < lead; ++i) perm.push_back(static_cast<int64_t>(where.rank) + i);
  for (size_t i = 0; i < where.rank; ++i) perm.push_back(static_cast<int64_t>(i));
  for (auto i = static_cast<int64_t>(where.rank) + lead; i < static_cast<int64_t>(c.rank(read)); ++i) perm.push_back(i);
  return c.transpose(read, perm);
}

namespace indexing_ops {
namespace {

Value index(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(read_indices(c, x, normalise_indices(c, x, c.edges("indices"))));
}
Value index_select(Call& c) {
  const Edge x = c.edge("self"), at = c.edge("index");
  if (c.rank(x) == 0) return c.tensor(c.op("Identity", {x}));
  const Edge list = c.rank(at) == 0 ? c.reshape(at, Dims{1}) : at;
  return c.tensor(c.gather(x, list, static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)))));
}
Value gather(Call& c) {
  const Edge x = c.edge("self"), at = c.cast(c.edge("index"), DType::kInt64);
  if (c.rank(x) == 0) return c.tensor(c.expand(x, c.shape(at)));
  if (c.rank(at) == 0) return c.tensor(c.gather(x, at, 0));
  if (c.rank(at) != c.rank(x) && c.has_numbers(at)) return c.tensor(c.full(c.shape(at), 0, x.dtype()));  // none
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)));
  // torch lets the index be smaller than the data on the other axes.
  Edge data = x;
  if (c.has_numbers(at) && c.has_numbers(x)) {
    for (size_t i = 0; i < c.rank(x) && i < c.rank(at); ++i) {
      const int64_t n = c.numbers(at)[i];
      if (static_cast<int64_t>(i) != axis && n < c.numbers(data)[i])
        data = c.slice(data, static_cast<int64_t>(i), 0, n);
    }
  }
  return c.tensor(c.op("GatherElements", {data, at}, {{"axis", axis}}));
}
Value take(Call& c) { return c.tensor(c.gather(c.reshape(c.edge("self"), Dims{-1}), c.edge("index"), 0)); }
Value take_along_dim(Call& c) {
  const Edge x = c.edge("self"), at = c.edge("indices");
  if (!c.has("dim")) {
    return c.tensor(c.gather(c.reshape(x, Dims{-1}), c.reshape(at, Dims{-1}), 0));
  }
  const auto axis = c.axis(c.integer("dim"), c.rank(x));
  Dims data = c.numbers(x), index = c.numbers(at);
  for (size_t i = 0; i < data.size(); ++i) {
    if (i != axis) data[i] = index[i] = std::max(data[i], index[i]);
  }
  return c.tensor(
      c.op("GatherElements", {c.expand(x, data), c.expand(at, index)}, {{"axis", static_cast<int64_t>(axis)}}));
}
Value nonzero(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) {
    // [0, 0] or [1, 0]
    const Edge n = c.reshape(c.cast(c.to_bool(x), DType::kInt64), Dims{1});
    return c.tensor(c.full(c.concat({n, c.int64s({0})}, 0), 0, DType::kInt64));
  }
  return c.tensor(c.swap(c.op("NonZero", {x}), 0, 1));
}
// So many rows: what is missing filled, what is too much dropped.
Value nonzero_static(Call& c) {
  const Edge x = c.edge("self");
  const auto rank = static_cast<int64_t>(c.rank(x));
  const int64_t rows = c.integer("size");
  if (rows < 0) fail(invalid_model("a size below 0"));
  const Edge fill = c.full(Dims{rows, rank}, c.real("fill_value", -1), DType::kInt64);
  if (rank == 0) return c.tensor(fill);
  const Edge found = c.swap(c.op("NonZero", {x}), 0, 1);
  const Edge all = c.slice(c.concat({found, fill}, 0), 0, 0, rows);
  return c.tensor(c.expand(all, Dims{rows, rank}));
}
Value nonzero_numpy(Call& c) {
  const Edge x = c.edge("self");
  const Edge found = c.op("NonZero", {c.rank(x) == 0 ? c.reshape(x, Dims{1}) : x});
  std::vector<Edge> parts;
  for (size_t i = 0; i < std::max<size_t>(c.rank(x), 1); ++i)
    parts.push_back(c.select(found, 0, static_cast<int64_t>(i)));
  return c.tensors(parts);
}
Value masked_select(Call& c) {
  Edge x = c.edge("self"), mask = c.to_bool(c.edge("mask"));
  const SymDims* shapes[] = {&c.dims(x), &c.dims(mask)};
  const SymDims dims = must(broadcast(shapes));
  if (all_numbers(dims)) {
    x = c.expand(x, to_numbers(dims));
    mask = c.expand(mask, to_numbers(dims));
  }
  return c.tensor(c.op("Compress", {c.reshape(x, Dims{-1}), c.reshape(mask, Dims{-1})}, {{"axis", int64_t{0}}}));
}
// Rows of a table. padding_idx concerns training only.
Value embedding(Call& c) { return c.tensor(c.gather(c.edge("weight"), c.edge("indices"), 0)); }

constexpr Row kRows[] = {
    {"index", index},
    {"_unsafe_index", index},
    {"index_select", index_select},
    {"gather", gather},
    {"take", take},
    {"take_along_dim", take_along_dim},
    {"nonzero", nonzero},
    {"argwhere", nonzero},
    {"nonzero_static", nonzero_static},
    {"nonzero_numpy", nonzero_numpy},
    {"masked_select", masked_select},
    {"embedding", embedding},
};

}  // namespace
}  // namespace indexing_ops

std::span<const Row> indexing_rows() { return indexing_ops::kRows; }

}  // namespace thane::aten
