// Random tensors. The numbers are thane's own: only shapes, types and distributions are PyTorch's.
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace random_ops {
namespace {

Edge uniform(Call& c, const Edge& shape, double low, double high) {
  return c.op("RandomUniformLike", {c.full(shape, 0, DType::kFloat32)},
              {{"low", static_cast<float>(low)}, {"high", static_cast<float>(high)}});
}
Edge normal(Call& c, const Edge& shape) { return c.op("RandomNormalLike", {c.full(shape, 0, DType::kFloat32)}); }
Edge wanted_shape(Call& c) { return c.declares("size") ? c.shape_edge(c["size"]) : c.shape(c.edge("self")); }
DType wanted_dtype(Call& c) {
  return c.dtype_argument("dtype", c.declares("self") ? c.dtype("self") : DType::kFloat32);
}
Value rand(Call& c) { return c.tensor(c.cast(uniform(c, wanted_shape(c), 0, 1), wanted_dtype(c))); }
Value randn(Call& c) { return c.tensor(c.cast(normal(c, wanted_shape(c)), wanted_dtype(c))); }
Value randint(Call& c) {
  const double low = c.real("low", 0), high = c.real("high");
  const DType dtype = c.dtype_argument("dtype", c.declares("self") ? c.dtype("self") : DType::kInt64);
  return c.tensor(c.cast(c.op("Floor", {uniform(c, wanted_shape(c), low, high)}), dtype));
}
Value randperm(Call& c) {
  const int64_t n = c.integer("n");
  const auto order =
      c.many({.op = "TopK", .inputs = {uniform(c, c.int64s({n}), 0, 1), c.int64s({n})}, .outputs = 2, .attrs = {}});
  return c.tensor(c.cast(order[1], c.dtype_argument("dtype", DType::kInt64)));
}
Value bernoulli(Call& c) {
  const Edge x = c.edge("self");
  Edge p = c.declares("p") ? (c["p"].is_tensor() ? c.edge("p") : c.number("p", DType::kFloat32)) : x;
  return c.tensor(c.cast(c.less(uniform(c, c.shape(x), 0, 1), c.cast(p, DType::kFloat32)), x.dtype()));
}
Value uniform_(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.cast(uniform(c, c.shape(x), c.real("from", 0), c.real("to", 1)), x.dtype()));
}
Value normal_(Call& c) {
  if (c.declares("size")) {
    const Edge z = normal(c, c.shape_edge(c["size"]));
    return c.tensor(
        c.cast(c.add(c.mul(z, c.real("std", 1)), c.real("mean", 0)), c.dtype_argument("dtype", DType::kFloat32)));
  }
  Edge mean = c.edge(c.declares("self") ? "self" : c["mean"].is_tensor() ? "mean" : "std");
  const Edge z = c.cast(normal(c, c.shape(mean)), mean.dtype());
  if (c.declares("self")) return c.tensor(c.add(c.mul(z, c.real("std", 1)), c.real("mean", 0)));
  const auto part = [&](std::string_view name) {
    return c[name].is_tensor() ? c.edge(name) : c.number_of(c[name].is_none() ? Value(1) : c[name], mean.dtype());
  };
  return c.tensor(c.add(c.mul(z, part("std")), part("mean")));
}
Value exponential(Call& c) {
  const Edge x = c.edge("self");
  const Edge u = uniform(c, c.shape(x), 1e-7, 1);
  return c.tensor(c.cast(c.div(c.neg(c.log(u)), c.real("lambd", 1)), x.dtype()));
}
Value multinomial(Call& c) {
  const Edge x = c.edge("self");
  const bool single = c.rank(x) == 1;
  const Edge rows = single ? c.unsqueeze(x, {0}) : x;
  const int64_t n = c.integer("num_samples");
  Edge y;
  if (c.flag("replacement")) {
    y = c.op("Multinomial", {c.log(c.cast(rows, DType::kFloat32))},
             {{"sample_size", n}, {"dtype", static_cast<int64_t>(DType::kInt64)}});
  } else {
    // The largest of log p + Gumbel noise.
    const Edge u = uniform(c, c.shape(rows), 1e-7, 1);
    const Edge keys = c.sub(c.log(c.cast(rows, DType::kFloat32)), c.log(c.neg(c.log(u))));
    y = c.many({.op = "TopK", .inputs = {keys, c.int64s({n})}, .outputs = 2, .attrs = {}})[1];
  }
  return c.tensor(single ? c.squeeze(y, {0}) : y);
}

constexpr Row kRows[] = {
    {"rand", rand},
    {"rand_like", rand},
    {"randn", randn},
    {"randn_like", randn},
    {"randint", randint},
    {"randint_like", randint},
    {"randperm", randperm},
    {"bernoulli", bernoulli},
    {"uniform", uniform_},
    {"normal", normal_},
    {"normal_functional", normal_},
    {"exponential", exponential},
    {"multinomial", multinomial},
};

}  // namespace
}  // namespace random_ops

std::span<const Row> random_rows() { return random_ops::kRows; }

}  // namespace thane::aten
