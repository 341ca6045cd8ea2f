// New tensors from sizes and numbers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/torch/aten/limits.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace factory_ops {
namespace {

// Without a dtype: float for floats, int64 for integers.
DType default_dtype(Call& c, const Value& value) {
  if (c.has("dtype")) return c.dtype_argument("dtype", DType::kFloat32);
  if (value.is_bool()) return DType::kBool;
  if (value.is_int() || (value.is_symbol() && value.symbol().dtype() == DType::kInt64)) return DType::kInt64;
  if (value.is_complex()) return DType::kComplex64;
  return DType::kFloat32;
}
Value filled(Call& c, const Edge& shape, const Value& value, DType dtype) {
  if (value.is_number() && !value.is_complex()) {
    const double number = value.is_float()  ? value.real()
                          : value.is_bool() ? value.boolean()
                                            : static_cast<double>(value.integer());
    if (!value.is_int() || std::abs(number) < 9e15) return c.tensor(c.full(shape, number, dtype));
  }
  return c.tensor(c.expand(c.number_of(value, dtype), shape));
}
template <int kNumber>
Value constant(Call& c) {
  return filled(c, c.shape_edge(c["size"]), Value(kNumber), c.dtype_argument("dtype", DType::kFloat32));
}
template <int kNumber>
Value constant_like(Call& c) {
  const Edge x = c.edge("self");
  return filled(c, c.shape(x), Value(kNumber), c.dtype_argument("dtype", x.dtype()));
}
template <int kNumber>
Value new_constant(Call& c) {
  return filled(c, c.shape_edge(c["size"]), Value(kNumber), c.dtype_argument("dtype", c.dtype("self")));
}
Value full(Call& c) {
  const Value& value = c["fill_value"];
  return filled(c, c.shape_edge(c["size"]), value, default_dtype(c, value));
}
Value full_like(Call& c) {
  const Edge x = c.edge("self");
  return filled(c, c.shape(x), c["fill_value"], c.dtype_argument("dtype", x.dtype()));
}
Value new_full(Call& c) {
  return filled(c, c.shape_edge(c["size"]), c["fill_value"], c.dtype_argument("dtype", c.dtype("self")));
}
Value empty_strided(Call& c) { return constant<0>(c); }
Value scalar_tensor(Call& c) { return c.tensor(c.number("s", c.dtype_argument("dtype", DType::kFloat32))); }

// A nested list of numbers or tensors, row by row.
DType dtype_of(Call& c, const Value& value) {
  if (value.is_tensor()) return c.edge_of(value).dtype();
  if (const auto* items = value.items()) {
    DType dtype = DType::kUndefined;
    for (const Value& item : *items) {
      const DType one = dtype_of(c, item);
      dtype = dtype == DType::kUndefined ? one : promote_types(dtype, one);
    }
    return dtype == DType::kUndefined ? DType::kFloat32 : dtype;
  }
  return default_dtype(c, value);
}
Edge nested(Call& c, const Value& value, DType dtype) {
  const auto* items = value.items();
  if (!items) return c.number_of(value, dtype);
  if (items->empty()) return c.full(Dims{0}, 0, dtype);
  std::vector<Edge> rows;
  for (const Value& item : *items) rows.push_back(c.unsqueeze(nested(c, item, dtype), {0}));
  return c.concat(std::move(rows), 0);
}
Value tensor(Call& c) {
  const Value& data = c.declares("t") ? c["t"] : c["data"];
  return c.tensor(nested(c, data, c.has("dtype") ? c.dtype_argument("dtype", DType::kFloat32) : dtype_of(c, data)));
}

bool is_real_number(const Value& value) {
  return value.is_float() || (value.is_symbol() && value.symbol().dtype() == DType::kFloat64);
}
Value arange(Call& c) {
  const Value start = c.has("start") ? c["start"] : Value(0), step = c.has("step") ? c["step"] : Value(1);
  const Value& end = c["end"];
  const bool real = is_real_number(start) || is_real_number(end) || is_real_number(step);
  const DType dtype = c.has("dtype") ? c.dtype_argument("dtype", DType::kFloat32)
                      : real         ? DType::kFloat32
                                     : DType::kInt64;
  if (start.is_number() && end.is_number() && step.is_number()) {
    // As torch does: the count from doubles, element i as start + i · step.
    const double a = c.real("start", 0), b = c.real("end"), s = c.real("step", 1);
    if (s == 0 || (b - a) / s < 0) fail(invalid_model("arange that never reaches its end"));
    const double count = std::ceil((b - a) / s);
    if (!(count < 1e15)) fail(resource_limit(format("arange of {} elements", count)));
    const auto n = static_cast<int64_t>(count);
    const bool wide = is_float(dtype);
    if (n > 65536) {  // made when it is needed
      const Edge at = c.cast(c.range(c.int64(n)), wide ? DType::kFloat64 : DType::kInt64);
      return c.tensor(
          c.cast(wide || !real ? c.add(c.mul(at, s), a) : c.add(c.mul(at, std::trunc(s)), std::trunc(a)), dtype));
    }
    thane::Tensor values = must(thane::Tensor::allocate(wide ? DType::kFloat64 : DType::kInt64, {n}));
    for (int64_t i = 0; i < n; ++i) {
      if (wide)
        values.data<double>()[i] = a + static_cast<double>(i) * s;
      else if (!real)
        values.data<int64_t>()[i] = c.integer("start", 0) + i * c.integer("step", 1);
      else
        values.data<int64_t>()[i] = static_cast<int64_t>(static_cast<int64_t>(a) + i * static_cast<int64_t>(s));
    }
    return c.tensor(c.cast(c.constant(std::move(values)), dtype));
  }
  const DType inner = real ? DType::kFloat64 : DType::kInt64;
  const Edge range = c.op("Range", {c.number_of(start, inner), c.number_of(end, inner), c.number_of(step, inner)});
  return c.tensor(c.cast(range, dtype));
}
Value range(Call& c) {
  const double a = c.real("start", 0), b = c.real("end"), s = c.real("step", 1);
  const DType dtype = c.dtype_argument("dtype", DType::kFloat32);
  const double count = std::floor((b - a) / s) + 1;
  if (!(count >= 0 && count < 4e6)) fail(invalid_model("range that never reaches its end"));
  const Edge at = c.range(static_cast<int64_t>(count), DType::kFloat64);
  return c.tensor(c.cast(c.add(c.mul(at, s), a), dtype));
}
// Ends that may be tensors of rank 0.
Edge spaced(Call& c, DType dtype) {
  const int64_t n = c.integer("steps", 100);
  bounded(n, "evenly spaced numbers");
  const auto inner = [&] { return is_float(dtype) && dtype == DType::kFloat32 ? DType::kFloat32 : DType::kFloat64; }();
  const Edge a = c.number("start", inner), b = c.number("end", inner);
  if (n == 1) return c.reshape(a, Dims{1});
  const Edge step = c.div(c.sub(b, a), static_cast<double>(n - 1));
  // From either end, so that both are exact.
  const Edge at = c.range(n, inner);
  const Edge up = c.add(a, c.mul(at, step)), down = c.sub(b, c.mul(c.sub(static_cast<double>(n - 1), at), step));
  return c.where(c.less(at, c.like(static_cast<double>(n / 2), at)), up, down);
}
Value linspace(Call& c) {
  const DType dtype = c.dtype_argument("dtype", DType::kFloat32);
  return c.tensor(c.cast(spaced(c, dtype), dtype));
}
Value logspace(Call& c) {
  const DType dtype = c.dtype_argument("dtype", DType::kFloat32);
  const Edge powers = c.cast(spaced(c, DType::kFloat64), DType::kFloat64);
  return c.tensor(c.cast(c.op("Pow", {c.like(c.real("base", 10), powers), powers}), dtype));
}
Value eye(Call& c) {
  const DType dtype = c.dtype_argument("dtype", DType::kFloat32);
  const int64_t n = c.integer("n"), m = c.integer("m", n);
  const Edge shape = c.full(Dims{n, m}, 0, DType::kFloat32);
  return c.tensor(c.cast(c.op("EyeLike", {shape}, {{"dtype", static_cast<int64_t>(DType::kFloat32)}}), dtype));
}
template <bool kUpper>
Value triangle_indices(Call& c) {
  const int64_t rows = c.integer("row"), columns = c.integer("col"), offset = c.integer("offset", 0);
  bounded(rows, "a triangle");
  bounded(bounded(columns, "a triangle") * rows, "a triangle");
  Dims r, k;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      if (kUpper ? j - i >= offset : j - i <= offset) r.push_back(i), k.push_back(j);
    }
  }
  const Edge both = c.concat({c.unsqueeze(c.int64s(r), {0}), c.unsqueeze(c.int64s(k), {0})}, 0);
  return c.tensor(c.cast(both, c.dtype_argument("dtype", DType::kInt64)));
}

