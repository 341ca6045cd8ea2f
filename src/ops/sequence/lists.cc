#include "ops/sequence/lists.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/format.h"

namespace thane {
namespace {

constexpr int64_t kMostItems = int64_t{1} << 24;

Type item_type(const Type& list) { return list.kind == TypeKind::kSequence && list.element ? *list.element : Type{}; }

Result<Tensor> zeros(DType dtype, Dims dims) {
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, std::move(dims)));
  if (dtype != DType::kString) std::memset(tensor.raw(), 0, tensor.size_bytes());
  return tensor;
}

// Reserved, of a shape that was not known.
bool is_unset(const Tensor& tensor) { return tensor.size() == 0; }

Result<int64_t> position_in(const KernelContext& context, size_t i) {
  const Tensor& tensor = context.input(i);
  if (tensor.size() != 1) return runtime_error(format("a position of {} elements", tensor.size())).expecting("1");
  const int64_t at = tensor.as_int64(0);
  if (at < 0 || at >= kMostItems) return runtime_error(format("position {}", at)).expecting("a position in the list");
  return at;
}

std::optional<SymDims> declared(const std::optional<Dims>& dims) {
  if (!dims) return std::nullopt;
  SymDims known;
  for (int64_t dim : *dims) known.push_back(dim < 0 ? Dim() : Dim(dim));
  return known;
}

Type joined(const Type& element, const Type& item) {
  if (!element.known()) return item;
  return item.known() ? join(element, item) : element;
}

Status put(Sequence& sequence, int64_t at, Value item) {
  const auto place = static_cast<size_t>(at);
  if (place >= sequence.items.size()) {
    DType dtype = item.is_tensor() ? item.tensor().dtype() : DType::kFloat32;
    THANE_ASSIGN(const Tensor unset, Tensor::allocate(dtype, {0}));
    sequence.items.resize(place + 1, Value(unset));
  }
  sequence.element = joined(sequence.element, item.type());
  sequence.items[place] = std::move(item);
  return ok();
}

}  // namespace

Status infer_list_reserve(InferContext& context) {
  std::optional<SymDims> dims;
  if (const auto shape = context.ints(1)) dims = declared(*shape);
  context.set_type(0, Type::sequence(Type::tensor(context.attrs<ListReserveAttrs>().dtype, std::move(dims))));
  return ok();
}

Status eval_list_reserve(KernelContext& context) {
  const DType dtype = context.attrs<ListReserveAttrs>().dtype;
  const Tensor& count = context.input(0);
  if (count.size() != 1) return runtime_error("a length of several elements");
  const int64_t n = count.as_int64(0);
  if (n < 0 || n > kMostItems) return runtime_error(format("a list of {} items", n));
  Dims dims;
  const Tensor& shape = context.input(1);
  for (int64_t i = 0; i < shape.size(); ++i) dims.push_back(std::max<int64_t>(shape.as_int64(i), 0));
  // All items share one tensor of zeros.
  THANE_ASSIGN(const Tensor item, zeros(dtype, dims));
  context.set_output(0, Value(Sequence{Type::tensor(dtype), std::vector<Value>(static_cast<size_t>(n), Value(item))}));
  return ok();
}

Status infer_list_set(InferContext& context) {
  const Type element = item_type(context.type(0));
  if (element.is_tensor() && context.type(2).is_tensor() && element.dtype != context.dtype(2) &&
      element.dtype != DType::kUndefined && context.dtype(2) != DType::kUndefined) {
    return invalid_model(format("an item {} for a list of {}", context.type(2).to_string(), element.to_string()));
  }
  context.set_type(0, Type::sequence(joined(element, context.type(2))));
  return ok();
}

Status eval_list_set(KernelContext& context) {
  THANE_ASSIGN(const int64_t at, position_in(context, 1));
  Sequence sequence = context.input_value(0).sequence();
  THANE_ASSIGN(Value item, context.input_value(2).keep());
  THANE_TRY(put(sequence, at, std::move(item)));
  context.set_output(0, Value(std::move(sequence)));
  return ok();
}

Status infer_list_scatter(InferContext& context) {
  Type item = Type::tensor(context.dtype(2));
  if (const SymDims* dims = context.dims(2)) {
    if (dims->empty()) return invalid_model("a scalar has no rows");
    item.dims = SymDims(dims->begin() + 1, dims->end());
  }
  context.set_type(0, Type::sequence(joined(item_type(context.type(0)), item)));
  return ok();
}

