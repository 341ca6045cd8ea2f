// Comparisons, choices between two tensors, bounds.
#include <cmath>

#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace comparison_ops {
namespace {

enum class Relation { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

Edge compare(const Ops& ops, Relation relation, const Edge& a, const Edge& b) {
  switch (relation) {
    case Relation::kEqual: return ops.equal(a, b);
    case Relation::kNotEqual: return ops.logical_not(ops.equal(a, b));
    case Relation::kLess: return ops.less(a, b);
    case Relation::kLessEqual: return ops.less_equal(a, b);
    case Relation::kGreater: return ops.less(b, a);
    case Relation::kGreaterEqual: return ops.less_equal(b, a);
  }
  return {};
}

template <Relation kRelation>
Value compare(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(compare(c, kRelation, x[0], x[1]));
}

Edge is_nan(const Ops& ops, const Edge& x) {
  return is_float(x.dtype()) ? ops.op("IsNaN", {x}) : ops.full(ops.shape(x), 0, DType::kBool);
}

Edge close(Call& c) {
  const auto x = c.promoted({"self", "other"});
  const auto size = [&](const Edge& e) { return is_complex(e.dtype()) ? absolute(c, split(c, e)) : c.op("Abs", {e}); };
  Edge result = c.equal(x[0], x[1]);
  const double rtol = c.real("rtol", 1e-5), atol = c.real("atol", 1e-8);
  if (x[0].dtype() != DType::kBool) {
    const Edge a = c.floating(x[0]), b = c.floating(x[1]);
    const Edge difference = size(c.sub(a, b));
    const Edge allowed = c.add(c.mul(size(b), rtol), atol);
    const Edge finite = c.less(difference, c.like(std::numeric_limits<double>::infinity(), difference));
    result = c.either(result, c.both(finite, c.less_equal(difference, allowed)));
  }
  if (c.flag("equal_nan")) result = c.either(result, c.both(is_nan(c, x[0]), is_nan(c, x[1])));
  return result;
}
Value isclose(Call& c) { return c.tensor(close(c)); }
Edge all_of(const Ops& ops, const Edge& x) { return ops.reduce("ReduceMin", x, ops.all_axes(x), false); }
Value allclose(Call& c) { return c.context.scalar(all_of(c, close(c))); }
Value equal(Call& c) {
  const Edge a = c.edge("self"), b = c.edge("other");
  if (c.dims(a).size() != c.dims(b).size()) return false;
  if (c.has_numbers(a) && c.has_numbers(b) && c.numbers(a) != c.numbers(b)) return false;
  const auto x = c.promoted({"self", "other"});
  return c.context.scalar(all_of(c, c.equal(x[0], x[1])));
}

Value where(Call& c) {
  const Edge condition = c.to_bool(c.edge("condition"));
  if (!c.declares("self")) {
    // Without values: the positions, a tensor per axis.
    const Edge found = c.op("NonZero", {condition});
    std::vector<Edge> parts;
    for (size_t i = 0; i < c.rank(condition); ++i) parts.push_back(c.select(found, 0, static_cast<int64_t>(i)));
    return c.tensors(parts);
  }
  const auto x = c.promoted({"self", "other"});
  return c.tensor(c.where(condition, x[0], x[1]));
}

Edge bound(Call& c, const Edge& x, std::string_view low, std::string_view high) {
  Edge result = x;
  const auto value = [&](std::string_view name) {
    return c[name].is_tensor() ? c.cast(c.edge(name), x.dtype()) : c.number(name, x.dtype());
  };
  if (c.has(low)) result = c.max(result, value(low));
  if (c.has(high)) result = c.min(result, value(high));
  return result;
}
Edge clamp(Call& c, std::string_view low, std::string_view high) {
  Promotion promotion;
  Ops ops(c.context);
  for (const std::string_view name : {std::string_view("self"), low, high}) {
    if (c.has(name)) promotion.add(ops, c[name]);
  }
  const Edge x = c.cast(c.edge("self"), promotion.result());
  const bool numbers = !c[low].is_tensor() && !c[high].is_tensor() && !c[low].is_symbol() && !c[high].is_symbol();
  if (!numbers || !(mask_of(x.dtype()) & kNumeric)) return bound(c, x, low, high);
  // One node, which kernels know; the upper bound wins where they cross, there as here.
  const Edge l = c.has(low) ? c.number(low, x.dtype()) : Edge{}, h = c.has(high) ? c.number(high, x.dtype()) : Edge{};
  if (is_float(x.dtype()) && ((c.has(low) && std::isnan(c.real(low))) || (c.has(high) && std::isnan(c.real(high))))) {
    return bound(c, x, low, high);
  }
  return c.op("Clip", {x, l, h});
}
Value clamp(Call& c) { return c.tensor(clamp(c, "min", "max")); }
Value clamp_min(Call& c) { return c.tensor(clamp(c, "min", "none")); }
Value clamp_max(Call& c) { return c.tensor(clamp(c, "none", "max")); }

Value isin(Call& c) {
  Promotion promotion;
  Ops ops(c.context);
  const std::string_view e = c.declares("element") ? "element" : "elements";
  const std::string_view t = c.declares("test_element") ? "test_element" : "test_elements";
  promotion.add(ops, c[e]);
  promotion.add(ops, c[t]);
  const DType dtype = promotion.result();
  const Edge elements = c.cast(c.edge(e), dtype), tests = c.reshape(c.cast(c.edge(t), dtype), Dims{-1});
  const Edge found = c.reduce("ReduceMax", c.equal(c.unsqueeze(elements, {-1}), tests), {-1}, false);
  return c.tensor(c.flag("invert") ? c.logical_not(found) : found);
}

constexpr Row kRows[] = {
    {"eq", compare<Relation::kEqual>},
    {"ne", compare<Relation::kNotEqual>},
    {"not_equal", compare<Relation::kNotEqual>},
    {"lt", compare<Relation::kLess>},
    {"less", compare<Relation::kLess>},
    {"le", compare<Relation::kLessEqual>},
    {"less_equal", compare<Relation::kLessEqual>},
    {"gt", compare<Relation::kGreater>},
    {"greater", compare<Relation::kGreater>},
    {"ge", compare<Relation::kGreaterEqual>},
    {"greater_equal", compare<Relation::kGreaterEqual>},
    {"isclose", isclose},
    {"allclose", allclose},
    {"equal", equal},
    {"where", where},
    {"clamp", clamp},
    {"clip", clamp},
    {"clamp_min", clamp_min},
    {"clamp_max", clamp_max},
    {"isin", isin},
};

}  // namespace
}  // namespace comparison_ops

std::span<const Row> comparison_rows() { return comparison_ops::kRows; }

}  // namespace thane::aten