// --- windows

template <class Formula>
Value window(Call& c, const Formula& formula) {
  const int64_t length = c.integer("window_length");
  bounded(length, "a window");
  const int64_t period = c.flag("periodic", true) ? length : length - 1;
  thane::Tensor values = must(thane::Tensor::allocate(DType::kFloat64, {length}));
  for (int64_t i = 0; i < length; ++i) {
    values.data<double>()[i] = length == 1 ? 1 : formula(static_cast<double>(i) / static_cast<double>(period));
  }
  return c.tensor(c.cast(c.constant(std::move(values)), c.dtype_argument("dtype", DType::kFloat32)));
}
constexpr double kTurn = 6.283185307179586476925286766559;
Value hann_window(Call& c) {
  return window(c, [](double t) { return 0.5 - 0.5 * std::cos(kTurn * t); });
}
Value hamming_window(Call& c) {
  const double alpha = c.real("alpha", 0.54), beta = c.real("beta", 0.46);
  return window(c, [=](double t) { return alpha - beta * std::cos(kTurn * t); });
}
Value blackman_window(Call& c) {
  return window(c, [](double t) { return 0.42 - 0.5 * std::cos(kTurn * t) + 0.08 * std::cos(2 * kTurn * t); });
}
Value bartlett_window(Call& c) {
  return window(c, [](double t) { return 1 - std::abs(2 * t - 1); });
}
Value kaiser_window(Call& c) {
  const double beta = c.real("beta", 12);
  const auto bessel = [](double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 500 && term > sum * 1e-18; ++k) term *= x * x / 4 / k / k, sum += term;
    return sum;
  };
  return window(c, [&](double t) {
    const double r = 2 * t - 1;
    return bessel(beta * std::sqrt(std::max(0.0, 1 - r * r))) / bessel(beta);
  });
}
Value vander(Call& c) {
  const Edge given = c.edge("x"), x = c.rank(given) == 0 ? c.reshape(given, Dims{1}) : given;
  const int64_t n = c.has("N") ? c.integer("N") : c.number(x, -1);
  Edge powers = c.range(bounded(n, "powers"), DType::kInt64);
  // torch.vander falls by default, linalg.vander rises.
  if (c.declares("increasing") && !c.flag("increasing")) powers = c.sub(c.int64(n - 1), powers);
  const Edge base = is_float(x.dtype()) || is_complex(x.dtype()) ? x : c.cast(x, DType::kInt64);
  if (is_complex(base.dtype())) {
    std::vector<Edge> columns = {c.full(c.shape(c.unsqueeze(x, {-1})), 1, x.dtype())};
    for (int64_t i = 1; i < n; ++i) columns.push_back(c.mul(columns.back(), c.unsqueeze(x, {-1})));
    if (c.declares("increasing") && !c.flag("increasing")) std::reverse(columns.begin(), columns.end());
    columns.resize(static_cast<size_t>(std::max<int64_t>(n, 0)));
    return c.tensor(c.concat(std::move(columns), -1));
  }
  return c.tensor(c.op("Pow", {c.unsqueeze(base, {-1}), c.cast(powers, base.dtype())}));
}