Status eval_list_scatter(KernelContext& context) {
  Sequence sequence = context.input_value(0).sequence();
  const Tensor &positions = context.input(1), &rows = context.input(2);
  if (rows.rank() == 0 || rows.dim(0) != positions.size()) return runtime_error("there is not one position per row");
  const Dims dims(rows.dims().begin() + 1, rows.dims().end());
  const auto count = checked_product(dims);
  for (int64_t i = 0; i < positions.size(); ++i) {
    const int64_t at = positions.as_int64(i);
    if (at < 0 || at >= kMostItems) return runtime_error(format("position {}", at)).expecting("a position in the list");
    THANE_ASSIGN(Tensor item, Tensor::allocate(rows.dtype(), dims));
    dispatch_by_size(rows.dtype(),
                     [&]<class T>() { std::copy_n(rows.data<T>() + i * *count, *count, item.data<T>()); });
    THANE_TRY(put(sequence, at, Value(std::move(item))));
  }
  context.set_output(0, Value(std::move(sequence)));
  return ok();
}

Status infer_list_get(InferContext& context) {
  Type item = item_type(context.type(0));
  if (item.known() && !item.is_tensor()) return context.set_type(0, item), ok();
  // Items may differ in shape; only what is declared holds for all.
  context.set(0, item.dtype, declared(context.attrs<ListItemAttrs>().dims));
  return ok();
}

Status eval_list_get(KernelContext& context) {
  const auto& sequence = context.input_value(0).sequence();
  THANE_ASSIGN(const int64_t at, position_in(context, 1));
  if (static_cast<size_t>(at) >= sequence.items.size()) {
    return runtime_error(format("position {} of a list of {}", at, sequence.items.size()));
  }
  Value item = sequence.items[static_cast<size_t>(at)];
  const auto& dims = context.attrs<ListItemAttrs>().dims;
  if (item.is_tensor() && dims && is_unset(item.tensor())) {
    Dims shape = *dims;
    // The lengths that are not known are those of a neighbour.
    for (const Value& other : sequence.items) {
      if (other.is_tensor() && !is_unset(other.tensor())) shape = other.tensor().dims();
    }
    if (std::all_of(shape.begin(), shape.end(), [](int64_t dim) { return dim >= 0; })) {
      THANE_ASSIGN(Tensor blank, zeros(item.tensor().dtype(), shape));
      item = Value(std::move(blank));
    }
  }
  context.set_output(0, std::move(item));
  return ok();
}

Status infer_list_stack(InferContext& context) {
  const Type item = item_type(context.type(0));
  const auto& declared_dims = context.attrs<ListItemAttrs>().dims;
  std::optional<SymDims> dims = declared(declared_dims);
  if (dims) dims->insert(dims->begin(), Dim());
  context.set(0, item.dtype, std::move(dims));
  return ok();
}

Status eval_list_stack(KernelContext& context) {
  const auto& sequence = context.input_value(0).sequence();
  const auto& declared_dims = context.attrs<ListItemAttrs>().dims;
  DType dtype = sequence.element.dtype;
  Dims dims;
  bool known = false;
  for (const Value& item : sequence.items) {
    if (!item.is_tensor()) return runtime_error("an item is no tensor");
    dtype = item.tensor().dtype();
    if (known && is_unset(item.tensor())) continue;
    if (known && item.tensor().dims() != dims) {
      return runtime_error(format("items of shapes {} and {}", to_string(dims), to_string(item.tensor().dims())))
          .expecting("one shape");
    }
    if (is_unset(item.tensor())) continue;
    dims = item.tensor().dims();
    known = true;
  }
  if (!known) {
    // Nothing was written, or items have no elements.
    if (!sequence.items.empty()) dims = sequence.items[0].tensor().dims();
    if (declared_dims && (sequence.items.empty() || declared_dims->size() != dims.size())) dims = *declared_dims;
    for (int64_t& dim : dims) dim = std::max<int64_t>(dim, 0);
  }
  const auto count = checked_product(dims);
  Dims all = dims;
  all.insert(all.begin(), static_cast<int64_t>(sequence.items.size()));
  THANE_ASSIGN(Tensor * out, context.allocate(0, dtype == DType::kUndefined ? DType::kFloat32 : dtype, all));
  dispatch_by_size(out->dtype(), [&]<class T>() {
    T* to = out->data<T>();
    for (const Value& item : sequence.items) {
      if (item.tensor().size() == *count)
        std::copy_n(item.tensor().data<T>(), *count, to);
      else
        std::fill_n(to, *count, T{});
      to += *count;
    }
  });
  return ok();
}

}  // namespace thane
