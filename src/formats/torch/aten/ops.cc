#include <algorithm>
#include <cstring>
#include <numeric>

#include "formats/torch/aten/complex.h"

namespace thane::aten {

void fail(Error error) { throw Failure{std::move(error)}; }

Edge Ops::op(std::string_view name, EdgeList inputs, AttrList attrs) const {
  return must(builder().emit(name, inputs, attrs, context.name));
}

Edge Ops::own(std::string_view name, EdgeList inputs, AttrList attrs) const {
  return must(builder().emit_own(name, inputs, attrs, context.name));
}

std::vector<Edge> Ops::many(const GraphBuilder::NodeSpec& spec) const {
  GraphBuilder::NodeSpec named = spec;
  if (named.name.empty()) named.name = context.name;
  return must(builder().emit(named));
}

Edge Ops::scalar(double value, DType dtype) const {
  if (dtype == DType::kComplex64)
    return constant(thane::Tensor::scalar(std::complex<float>(static_cast<float>(value))));
  if (dtype == DType::kComplex128) return constant(thane::Tensor::scalar(std::complex<double>(value)));
  // A double does not hold every int64; the ends of the range are what programs use.
  if (dtype == DType::kInt64) {
    if (value >= 9223372036854775807.0) return constant(thane::Tensor::scalar(INT64_MAX));
    if (value <= -9223372036854775808.0) return constant(thane::Tensor::scalar(INT64_MIN));
    return constant(thane::Tensor::scalar(static_cast<int64_t>(value)));
  }
  return must(builder().scalar(value, dtype));
}

Edge Ops::full(const Edge& shape, double value, DType dtype) const {
  thane::Tensor one = must(thane::Tensor::allocate(dtype, {1}));
  const Edge number = scalar(value, dtype);
  std::memcpy(one.raw(), number.known()->raw(), dtype_size(dtype));
  return op("ConstantOfShape", {shape}, {{"value", one}});
}

size_t Ops::rank(const Edge& x) const { return dims(x).size(); }

const SymDims& Ops::dims(const Edge& x) const {
  if (!x.present()) fail(invalid_model("a tensor is missing"));
  if (!x.dims()) fail(unsupported("a tensor whose number of dimensions is known only at run time"));
  return *x.dims();
}

bool Ops::has_numbers(const Edge& x) const { return x.dims() && all_numbers(*x.dims()); }

Dims Ops::numbers(const Edge& x) const {
  if (!all_numbers(dims(x))) fail(unsupported(format("a shape known only at run time: {}", to_string(dims(x)))));
  return to_numbers(dims(x));
}

int64_t Ops::number(const Edge& x, int64_t axis_) const {
  const Dim& dim = dims(x)[axis(axis_, rank(x))];
  if (rank(x) == 0 || !dim.is_number()) {
    fail(unsupported(format("dimension {} of {} is known only at run time", axis_, to_string(dims(x)))));
  }
  return dim.number();
}

size_t Ops::axis(int64_t axis, size_t rank) const {
  return must(normalize_axis(axis, std::max<size_t>(rank, 1), "dim"));
}

std::vector<size_t> Ops::axes(const Dims& axes, size_t rank) const {
  return must(normalize_axes(axes, std::max<size_t>(rank, 1), "dim"));
}

Dims Ops::all_axes(const Edge& x) const {
  Dims axes(rank(x));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

Edge Ops::shape(const Edge& x) const {
  if (has_numbers(x)) return int64s(numbers(x));
  return op("Shape", {x});
}

Edge Ops::size(const Edge& x, int64_t axis_) const {
  const size_t at = axis(axis_, rank(x));
  const Dim& dim = dims(x)[at];
  if (dim.is_number()) return int64(dim.number());
  const Edge one = op("Shape", {x}, {{"start", static_cast<int64_t>(at)}, {"end", static_cast<int64_t>(at) + 1}});
  return squeeze(one, {0});
}

Edge Ops::count(const Edge& x) const {
  if (has_numbers(x)) {
    int64_t n = 1;
    for (const int64_t d : numbers(x)) n *= d;
    return int64(n);
  }
  return op("Size", {x});
}

Edge Ops::cast(const Edge& x, DType dtype) const {
  if (x.dtype() == dtype) return x;
  const bool from = is_complex(x.dtype()), to = is_complex(dtype);
  if (from && to) return own("ViewAsComplex", {cast(own("ViewAsReal", {x}), real_of(dtype))});
  if (from) return cast(select(own("ViewAsReal", {x}), -1, 0), dtype);
  if (to) {
    const Edge real = unsqueeze(cast(x, real_of(dtype)), {-1});
    return own("ViewAsComplex", {concat({real, mul(real, 0)}, -1)});
  }
  if (dtype == DType::kBool) return to_bool(x);
  return op("Cast", {x}, {{"to", static_cast<int64_t>(dtype)}});
}

Edge Ops::reshape(const Edge& x, IntList target) const {
  if (has_numbers(x) && numbers(x) == target.to_vector()) return x;
  return op("Reshape", {x, int64s(target)},
            {{"allowzero", int64_t{std::find(target.begin(), target.end(), 0) != target.end()}}});
}

Edge Ops::reshape(const Edge& x, const Edge& shape) const {
  if (const thane::Tensor* known = shape.known()) {
    Dims target;
    for (int64_t i = 0; i < known->size(); ++i) target.push_back(known->as_int64(i));
    return reshape(x, IntList(target));
  }
  return op("Reshape", {x, shape});
}

Edge Ops::transpose(const Edge& x, IntList perm) const {
  if (std::is_sorted(perm.begin(), perm.end())) return x;
  return op("Transpose", {x}, {{"perm", perm}});
}

Edge Ops::swap(const Edge& x, int64_t a, int64_t b) const {
  Dims perm = all_axes(x);
  if (perm.empty()) return x;
  std::swap(perm[axis(a, perm.size())], perm[axis(b, perm.size())]);
  return transpose(x, perm);
}

Edge Ops::unsqueeze(const Edge& x, IntList axes) const {
  if (axes.empty()) return x;
  return op("Unsqueeze", {x, int64s(axes)});
}

Edge Ops::squeeze(const Edge& x, IntList axes) const {
  if (axes.empty()) return x;
  return op("Squeeze", {x, int64s(axes)});
}

Edge Ops::expand(const Edge& x, const Edge& shape) const {
  if (const thane::Tensor* known = shape.known(); known && has_numbers(x)) {
    Dims target;
    for (int64_t i = 0; i < known->size(); ++i) target.push_back(known->as_int64(i));
    if (target == numbers(x)) return x;
  }
  return op("Expand", {x, shape});
}

Edge Ops::slice(const Edge& x, int64_t axis, int64_t begin, int64_t end, int64_t step) const {
  return op("Slice", {x, int64s({begin}), int64s({end}), int64s({axis}), int64s({step})});
}

Edge Ops::select(const Edge& x, int64_t axis, int64_t index) const { return gather(x, int64(index), axis); }

Edge Ops::gather(const Edge& x, const Edge& indices, int64_t axis) const {
  return op("Gather", {x, indices}, {{"axis", axis}});
}

Edge Ops::concat(EdgeList parts, int64_t axis) const {
  if (parts.size() == 1) return parts[0];
  return op("Concat", parts, {{"axis", axis}});
}

Edge Ops::pad(const Edge& x, const Dims& before, const Dims& after, double value) const {
  Dims pads = before;
  pads.insert(pads.end(), after.begin(), after.end());
  if (std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; })) return x;
  return op("Pad", {x, int64s(pads), like(value, x)});
}

