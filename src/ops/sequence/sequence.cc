// Making, reading and editing sequences. Sequences are immutable: editing copies the list, not the tensors in it.
#include "ops/sequence/sequence.h"

#include "base/format.h"

namespace thane {
namespace {

Type element_type(const Type& sequence) {
  return sequence.kind == TypeKind::kSequence && sequence.element ? *sequence.element : Type{};
}

// The type of the items once `item` is among them. What an empty sequence was declared to hold says only the dtype.
Result<Type> with_item(const Type& element, const Type& item) {
  if (!element.known()) return item;
  if (!item.known()) return element;
  if (element.kind != item.kind ||
      (element.dtype != item.dtype && element.dtype != DType::kUndefined && item.dtype != DType::kUndefined)) {
    return invalid_model(format("an item {} for a sequence of {}", item.to_string(), element.to_string()));
  }
  return join(element, item);
}

// The position in input `i`, in [0, count); the last place when the input is absent.
Result<size_t> position(const KernelContext& context, size_t i, int64_t count) {
  int64_t at = count - 1;
  if (context.has_input(i)) {
    const Tensor& tensor = context.input(i);
    if (tensor.size() != 1) return runtime_error(format("a position of {} elements", tensor.size())).expecting("1");
    at = tensor.as_int64(0);
  }
  if (at < -count || at >= count) {
    return runtime_error(format("position {}", at)).expecting(format("{} to {}", -count, count - 1));
  }
  return static_cast<size_t>(at < 0 ? at + count : at);
}

}  // namespace

Status infer_sequence_empty(InferContext& context) {
  context.set_type(0, Type::sequence(Type::tensor(context.attrs<SequenceEmptyAttrs>().dtype)));
  return ok();
}

Status eval_sequence_empty(KernelContext& context) {
  context.set_output(0, Value(Sequence{Type::tensor(context.attrs<SequenceEmptyAttrs>().dtype), {}}));
  return ok();
}

Status infer_sequence_construct(InferContext& context) {
  Type element;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    THANE_ASSIGN(element, with_item(element, context.type(i)));
  }
  context.set_type(0, Type::sequence(std::move(element)));
  return ok();
}

Status eval_sequence_construct(KernelContext& context) {
  Sequence sequence;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    THANE_ASSIGN(Value item, context.input_value(i).keep());
    THANE_ASSIGN(sequence.element, with_item(sequence.element, item.type()));
    sequence.items.push_back(std::move(item));
  }
  context.set_output(0, Value(std::move(sequence)));
  return ok();
}

Status infer_sequence_at(InferContext& context) {
  // Items may differ in shape, so that only looking at them tells.
  Type type = element_type(context.type(0));
  if (type.is_tensor()) type.dims = std::nullopt;
  context.set_type(0, std::move(type));
  return ok();
}

Status eval_sequence_at(KernelContext& context) {
  const Sequence& sequence = context.input_value(0).sequence();
  THANE_ASSIGN(const size_t at, position(context, 1, static_cast<int64_t>(sequence.items.size())));
  context.set_output(0, sequence.items[at]);
  return ok();
}

Status infer_sequence_erase(InferContext& context) {
  context.set_type(0, context.type(0));
  return ok();
}

Status eval_sequence_erase(KernelContext& context) {
  Sequence sequence = context.input_value(0).sequence();
  THANE_ASSIGN(const size_t at, position(context, 1, static_cast<int64_t>(sequence.items.size())));
  sequence.items.erase(sequence.items.begin() + static_cast<ptrdiff_t>(at));
  context.set_output(0, Value(std::move(sequence)));
  return ok();
}

Status infer_sequence_insert(InferContext& context) {
  THANE_ASSIGN(Type element, with_item(element_type(context.type(0)), context.type(1)));
  context.set_type(0, Type::sequence(std::move(element)));
  return ok();
}

Status eval_sequence_insert(KernelContext& context) {
  Sequence sequence = context.input_value(0).sequence();
  THANE_ASSIGN(Value item, context.input_value(1).keep());
  THANE_ASSIGN(sequence.element, with_item(sequence.element, item.type()));
  const auto count = static_cast<int64_t>(sequence.items.size());
  size_t at = sequence.items.size();
  if (context.has_input(2)) {
    // Unlike elsewhere, the place after the last is one, and negative positions count from the end without it.
    const Tensor& tensor = context.input(2);
    if (tensor.size() != 1) return runtime_error(format("a position of {} elements", tensor.size())).expecting("1");
    const int64_t given = tensor.as_int64(0);
    if (given < -count || given > count) {
      return runtime_error(format("position {}", given)).expecting(format("{} to {}", -count, count));
    }
    at = static_cast<size_t>(given < 0 ? given + count : given);
  }
  sequence.items.insert(sequence.items.begin() + static_cast<ptrdiff_t>(at), std::move(item));
  context.set_output(0, Value(std::move(sequence)));
  return ok();
}

Status infer_sequence_length(InferContext& context) {
  context.set(0, DType::kInt64, SymDims{});
  return ok();
}

Status eval_sequence_length(KernelContext& context) {
  *context.output(0).data<int64_t>() = static_cast<int64_t>(context.input_value(0).sequence().items.size());
  return ok();
}

}  // namespace thane
