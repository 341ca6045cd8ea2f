// SequenceMap: a body run once per item of a sequence. Further inputs are sequences walked alongside, or tensors given
// whole.
#include "base/format.h"
#include "ops/control/control.h"

namespace thane {

Status infer_sequence_map(InferContext& context) {
  std::vector<Type> types;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    if (!context.has_input(i)) return invalid_model(format("input {} is absent", i));
    const Type& type = context.type(i);
    if (type.kind != TypeKind::kSequence) {
      types.push_back(type);
      continue;
    }
    Type item = type.element ? *type.element : Type{};
    types.push_back(std::move(item));
  }
  THANE_ASSIGN(auto outputs, context.infer_subgraph(0, types));
  if (outputs.size() != context.num_outputs()) {
    return invalid_model(format("the body has {} outputs", outputs.size()))
        .expecting(std::to_string(context.num_outputs()));
  }
  for (size_t i = 0; i < outputs.size(); ++i) context.set_type(i, Type::sequence(std::move(outputs[i])));
  return ok();
}

Status eval_sequence_map(KernelContext& context) {
  const size_t count = context.input_value(0).sequence().items.size();
  std::vector<Value> inputs(context.num_inputs());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = context.input_value(i);
    if (!value.is_sequence()) {
      inputs[i] = value;
    } else if (value.sequence().items.size() != count) {
      return runtime_error(format("sequence {} has {} items", i, value.sequence().items.size()))
          .expecting(format("{} as the first", count));
    }
  }
  std::vector<Sequence> results(context.num_outputs());
  for (size_t item = 0; item < count; ++item) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Value& value = context.input_value(i);
      if (value.is_sequence()) inputs[i] = value.sequence().items[item];
    }
    THANE_ASSIGN(auto outputs, run_body(context, inputs, results.size()));
    for (size_t i = 0; i < results.size(); ++i) {
      const Type type = outputs[i].type();
      Type& element = results[i].element;
      if (item > 0 && (type.kind != element.kind || type.dtype != element.dtype)) {
        return runtime_error(format("the body gives {} for item {}", type.to_string(), item))
            .expecting(element.to_string());
      }
      element = item == 0 ? type : join(element, type);
      results[i].items.push_back(std::move(outputs[i]));
    }
  }
  for (size_t i = 0; i < results.size(); ++i) {
    if (count == 0) results[i].element = body_output_type(context.node(), i);
    context.set_output(i, Value(std::move(results[i])));
  }
  return ok();
}

}  // namespace thane
