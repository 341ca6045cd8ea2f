// Writing elements by index tensors and masks.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/torch/aten/index.h"

namespace thane::aten {
namespace scatter_ops {
namespace {

// x[index] along an axis, combined with `source`: reduction as ScatterElements names it.
Edge scattered(Call& c, const Edge& x, Edge at, Edge source, std::string_view reduction) {
  if (c.rank(x) == 0) {
    const Edge one =
        scattered(c, c.reshape(x, Dims{1}), c.reshape(at, Dims{-1}), c.reshape(source, Dims{-1}), reduction);
    return c.reshape(one, Dims{});
  }
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)));
  if (c.rank(at) == 0) at = c.reshape(at, Dims{1});
  if (c.rank(source) == 0 && c.rank(at) > 0) source = c.expand(source, c.shape(at));
  // Only as much of the source as the index covers.
  if (c.has_numbers(at) && c.has_numbers(source)) {
    for (size_t i = 0; i < c.rank(at); ++i) {
      if (c.numbers(at)[i] < c.numbers(source)[i])
        source = c.slice(source, static_cast<int64_t>(i), 0, c.numbers(at)[i]);
    }
  }
  if (is_complex(x.dtype()) && reduction == "add") {
    const Edge pairs = c.concat({c.shape(at), c.int64s({2})}, 0);
    const Edge sums = c.op("ScatterElements",
                           {c.own("ViewAsReal", {x}), c.expand(c.unsqueeze(c.cast(at, DType::kInt64), {-1}), pairs),
                            c.own("ViewAsReal", {source})},
                           {{"axis", axis}, {"reduction", std::string("add")}});
    return c.own("ViewAsComplex", {sums});
  }
  const bool flags = x.dtype() == DType::kBool && reduction != "none";
  const Edge data = flags ? c.cast(x, DType::kUInt8) : x;
  if (flags) source = c.cast(source, DType::kUInt8);
  const Edge result = c.op("ScatterElements", {data, c.cast(at, DType::kInt64), source},
                           {{"axis", axis}, {"reduction", std::string(reduction)}});
  return c.cast(result, x.dtype());
}
std::string_view onnx_reduction(Call& c, std::string_view name) {
  if (name.empty() || name == "none") return "none";
  if (name == "add" || name == "sum" || name == "mean") return "add";
  if (name == "multiply" || name == "prod") return "mul";
  if (name == "amax") return "max";
  if (name == "amin") return "min";
  c.refuse(format("the reduction '{}'", name));
}
Value scatter(Call& c) {
  const Edge x = c.edge("self"), at = c.edge("index");
  const Edge source = c.has("src") ? c.cast(c.edge("src"), x.dtype()) : c.number("value", x.dtype());
  return c.tensor(scattered(c, x, at, source, onnx_reduction(c, c.text("reduce"))));
}
Value scatter_add(Call& c) { return c.tensor(scattered(c, c.edge("self"), c.edge("index"), c.edge("src"), "add")); }
// What a reduction starts from when the tensor's own values do not count.
double neutral(std::string_view reduce, DType dtype) {
  if (reduce == "prod") return 1;
  if (reduce != "amax" && reduce != "amin") return 0;
  const bool low = reduce == "amax";
  if (is_float(dtype)) return low ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  if (dtype == DType::kBool) return low ? 0 : 1;
  const bool is_signed = mask_of(dtype) & kSignedInts;
  const double top = std::ldexp(1.0, dtype_bits(dtype) - (is_signed ? 1 : 0));
  return low ? (is_signed ? -top : 0) : top - 1;
}
// Over pairs (index, source) expanded to the same shape; means by counting.
template <class Scatter>
Edge reduced(Call& c, const Edge& x, const Edge& source, const Scatter& scatter) {
  const std::string reduce = c.text("reduce");
  const bool include = c.flag("include_self", true);
  const std::string_view kind = onnx_reduction(c, reduce);
  Edge start = x;
  if (!include) {
    const Edge touched = scatter(c.full(c.shape(x), 0, DType::kBool), c.full(c.shape(source), 1, DType::kBool), "none");
    start = c.where(touched, c.like(neutral(reduce, x.dtype()), x), x);
  }
  Edge result = scatter(start, source, kind);
  if (reduce == "mean") {
    Edge ones = c.full(c.shape(source), 1, x.dtype());
    Edge counts = scatter(c.full(c.shape(x), include ? 1 : 0, x.dtype()), ones, "add");
    counts = c.max(counts, c.like(1, counts));
    if (is_float(x.dtype())) {
      result = c.div(result, counts);
    } else {  // rounded down
      const Edge quotient = c.op("Floor", {c.div(c.cast(result, DType::kFloat64), c.cast(counts, DType::kFloat64))});
      result = c.cast(quotient, x.dtype());
    }
  }
  return result;
}
Value scatter_reduce(Call& c) {
  const Edge x = c.edge("self"), at = c.edge("index");
  Edge source = c.edge("src");
  if (c.has_numbers(at) && c.has_numbers(source) && c.rank(at) == c.rank(source)) {
    for (size_t i = 0; i < c.rank(at); ++i) source = c.slice(source, static_cast<int64_t>(i), 0, c.numbers(at)[i]);
  }
  return c.tensor(reduced(c, x, source, [&](const Edge& data, const Edge& values, std::string_view kind) {
    return scattered(c, data, at, values, kind);
  }));
}

