// Losses: a value per element, then none, mean or sum of them.
#include <cmath>
#include <limits>
#include <numbers>

#include "formats/torch/aten/complex.h"

namespace thane::aten {
namespace loss_ops {
namespace {

Edge total(Call& c, const Edge& x) {
  switch (c.integer("reduction", 1)) {
    case 0: return x;
    case 1: return c.mean(x, c.all_axes(x));
    default: return c.sum(x, c.all_axes(x));
  }
}
Value reduced(Call& c, const Edge& x) { return c.tensor(total(c, x)); }
Edge positive(Call& c, const Edge& x) { return c.max(x, c.like(0, x)); }
std::vector<Edge> input_and_target(Call& c) { return c.promoted({"self", "target"}); }

Value mse(Call& c) {
  const auto x = input_and_target(c);
  return reduced(c, c.square(c.sub(x[0], x[1])));
}
Value l1(Call& c) {
  const auto x = input_and_target(c);
  const Edge difference = c.sub(x[0], x[1]);
  return reduced(c, is_complex(difference.dtype()) ? absolute(c, split(c, difference)) : c.op("Abs", {difference}));
}
Value smooth_l1(Call& c) {
  const auto x = input_and_target(c);
  const double beta = c.real("beta", 1);
  const Edge d = c.op("Abs", {c.sub(x[0], x[1])});
  if (beta == 0) return reduced(c, d);
  return reduced(c, c.where(c.less(d, c.like(beta, d)), c.mul(c.square(d), 0.5 / beta), c.sub(d, 0.5 * beta)));
}
Value huber(Call& c) {
  const auto x = input_and_target(c);
  const double delta = c.real("delta", 1);
  const Edge d = c.op("Abs", {c.sub(x[0], x[1])});
  return reduced(
      c, c.where(c.less_equal(d, c.like(delta, d)), c.mul(c.square(d), 0.5), c.mul(c.sub(d, 0.5 * delta), delta)));
}
Edge weighted(Call& c, const Edge& x) { return c.has("weight") ? c.mul(x, c.edge("weight")) : x; }
Value binary_cross_entropy(Call& c) {
  const Edge x = c.edge("self"), t = c.edge("target");
  const Edge floor = c.like(-100, x);
  const Edge yes = c.max(c.log(x), floor), no = c.max(c.own("Log1p", {c.neg(x)}), floor);
  return reduced(c, weighted(c, c.neg(c.add(c.mul(t, yes), c.mul(c.sub(1, t), no)))));
}
Value binary_cross_entropy_with_logits(Call& c) {
  const Edge x = c.edge("self"), t = c.edge("target");
  const Edge tail = c.op("Softplus", {c.neg(x)});  // −log σ(x)
  Edge y;
  if (c.has("pos_weight")) {
    const Edge factor = c.add(c.mul(c.sub(c.edge("pos_weight"), 1), t), 1);
    y = c.add(c.mul(c.sub(1, t), x), c.mul(factor, tail));
  } else {
    y = c.add(c.mul(c.sub(1, t), x), tail);
  }
  return reduced(c, weighted(c, y));
}

struct ClassLoss {
  Edge loss, weight;
};
// −w[t] · x[t] along the class axis (1, or 0 without a batch), ignored targets give 0.
ClassLoss negative_log_likelihood(Call& c, const Edge& x, const Edge& target, const Edge& class_weight) {
  const int64_t ignored = c.integer("ignore_index", -100);
  const int64_t axis = c.rank(x) == 1 ? 0 : 1;
  const Edge t = c.cast(target, DType::kInt64);
  const Edge kept = c.logical_not(c.equal(t, c.int64(ignored)));
  const Edge safe = c.where(kept, t, c.int64(0));
  const Edge picked = c.squeeze(c.op("GatherElements", {x, c.unsqueeze(safe, {axis})}, {{"axis", axis}}), {axis});
  Edge weight = class_weight.present() ? c.gather(class_weight, safe, 0) : c.full(c.shape(t), 1, x.dtype());
  weight = c.where(kept, weight, c.like(0, weight));
  return {c.neg(c.mul(c.where(kept, picked, c.like(0, picked)), weight)), weight};
}
Edge class_total(Call& c, const ClassLoss& parts) {
  const Dims axes = c.all_axes(parts.loss);
  switch (c.integer("reduction", 1)) {
    case 0: return parts.loss;
    case 1: return c.div(c.sum(parts.loss, axes), c.sum(parts.weight, axes));
    default: return c.sum(parts.loss, axes);
  }
}
Value nll_loss(Call& c) {
  const ClassLoss parts = negative_log_likelihood(c, c.edge("self"), c.edge("target"), c.optional_edge("weight"));
  const Edge loss = class_total(c, parts);
  if (c.name().ends_with("_forward")) return c.results(loss, c.sum(parts.weight, c.all_axes(parts.weight)));
  return c.tensor(loss);
}
Value cross_entropy(Call& c) {
  const Edge x = c.edge("self"), target = c.edge("target"), weight = c.optional_edge("weight");
  const int64_t axis = c.rank(x) == 1 ? 0 : 1;
  const Edge logs = c.op("LogSoftmax", {x}, {{"axis", axis}});
  const double smoothing = c.real("label_smoothing", 0);
  Dims dims(c.rank(x), 1);
  dims[static_cast<size_t>(axis)] = -1;
  const Edge shaped = weight.present() ? c.reshape(weight, dims) : Edge{};
  if (is_float(target.dtype())) {
    // Class probabilities.
    const int64_t classes = c.number(x, axis);
    Edge t = target;
    if (smoothing > 0) t = c.add(c.mul(t, 1 - smoothing), smoothing / static_cast<double>(classes));
    Edge y = c.mul(logs, t);
    if (shaped.present()) y = c.mul(y, shaped);
    const Edge loss = c.neg(c.sum(y, {axis}));
    if (c.integer("reduction", 1) == 0) return c.tensor(loss);
    const Edge all = c.sum(loss, c.all_axes(loss));
    if (c.integer("reduction", 1) == 2) return c.tensor(all);
    const Edge rows = c.cast(c.count(loss), x.dtype());
    return c.tensor(c.div(all, rows));
  }
  const ClassLoss parts = negative_log_likelihood(c, logs, target, weight);
  const Edge loss = class_total(c, parts);
  if (smoothing == 0) return c.tensor(loss);
  Edge smooth = c.neg(c.sum(shaped.present() ? c.mul(logs, shaped) : logs, {axis}));
  const Edge kept = c.logical_not(c.equal(c.cast(target, DType::kInt64), c.int64(c.integer("ignore_index", -100))));
  smooth = c.where(kept, smooth, c.like(0, smooth));
  Edge spread = smooth;
  if (c.integer("reduction", 1) != 0) spread = c.sum(smooth, c.all_axes(smooth));
  if (c.integer("reduction", 1) == 1) {
    const Edge divisor = weight.present() ? parts.weight : c.cast(kept, x.dtype());
    spread = c.div(spread, c.sum(divisor, c.all_axes(divisor)));
  }
  const double classes = static_cast<double>(c.number(x, axis));
  return c.tensor(c.add(c.mul(loss, 1 - smoothing), c.mul(spread, smoothing / classes)));
}
Value kl_div(Call& c) {
  const auto x = input_and_target(c);
  Edge y;
  if (c.flag("log_target")) {
    y = c.mul(c.exp(x[1]), c.sub(x[1], x[0]));
  } else {
    const Edge present = c.less(c.like(0, x[1]), x[1]);
    const Edge safe = c.where(present, x[1], c.like(1, x[1]));
    y = c.sub(c.mul(x[1], c.log(safe)), c.mul(x[1], x[0]));
  }
  return reduced(c, y);
}
Value poisson_nll(Call& c) {
  const auto x = c.promoted({"input", "target"}, true);
  Edge y;
  if (c.flag("log_input"))
    y = c.sub(c.exp(x[0]), c.mul(x[1], x[0]));
  else
    y = c.sub(x[0], c.mul(x[1], c.log(c.add(x[0], c.real("eps")))));
  if (c.flag("full")) {
    const Edge t = x[1];
    const Edge stirling = c.add(c.sub(c.mul(t, c.log(t)), t), c.mul(c.log(c.mul(t, 2 * std::numbers::pi)), 0.5));
    y = c.add(y, c.where(c.less(c.like(1, t), t), stirling, c.like(0, t)));
  }
  return reduced(c, y);
}
Value soft_margin(Call& c) {
  return reduced(c, c.own("Log1p", {c.exp(c.neg(c.mul(c.edge("self"), c.edge("target"))))}));
}
Value hinge_embedding(Call& c) {
  const Edge x = c.edge("self"), t = c.edge("target");
  const Edge far = positive(c, c.sub(c.real("margin", 1), x));
  const Edge zero = c.like(0, x);
  const Edge minus = c.where(c.equal(t, c.like(1, t)), zero, far), plus = c.where(c.equal(t, c.like(-1, t)), zero, x);
  return reduced(c, c.add(minus, plus));
}
Value margin_ranking(Call& c) {
  // Integers wrap around, as the operands stand.
  const Edge difference = c.sub(c.edge("input1"), c.edge("input2")), t = c.edge("target");
  const Edge product = c.mul(c.sub(c.like(0, t), t), difference);
  const Edge shifted =
      c["margin"].is_int() ? c.add(product, c.real("margin", 0)) : c.add(c.floating(product), c.real("margin", 0));
  return reduced(c, positive(c, shifted));
}
Value cosine_embedding(Call& c) {
  const auto x = c.promoted({"input1", "input2"}, true);
  const Edge a = x[0], b = x[1], t = c.edge("target");
  constexpr double kEpsilon = 1e-12;
  const auto dot = [&](const Edge& x, const Edge& y) { return c.sum(c.mul(x, y), {-1}); };
  const Edge norm = c.sqrt(c.mul(c.add(dot(a, a), kEpsilon), c.add(dot(b, b), kEpsilon)));
  const Edge cosine = c.div(dot(a, b), norm);
  const Edge zero = c.like(0, cosine);
  const Edge same = c.where(c.equal(t, c.like(1, t)), c.sub(1, cosine), zero);
  const Edge other = c.where(c.equal(t, c.like(-1, t)), positive(c, c.sub(cosine, c.real("margin", 0))), zero);
  return reduced(c, c.add(same, other));
}
Value triplet_margin(Call& c) {
  const double p = c.real("p", 2), eps = c.real("eps", 1e-6);
  const auto distance = [&](const Edge& a, const Edge& b) {
    const Edge difference = c.add(c.floating(c.sub(a, b)), eps);
    const Edge d = is_complex(difference.dtype()) ? absolute(c, split(c, difference)) : c.op("Abs", {difference});
    if (p == 2) return c.reduce("ReduceL2", d, {-1}, false);
    return c.op("Pow", {c.sum(c.op("Pow", {d, c.like(p, d)}), {-1}), c.like(1 / p, d)});
  };
  const Edge a = c.edge("anchor"), pos = c.edge("positive"), neg = c.edge("negative");
  Edge near = distance(a, pos), far = distance(a, neg);
  if (c.flag("swap")) far = c.min(far, distance(pos, neg));
  return reduced(c, positive(c, c.add(c.sub(near, far), c.real("margin", 1))));
}
// Margins against the target class, with the target's own left out.
Value multi_margin(Call& c) {
  Edge x = c.edge("self"), t = c.edge("target");
  const bool single = c.rank(x) < 2;
  if (single) x = c.reshape(x, Dims{1, -1}), t = c.reshape(t, Dims{1});
  const Edge column = c.unsqueeze(t, {1});
  const Edge own = c.op("GatherElements", {x, column}, {{"axis", int64_t{1}}});
  Edge z = positive(c, c.add(c.sub(x, own), c.real("margin", 1)));
  if (c.integer("p", 1) == 2) z = c.square(z);
  if (c.has("weight")) z = c.mul(z, c.unsqueeze(c.gather(c.edge("weight"), t, 0), {1}));
  const Edge is_own = c.equal(c.range(c.size(x, 1)), column);
  const Edge y = c.mean(c.where(is_own, c.like(0, z), z), {1});
  return c.tensor(single && c.integer("reduction", 1) == 0 ? c.reshape(y, Dims{}) : total(c, y));
}

constexpr Row kRows[] = {
    {"mse_loss", mse},
    {"l1_loss", l1},
    {"smooth_l1_loss", smooth_l1},
    {"huber_loss", huber},
    {"binary_cross_entropy", binary_cross_entropy},
    {"binary_cross_entropy_with_logits", binary_cross_entropy_with_logits},
    {"nll_loss", nll_loss},
    {"nll_loss_nd", nll_loss},
    {"nll_loss2d", nll_loss},
    {"nll_loss_forward", nll_loss},
    {"nll_loss2d_forward", nll_loss},
    {"cross_entropy_loss", cross_entropy},
    {"kl_div", kl_div},
    {"poisson_nll_loss", poisson_nll},
    {"soft_margin_loss", soft_margin},
    {"hinge_embedding_loss", hinge_embedding},
    {"margin_ranking_loss", margin_ranking},
    {"cosine_embedding_loss", cosine_embedding},
    {"triplet_margin_loss", triplet_margin},
    {"multi_margin_loss", multi_margin},
};

}  // namespace
}  // namespace loss_ops

std::span<const Row> loss_rows() { return loss_ops::kRows; }

}  // namespace thane::aten
