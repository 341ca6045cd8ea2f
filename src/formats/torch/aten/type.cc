// Conversions between element types, copies, and tensors from and to numbers.
#include "formats/torch/aten/limits.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace type_ops {
namespace {

// The tensor itself when it has the dtype already and no copy is asked for.
Value convert(Call& c, std::string_view self, DType dtype, bool copy) {
  const Edge x = c.edge(self);
  if (x.dtype() == dtype) return copy ? c.tensor(x) : c[self];
  return c.tensor(c.cast(x, dtype));
}
Value to(Call& c) {
  DType dtype = c.dtype("self");
  if (c.declares("other")) dtype = c.dtype("other");
  return convert(c, "self", c.dtype_argument("dtype", dtype), c.flag("copy"));
}
Value to_copy(Call& c) { return convert(c, "self", c.dtype_argument("dtype", c.dtype("self")), true); }
Value type_as(Call& c) { return convert(c, "self", c.dtype("other"), false); }
template <DType kType>
Value cast_to(Call& c) {
  return convert(c, "self", kType, false);
}
Value same(Call& c) { return c[c.declares("self") ? "self" : "input"]; }
// contiguous, and reshape to the same shape: a copy when the elements lie in another order.
Value contiguous(Call& c) { return c.box("self")->strided ? c.tensor(c.edge("self")) : c["self"]; }
Value clone(Call& c) {
  const Edge x = c.edge("self");
  return c.context.tensor(x, c.box("self")->quantization);
}
Value copy(Call& c) {
  const Edge source = c.cast(c.edge("src"), c.dtype("self"));
  const Edge x = c.edge("self");
  return c.tensor(c.expand(source, c.shape(x)));
}
Value fill(Call& c) {
  const Edge x = c.edge("self");
  const Value& value = c["value"];
  if (value.is_number() && !value.is_complex()) return c.tensor(c.full(c.shape(x), c.real("value"), x.dtype()));
  return c.tensor(c.expand(c.number_of(value, x.dtype()), c.shape(x)));
}
Value zero(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.full(c.shape(x), 0, x.dtype()));
}
// self takes over another tensor's contents and shape.
Value set(Call& c) {
  if (!c.has("source")) c.refuse("set_ without a source tensor");
  return c.tensor(c.edge("source"));
}
Value fill_diagonal(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) != 2) c.refuse("fill_diagonal_ of other than matrices");
  const int64_t rows = c.number(x, 0), columns = c.number(x, 1);
  bounded(bounded(rows, "a diagonal") * bounded(columns, "a diagonal"), "a diagonal");
  thane::Tensor mask = must(thane::Tensor::allocate(DType::kBool, {rows, columns}));
  const bool wrap = c.flag("wrap");
  for (int64_t i = 0; i < rows * columns; ++i) {
    const bool on = i % (columns + 1) == 0 && (wrap || i / columns < columns);
    mask.data<uint8_t>()[i] = on;
  }
  return c.tensor(c.where(c.constant(std::move(mask)), c.number("fill_value", x.dtype()), x));
}

// --- numbers

// A tensor of one element as a Python number of this dtype.
Value number_of(Call& c, std::string_view name, DType dtype) {
  Edge x = c.edge(name);
  if (x.dims() && !x.dims()->empty()) x = c.reshape(x, Dims{});
  return c.context.scalar(c.cast(x, dtype));
}
Value item(Call& c) {
  const DType dtype = c.dtype("self");
  if (is_complex(dtype)) {
    const thane::Tensor* known = c.edge("self").known();
    if (!known || known->size() != 1) c.refuse("a complex number that depends on data");
    if (dtype == DType::kComplex64) return std::complex<double>(known->data<std::complex<float>>()[0]);
    return known->data<std::complex<double>>()[0];
  }
  return number_of(c, "self", is_float(dtype) ? DType::kFloat64 : dtype == DType::kBool ? DType::kBool : DType::kInt64);
}
template <DType kType>
Value number(Call& c) {
  return number_of(c, c.declares("a") ? "a" : "self", kType);
}
Value scalar_implicit(Call& c) {
  const DType dtype = c.dtype("a");
  return number_of(c, "a", is_float(dtype) ? DType::kFloat64 : dtype == DType::kBool ? DType::kBool : DType::kInt64);
}

// Checks that fail at run time only: nothing to compute.
Value nothing(Call&) { return {}; }

constexpr Row kRows[] = {
    {"to", to},
    {"_to_copy", to_copy},
    {"type_as", type_as},
    {"_cast_Float", cast_to<DType::kFloat32>},
    {"_cast_Double", cast_to<DType::kFloat64>},
    {"_cast_Half", cast_to<DType::kFloat16>},
    {"_cast_Int", cast_to<DType::kInt32>},
    {"_cast_Long", cast_to<DType::kInt64>},
    {"_cast_Short", cast_to<DType::kInt16>},
    {"_cast_Byte", cast_to<DType::kUInt8>},
    {"_cast_Char", cast_to<DType::kInt8>},
    {"contiguous", contiguous},
    {"clone", clone},
    {"detach", same},
    {"detach_copy", clone},
    {"alias", same},
    {"alias_copy", clone},
    {"lift", same},
    {"lift_fresh", same},
    {"lift_fresh_copy", clone},
    {"_autocast_to_reduced_precision", same},
    {"_autocast_to_full_precision", same},
    {"requires_grad_", same},
    {"retain_grad", nothing},
    {"cpu", same},
    {"cuda", same},
    {"pin_memory", same},
    {"_pin_memory", same},
    {"copy_", copy},
    {"copy", copy},
    {"fill", fill},
    {"zero", zero},
    {"set_", set},
    {"fill_diagonal", fill_diagonal},
    {"item", item},
    {"_local_scalar_dense", item},
    {"Int", number<DType::kInt64>},
    {"IntImplicit", number<DType::kInt64>},
    {"Float", number<DType::kFloat64>},
    {"FloatImplicit", number<DType::kFloat64>},
    {"Bool", number<DType::kBool>},
    {"is_nonzero", number<DType::kBool>},
    {"ScalarImplicit", scalar_implicit},
    {"_assert_async", nothing},
    {"_assert_tensor_metadata", nothing},
    {"_assert_scalar", nothing},
    {"_functional_assert_async", nothing},
    {"_functional_assert_scalar", nothing},
    {"sym_constrain_range", nothing},
    {"sym_constrain_range_for_size", nothing},
};

}  // namespace
}  // namespace type_ops

std::span<const Row> type_rows() { return type_ops::kRows; }

}  // namespace thane::aten