// An index per position of one axis, spread over the source's shape.
Edge spread_index(Call& c, const Edge& x, const Edge& source) {
  const auto axis = c.axis(c.integer("dim"), c.rank(x));
  Dims dims(std::max<size_t>(c.rank(x), 1), 1);
  dims[axis] = -1;
  return c.expand(c.reshape(c.cast(c.edge("index"), DType::kInt64), dims), c.shape(source));
}
Edge as_rank(Call& c, const Edge& x, const Edge& source) {
  return c.rank(source) == 0 && c.rank(x) <= 1 ? c.reshape(source, Dims{1}) : source;
}
Value index_add(Call& c) {
  const Edge x = c.edge("self");
  Edge source = as_rank(c, x, c.edge("source"));
  if (c.has("alpha") && !(c["alpha"].is_int() && c["alpha"].integer() == 1)) {
    source = c.mul(source, c.number("alpha", source.dtype()));
  }
  const Edge data = c.rank(x) == 0 ? c.reshape(x, Dims{1}) : x;
  const Edge result = scattered(c, data, spread_index(c, data, source), source, "add");
  return c.tensor(c.rank(x) == 0 ? c.reshape(result, Dims{}) : result);
}
Value index_copy(Call& c) {
  const Edge x = c.edge("self"), source = as_rank(c, x, c.edge("source"));
  const Edge data = c.rank(x) == 0 ? c.reshape(x, Dims{1}) : x;
  const Edge result = scattered(c, data, spread_index(c, data, source), source, "none");
  return c.tensor(c.rank(x) == 0 ? c.reshape(result, Dims{}) : result);
}
Value index_reduce(Call& c) {
  const Edge x = c.edge("self"), source = c.edge("source");
  const Edge at = spread_index(c, x, source);
  return c.tensor(reduced(c, x, source, [&](const Edge& data, const Edge& values, std::string_view kind) {
    return scattered(c, data, at, values, kind);
  }));
}
Value index_fill(Call& c) {
  const Edge x = c.edge("self");
  const Edge data = c.rank(x) == 0 ? c.reshape(x, Dims{1}) : x;
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(data)));
  const Edge at = c.reshape(c.cast(c.edge("index"), DType::kInt64), Dims{-1, 1});
  // Which positions of the axis are filled.
  const Edge n = c.reshape(c.size(data, axis), Dims{1});
  const Edge filled =
      c.op("ScatterND", {c.full(n, 0, DType::kBool), at, c.full(c.slice(c.shape(at), 0, 0, 1), 1, DType::kBool)});
  Dims dims(c.rank(data), 1);
  dims[static_cast<size_t>(axis)] = -1;
  const Edge value = c["value"].is_tensor() ? c.cast(c.edge("value"), x.dtype()) : c.number("value", x.dtype());
  const Edge result = c.where(c.reshape(filled, dims), value, data);
  return c.tensor(c.rank(x) == 0 ? c.reshape(result, Dims{}) : result);
}