constexpr Row kRows[] = {
    {"zeros", constant<0>},
    {"ones", constant<1>},
    {"empty", constant<0>},
    {"zeros_like", constant_like<0>},
    {"ones_like", constant_like<1>},
    {"empty_like", constant_like<0>},
    {"new_zeros", new_constant<0>},
    {"new_ones", new_constant<1>},
    {"new_empty", new_constant<0>},
    {"new_empty_strided", new_constant<0>},
    {"empty_strided", empty_strided},
    {"empty_permuted", constant<0>},
    {"full", full},
    {"full_like", full_like},
    {"new_full", new_full},
    {"scalar_tensor", scalar_tensor},
    {"tensor", tensor},
    {"as_tensor", tensor},
    {"arange", arange},
    {"range", range},
    {"linspace", linspace},
    {"logspace", logspace},
    {"eye", eye},
    {"tril_indices", triangle_indices<false>},
    {"triu_indices", triangle_indices<true>},
    {"hann_window", hann_window},
    {"hamming_window", hamming_window},
    {"blackman_window", blackman_window},
    {"bartlett_window", bartlett_window},
    {"kaiser_window", kaiser_window},
    {"vander", vander},
    {"linalg_vander", vander},
};

}  // namespace
}  // namespace factory_ops

std::span<const Row> factory_rows() { return factory_ops::kRows; }

}  // namespace thane::aten