Edge Ops::range(int64_t n, DType dtype) const {
  thane::Tensor numbers = must(thane::Tensor::allocate(DType::kInt64, {n}));
  for (int64_t i = 0; i < n; ++i) numbers.data<int64_t>()[i] = i;
  return cast(constant(std::move(numbers)), dtype);
}

Edge Ops::range(const Edge& n) const { return op("Range", {int64(0), n, int64(1)}); }

namespace {

// + − × on bools as on 0 and 1; the float types and integers have nodes; complex numbers by parts.
Edge arithmetic(const Ops& ops, std::string_view name, const Edge& a, const Edge& b) {
  if (is_complex(a.dtype())) return complex_binary(ops, name, a, b);
  if (a.dtype() == DType::kBool) {
    return ops.to_bool(ops.op(name, {ops.cast(a, DType::kUInt8), ops.cast(b, DType::kUInt8)}));
  }
  return ops.op(name, {a, b});
}

}  // namespace

Edge Ops::add(const Edge& a, const Edge& b) const { return arithmetic(*this, "Add", a, b); }
Edge Ops::sub(const Edge& a, const Edge& b) const { return arithmetic(*this, "Sub", a, b); }
Edge Ops::mul(const Edge& a, const Edge& b) const { return arithmetic(*this, "Mul", a, b); }
Edge Ops::div(const Edge& a, const Edge& b) const {
  return is_complex(a.dtype()) ? complex_binary(*this, "Div", a, b) : op("Div", {a, b});
}
Edge Ops::unary(std::string_view name, const Edge& x) const {
  return is_complex(x.dtype()) ? complex_unary(*this, name, x) : op(name, {x});
}
Edge Ops::max(const Edge& a, const Edge& b) const {
  return a.dtype() == DType::kBool ? either(a, b) : op("Max", {a, b});
}
Edge Ops::min(const Edge& a, const Edge& b) const { return a.dtype() == DType::kBool ? both(a, b) : op("Min", {a, b}); }

Edge Ops::equal(const Edge& a, const Edge& b) const {
  if (is_complex(a.dtype())) {
    return reduce("ReduceMin", op("Equal", {own("ViewAsReal", {a}), own("ViewAsReal", {b})}), {-1}, false);
  }
  return op("Equal", {a, b});
}

Edge Ops::less(const Edge& a, const Edge& b) const {
  if (a.dtype() == DType::kBool) return both(logical_not(a), b);
  return op("Less", {a, b});
}

Edge Ops::less_equal(const Edge& a, const Edge& b) const {
  if (a.dtype() == DType::kBool) return either(logical_not(a), b);
  return op("LessOrEqual", {a, b});
}

Edge Ops::to_bool(const Edge& x) const {
  if (x.dtype() == DType::kBool) return x;
  return logical_not(equal(x, like(0, x)));
}

Edge Ops::reduce(std::string_view name, const Edge& x, IntList axes, bool keep) const {
  // Sums and means of complex numbers are those of their parts.
  if (is_complex(x.dtype())) {
    Dims own_axes;
    for (const size_t at : this->axes(axes.to_vector(), rank(x))) own_axes.push_back(static_cast<int64_t>(at));
    return own("ViewAsComplex", {reduce(name, own("ViewAsReal", {x}), own_axes, keep)});
  }
  // No axes: ONNX takes that for all of them unless told otherwise.
  return op(name, {x, int64s(axes)}, {{"keepdims", int64_t{keep}}, {"noop_with_empty_axes", int64_t{axes.empty()}}});
}

}  // namespace thane::aten
