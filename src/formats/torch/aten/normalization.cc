// Normalizations. Each stays one node where the op set has it.
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace normalization_ops {
namespace {

Edge filled(Call& c, const Edge& given, const Dim& channels, double value, DType dtype) {
  if (given.present()) return given;
  if (!channels.is_number()) c.refuse("a normalization without weights over channels known only at run time");
  return c.full(Dims{channels.number()}, value, dtype);
}
Dims axes_but_channel(Call& c, const Edge& x) {
  Dims axes = c.all_axes(x);
  axes.erase(axes.begin() + 1);
  return axes;
}
// One number per channel, to broadcast against [batch, channels, …].
Edge per_channel(Call& c, const Edge& vector, const Edge& x) {
  Dims dims(c.rank(x), 1);
  dims[1] = -1;
  return c.reshape(vector, dims);
}

struct BatchNorm {
  Edge y, mean, inverse;
};
BatchNorm batch_norm_parts(Call& c, bool training) {
  const Edge x = c.edge("input");
  if (c.rank(x) < 2) fail(invalid_model("batch norm of a tensor of rank below 2"));
  const Dim& channels = c.dims(x)[1];
  const double eps = c.real("eps", 1e-5);
  const Edge weight = filled(c, c.optional_edge("weight"), channels, 1, x.dtype());
  const Edge bias = filled(c, c.optional_edge("bias"), channels, 0, x.dtype());
  if (!training) {
    const Edge mean = c.edge("running_mean"), var = c.edge("running_var");
    return {c.op("BatchNormalization", {x, weight, bias, mean, var}, {{"epsilon", static_cast<float>(eps)}}), mean,
            var};
  }
  const Dims axes = axes_but_channel(c, x);
  const Edge mean = c.mean(x, axes), centred = c.sub(x, per_channel(c, mean, x));
  const Edge var = c.mean(c.square(centred), axes);
  if (c.has("running_mean") && c.has("running_var")) {
    const double momentum = c.real("momentum", 0.1);
    double count = 1;
    for (const int64_t axis : axes) count *= static_cast<double>(c.number(x, axis));
    const auto blend = [&](std::string_view name, const Edge& now, double factor) {
      const Edge old = c.edge(name);
      const Edge next = c.add(c.mul(old, 1 - momentum), c.mul(c.cast(now, old.dtype()), momentum * factor));
      must(c.context.write(c.box(name), next));
    };
    blend("running_mean", mean, 1);
    blend("running_var", var, count / std::max(count - 1, 1.0));
  }
  const Edge inverse = c.op("Reciprocal", {c.sqrt(c.add(var, eps))});
  const Edge y = c.add(c.mul(centred, per_channel(c, c.mul(inverse, weight), x)), per_channel(c, bias, x));
  return {y, mean, inverse};
}
Value batch_norm(Call& c) {
  const bool training = c.flag("training") || !c.has("running_mean");
  return c.tensor(batch_norm_parts(c, training).y);
}
Value native_batch_norm(Call& c) {
  const bool frozen = c.name().find("no_training") != std::string_view::npos;
  const bool updating = c.name().find("_with_update") != std::string_view::npos;
  const bool training = !frozen && (updating || c.flag("training") || !c.has("running_mean"));
  const BatchNorm parts = batch_norm_parts(c, training);
  const Edge empty = c.full(Dims{0}, 0, c.dtype("input"));
  if (c.name().find("_with_update") != std::string_view::npos) {
    const Edge reserve = c.full(Dims{0}, 0, DType::kUInt8);
    return training ? c.results(parts.y, parts.mean, parts.inverse, reserve)
                    : c.results(parts.y, empty, empty, reserve);
  }
  if (training) return c.results(parts.y, parts.mean, parts.inverse);
  return c.results(parts.y, empty, empty);
}
Value instance_norm(Call& c) {
  const Edge x = c.edge("input");
  if (!c.flag("use_input_stats", true)) return c.tensor(batch_norm_parts(c, false).y);
  const Dim& channels = c.dims(x)[1];
  const Edge weight = filled(c, c.optional_edge("weight"), channels, 1, x.dtype());
  const Edge bias = filled(c, c.optional_edge("bias"), channels, 0, x.dtype());
  return c.tensor(
      c.op("InstanceNormalization", {x, weight, bias}, {{"epsilon", static_cast<float>(c.real("eps", 1e-5))}}));
}

Value layer_norm(Call& c) {
  const Edge x = c.edge("input");
  const Dims shape = c.ints("normalized_shape");
  const Edge weight = c.has("weight") ? c.cast(c.edge("weight"), x.dtype()) : c.full(shape, 1, x.dtype());
  std::vector<Edge> inputs = {x, weight};
  if (c.has("bias")) inputs.push_back(c.cast(c.edge("bias"), x.dtype()));
  const AttrMap attrs = {{"axis", -static_cast<int64_t>(shape.size())},
                         {"epsilon", static_cast<float>(c.real("eps", 1e-5))}};
  if (c.name() != "aten::native_layer_norm") return c.tensor(c.op("LayerNormalization", std::move(inputs), attrs));
  if (x.dtype() == DType::kFloat32) {
    const auto y = c.many({.op = "LayerNormalization", .inputs = std::move(inputs), .outputs = 3, .attrs = attrs});
    return c.results(y[0], y[1], y[2]);
  }
  // The node's statistics are float32; torch's have the dtype of x.
  const Edge wide = x.dtype() == DType::kFloat64 ? x : c.cast(x, DType::kFloat32);
  Dims axes;
  for (size_t i = 0; i < shape.size(); ++i) axes.push_back(-1 - static_cast<int64_t>(i));
  const Edge mean = c.mean(wide, axes, true);
  const Edge var = c.mean(c.square(c.sub(wide, mean)), axes, true);
  const Edge inverse = c.op("Reciprocal", {c.sqrt(c.add(var, c.real("eps", 1e-5)))});
  return c.results(c.op("LayerNormalization", std::move(inputs), attrs), c.cast(mean, x.dtype()),
                   c.cast(inverse, x.dtype()));
}
Value rms_norm(Call& c) {
  const Edge x = c.edge("input");
  const Dims shape = c.ints("normalized_shape");
  const double machine = x.dtype() == DType::kFloat64 ? 2.220446049250313e-16 : 1.1920928955078125e-07;
  const Edge weight = c.has("weight") ? c.cast(c.edge("weight"), x.dtype()) : c.full(shape, 1, x.dtype());
  return c.tensor(
      c.op("RMSNormalization", {x, weight},
           {{"axis", -static_cast<int64_t>(shape.size())}, {"epsilon", static_cast<float>(c.real("eps", machine))}}));
}
Value group_norm(Call& c) {
  const Edge x = c.edge("input");
  const int64_t groups = c.integer(c.declares("num_groups") ? "num_groups" : "group");
  const Dim& channels = c.dims(x).at(1);
  const Edge weight = filled(c, c.optional_edge("weight"), channels, 1, x.dtype());
  const Edge bias = filled(c, c.optional_edge("bias"), channels, 0, x.dtype());
  const double eps = c.real("eps", 1e-5);
  const Edge y =
      c.op("GroupNormalization", {x, weight, bias}, {{"num_groups", groups}, {"epsilon", static_cast<float>(eps)}});
  if (c.name() != "aten::native_group_norm") return c.tensor(y);
  int64_t row = groups == 0 ? 0 : channels.is_number() ? channels.number() / groups : -1;
  for (size_t i = 2; i < c.rank(x); ++i) row = row < 0 ? row : row * c.number(x, static_cast<int64_t>(i));
  const Edge rows = c.reshape(x, Dims{c.number(x, 0), groups, row});
  const Edge mean = c.mean(rows, {-1}, true);
  const Edge var = c.mean(c.square(c.sub(rows, mean)), {-1});
  return c.results(y, c.squeeze(mean, {-1}), c.op("Reciprocal", {c.sqrt(c.add(var, eps))}));
}
// g · v / ‖v‖ over all axes but one.
Value weight_norm(Call& c) {
  const Edge v = c.edge("v"), g = c.edge("g");
  Dims axes = c.all_axes(v);
  const int64_t dim = c.integer("dim", 0);
  if (dim != -1) axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(c.axis(dim, c.rank(v))));
  const Edge norm = c.reduce("ReduceL2", v, axes, true);
  const Edge w = c.mul(v, c.div(g, norm));
  return c.name() == "aten::_weight_norm_interface" ? c.results(w, norm) : c.tensor(w);
}

constexpr Row kRows[] = {
    {"batch_norm", batch_norm},
    {"native_batch_norm", native_batch_norm},
    {"_native_batch_norm_legit", native_batch_norm},
    {"_batch_norm_with_update", native_batch_norm},
    {"_native_batch_norm_legit_no_training", native_batch_norm},
    {"instance_norm", instance_norm},
    {"layer_norm", layer_norm},
    {"native_layer_norm", layer_norm},
    {"rms_norm", rms_norm},
    {"group_norm", group_norm},
    {"native_group_norm", group_norm},
    {"_weight_norm", weight_norm},
    {"_weight_norm_interface", weight_norm},
};

}  // namespace
}  // namespace normalization_ops

std::span<const Row> normalization_rows() { return normalization_ops::kRows; }

}  // namespace thane::aten
