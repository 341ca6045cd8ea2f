// Questions about a tensor: shapes as numbers, properties as bools.
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace query_ops {
namespace {

Value dim_value(Call& c, const Edge& x, int64_t axis) { return c.context.scalar(c.size(x, axis)); }
Value size(Call& c) {
  const Edge x = c.edge("self");
  if (c.declares("dim")) {
    const int64_t axis = c.integer("dim");
    if (c.rank(x) == 0) fail(invalid_model("dimension of a tensor without any"));
    return dim_value(c, x, axis);
  }
  std::vector<Value> sizes;
  for (size_t i = 0; i < c.rank(x); ++i) sizes.push_back(dim_value(c, x, static_cast<int64_t>(i)));
  return Value::list(std::move(sizes));
}
Value rank(Call& c) { return static_cast<int64_t>(c.rank(c.edge("self"))); }
Value count(Call& c) { return c.context.scalar(c.count(c.edge("self"))); }
Value length(Call& c) { return dim_value(c, c.edge("t"), 0); }

Dims strides_of(Call& c) {
  const TensorPtr& box = c.box("self");
  if (box->strides) return *box->strides;
  if (box->strided) c.refuse("strides that are not known");
  return row_major_strides(c.numbers(c.edge("self")));
}
Value stride(Call& c) {
  const Dims strides = strides_of(c);
  if (!c.declares("dim")) return Value::ints(strides);
  return strides[c.axis(c.integer("dim"), strides.size())];
}
Value storage_offset(Call& c) { return c.box("self")->offset; }
Value is_contiguous(Call& c) {
  const TensorPtr& box = c.box("self");
  return !box->strided;
}
Value is_floating_point(Call& c) { return is_float(c.dtype("self")); }
Value is_signed(Call& c) { return !(mask_of(c.dtype("self")) & (kUnsignedInts | kBoolOnly)); }
Value is_same_size(Call& c) { return c.numbers(c.edge("self")) == c.numbers(c.edge("other")); }
Value element_size(Call& c) { return static_cast<int64_t>(dtype_size(c.dtype("self"))); }
Value shape_as_tensor(Call& c) { return c.tensor(c.shape(c.edge("self"))); }
Value no(Call&) { return false; }
Value minus_one(Call&) { return -1; }
Value result_type(Call& c) {
  Promotion promotion;
  Ops ops(c.context);
  for (const std::string_view name : {"tensor", "scalar", "other", "tensor1", "tensor2", "scalar1", "scalar2"}) {
    if (c.has(name)) promotion.add(ops, c[name]);
  }
  return c10_of_dtype(promotion.result());
}

constexpr Row kRows[] = {
    {"size", size},
    {"sym_size", size},
    {"dim", rank},
    {"numel", count},
    {"sym_numel", count},
    {"len", length},
    {"stride", stride},
    {"sym_stride", stride},
    {"storage_offset", storage_offset},
    {"sym_storage_offset", storage_offset},
    {"is_contiguous", is_contiguous},
    {"sym_is_contiguous", is_contiguous},
    {"is_floating_point", is_floating_point},
    {"is_signed", is_signed},
    {"is_same_size", is_same_size},
    {"element_size", element_size},
    {"_shape_as_tensor", shape_as_tensor},
    {"is_conj", no},
    {"is_neg", no},
    {"is_inference", no},
    {"_is_zerotensor", no},
    {"is_pinned", no},
    {"is_coalesced", no},
    {"get_device", minus_one},
    {"result_type", result_type},
};

}  // namespace
}  // namespace query_ops

std::span<const Row> query_rows() { return query_ops::kRows; }

}  // namespace thane::aten