// data[at] = values, or +=: on the parts of complex numbers, on bools as on numbers.
Edge scatter_nd(Call& c, const Edge& data, const Edge& at, const Edge& values, bool accumulate) {
  const AttrMap attrs = {{"reduction", std::string(accumulate ? "add" : "none")}};
  if (accumulate && is_complex(data.dtype())) {
    const Edge sums = c.op("ScatterND", {c.own("ViewAsReal", {data}), at, c.own("ViewAsReal", {values})}, attrs);
    return c.own("ViewAsComplex", {sums});
  }
  const bool flags = accumulate && data.dtype() == DType::kBool;
  const auto wide = [&](const Edge& e) { return flags ? c.cast(e, DType::kUInt8) : e; };
  return c.cast(c.op("ScatterND", {wide(data), at, wide(values)}, attrs), data.dtype());
}
// x[indices] = values, or += with accumulate.
Value index_put(Call& c) {
  const Edge x = c.edge("self");
  const std::vector<Edge> given = c.edges("indices");
  Edge values = c.cast(c.edge("values"), x.dtype());
  const bool accumulate = c.flag("accumulate");
  // One mask over leading axes with a single value: a choice, whose shape is known.
  const bool one_mask = given.size() == 1 && given[0].present() && given[0].dtype() == DType::kBool;
  if (one_mask && c.has_numbers(values) && count_of(c.dims(values)).is_number(1)) {
    Edge mask = given[0];
    Dims axes;
    for (size_t i = c.rank(mask); i < c.rank(x); ++i) axes.push_back(static_cast<int64_t>(i));
    mask = c.unsqueeze(mask, axes);
    const Edge value = c.reshape(values, Dims{});
    return c.tensor(c.where(mask, accumulate ? c.add(x, value) : value, x));
  }
  const Indices where = normalise_indices(c, x, given);
  if (where.indices.empty()) return c.tensor(accumulate ? c.add(x, values) : c.expand(values, c.shape(x)));
  const Edge front = c.transpose(x, where.perm);
  // Values have the shape that reading would give; with index axes between others, those come first here.
  const Edge read = read_indices(c, x, where);
  values = c.expand(values, c.shape(read));
  if (where.indices.size() == 1 || (where.adjacent && where.axes[0] != 0)) {
    const int64_t lead = where.axes[0];
    Dims perm;
    for (size_t i = 0; i < where.rank; ++i) perm.push_back(lead + static_cast<int64_t>(i));
    for (int64_t i = 0; i < lead; ++i) perm.push_back(i);
    for (auto i = lead + static_cast<int64_t>(where.rank); i < static_cast<int64_t>(c.rank(read)); ++i)
      perm.push_back(i);
    values = c.transpose(values, perm);
  }
  const Edge written = scatter_nd(c, front, joint_index(c, where), values, accumulate);
  return c.tensor(c.transpose(written, inverse_of(where.perm)));
}
Value put(Call& c) {
  const Edge x = c.edge("self");
  const Edge at = c.reshape(c.cast(c.edge("index"), DType::kInt64), Dims{-1, 1});
  const Edge source = c.reshape(c.edge("source"), Dims{-1});
  const Edge written = scatter_nd(c, c.reshape(x, Dims{-1}), at, source, c.flag("accumulate"));
  return c.tensor(c.reshape(written, c.shape(x)));
}

// x[indices] where the mask is true and `fill` elsewhere; and its gradient: values added at indices where it is true.
std::vector<Edge> within(Call& c, const std::vector<Edge>& given, const Edge& x) {
  std::vector<Edge> indices = given;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (!indices[i].present()) continue;
    const Edge last = c.sub(c.size(x, static_cast<int64_t>(i)), c.int64(1));
    const Edge at = c.cast(indices[i], DType::kInt64);
    indices[i] = c.max(c.min(at, last), c.sub(c.int64(-1), last));
  }
  return indices;
}
Value masked_index(Call& c) {
  const Edge x = c.edge("self");
  const Edge read = read_indices(c, x, normalise_indices(c, x, within(c, c.edges("indices"), x)));
  return c.tensor(c.where(c.to_bool(c.edge("mask")), read, c.number("fill", x.dtype())));
}
Value masked_index_put_accumulate(Call& c) {
  const Edge x = c.edge("self"), values = c.cast(c.edge("values"), x.dtype());
  const Indices where = normalise_indices(c, x, within(c, c.edges("indices"), x));
  if (where.indices.size() > 1 && (!where.adjacent || where.axes[0] != 0)) c.refuse("indices with gaps");
  if (where.axes.at(0) != 0) c.refuse("indices with gaps");
  const Edge kept = c.where(c.to_bool(c.edge("mask")), values, c.like(0, values));
  const Edge added = c.expand(kept, c.shape(read_indices(c, x, where)));
  return c.tensor(scatter_nd(c, x, joint_index(c, where), added, true));
}

// --- masks

Value masked_fill(Call& c) {
  const Edge x = c.edge("self"), mask = c.to_bool(c.edge("mask"));
  const Edge value = c["value"].is_tensor() ? c.cast(c.edge("value"), x.dtype()) : c.number("value", x.dtype());
  return c.tensor(c.where(mask, value, x));
}
// Elements of the source, in order, to where the mask is true.
Value masked_scatter(Call& c) {
  Edge x = c.edge("self"), mask = c.to_bool(c.edge("mask"));
  const SymDims* shapes[] = {&c.dims(x), &c.dims(mask)};
  const SymDims dims = must(broadcast(shapes));
  if (all_numbers(dims)) x = c.expand(x, to_numbers(dims));
  mask = c.expand(mask, c.shape(x));
  const Edge flat = c.reshape(c.cast(mask, DType::kInt64), Dims{-1});
  const Edge order = c.max(c.sub(c.op("CumSum", {flat, c.int64(0)}), 1), c.int64(0));
  const Edge source = c.reshape(c.cast(c.edge("source"), x.dtype()), Dims{-1});
  const Edge last = c.sub(c.count(source), 1);
  const Edge taken = c.reshape(c.gather(source, c.min(order, last), 0), c.shape(x));
  return c.tensor(c.where(mask, taken, x));
}
Value one_hot(Call& c) {
  const Edge x = c.edge("self");
  Edge classes = c.number("num_classes", DType::kInt64);
  if (c["num_classes"].is_int() && c.integer("num_classes") < 0) {
    classes = c.add(c.reduce("ReduceMax", x, c.all_axes(x), false), 1);
  }
  return c.tensor(c.cast(c.equal(c.unsqueeze(x, {-1}), c.range(classes)), DType::kInt64));
}

constexpr Row kRows[] = {
    {"scatter", scatter},
    {"scatter_add", scatter_add},
    {"scatter_reduce", scatter_reduce},
    {"index_add", index_add},
    {"index_copy", index_copy},
    {"index_reduce", index_reduce},
    {"index_fill", index_fill},
    {"index_put", index_put},
    {"_index_put_impl_", index_put},
    {"_unsafe_index_put", index_put},
    {"put", put},
    {"_unsafe_masked_index", masked_index},
    {"_unsafe_masked_index_put_accumulate", masked_index_put_accumulate},
    {"masked_fill", masked_fill},
    {"masked_scatter", masked_scatter},
    {"one_hot", one_hot},
};

}  // namespace
}  // namespace scatter_ops

std::span<const Row> scatter_rows() { return scatter_ops::kRows; }

}  // namespace thane::aten
