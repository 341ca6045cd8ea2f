// Loop: a body run while a condition holds and a trip count is not reached. Carried values may change shape and may be
// sequences or optionals; scan outputs are stacked.
#include <limits>

#include "base/format.h"
#include "ops/control/control.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

// Inputs: trip count, condition, carried…; the body's: iteration, condition, carried…; its outputs: condition,
// carried…, scan outputs….
enum : size_t { kTripCount, kCondition, kFirstCarried };

// Bodies from some exporters declare the iteration number and the condition as [1] rather than as scalars.
Dims scalar_dims(const Node& node, size_t formal_input) {
  const Graph& body = *node.subgraphs[0].graph;
  if (formal_input >= body.inputs.size()) return {};
  const Type& type = body.values[body.inputs[formal_input]].type;
  return type.dims && type.dims->size() == 1 ? Dims{1} : Dims{};
}

Result<Value> scalar_value(DType dtype, const Dims& dims, int64_t number) {
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, dims));
  if (dtype == DType::kBool)
    *tensor.data<bool>() = number != 0;
  else
    *tensor.data<int64_t>() = number;
  return Value(std::move(tensor));
}

Result<bool> condition_of(const Value& value) {
  if (!value.is_tensor() || value.tensor().dtype() != DType::kBool || value.tensor().size() != 1) {
    return runtime_error(format("the condition is {}", value.type().to_string())).expecting("one bool");
  }
  return *value.tensor().data<bool>();
}

size_t carried_count(size_t num_inputs) { return num_inputs > kFirstCarried ? num_inputs - kFirstCarried : 0; }

}  // namespace

Status infer_loop(InferContext& context) {
  const size_t carried = carried_count(context.num_inputs());
  if (context.num_outputs() < carried) {
    return invalid_model(format("{} outputs for {} carried values", context.num_outputs(), carried));
  }
  std::vector<Type> types = {Type::tensor(DType::kInt64, to_symbolic(scalar_dims(context.node(), kTripCount))),
                             Type::tensor(DType::kBool, to_symbolic(scalar_dims(context.node(), kCondition)))};
  for (size_t i = 0; i < carried; ++i) {
    types.push_back(context.has_input(kFirstCarried + i) ? context.type(kFirstCarried + i) : Type{});
  }
  THANE_ASSIGN(const auto outputs, infer_carried(context, types, kFirstCarried, carried, 1));
  if (outputs.size() != context.num_outputs() + 1) {
    return invalid_model(format("the body has {} outputs", outputs.size()))
        .expecting(std::to_string(context.num_outputs() + 1));
  }
  for (size_t i = 0; i < carried; ++i) context.set_type(i, types[kFirstCarried + i]);
  for (size_t i = carried; i < context.num_outputs(); ++i) {
    const Type& each = outputs[i + 1];
    if (!each.is_tensor()) continue;
    std::optional<SymDims> dims;
    if (each.dims) {
      dims = *each.dims;
      dims->insert(dims->begin(), Dim::unknown());
    }
    context.set(i, each.dtype, std::move(dims));
  }
  return ok();
}

Status eval_loop(KernelContext& context) {
  const Node& node = context.node();
  const size_t carried = carried_count(context.num_inputs());
  int64_t trips = std::numeric_limits<int64_t>::max();
  if (context.has_input(kTripCount)) {
    const Tensor& count = context.input(kTripCount);
    if (count.size() != 1) return runtime_error(format("a trip count of {} elements", count.size())).expecting("1");
    trips = count.as_int64(0);
  }
  bool go_on = true;
  if (context.has_input(kCondition)) {
    THANE_ASSIGN(go_on, condition_of(context.input_value(kCondition)));
  }
  const Dims iteration_dims = scalar_dims(node, 0), condition_dims = scalar_dims(node, 1);
  std::vector<Value> state(kFirstCarried + carried);
  for (size_t i = 0; i < carried; ++i) {
    const size_t input = kFirstCarried + i;
    if (node.inputs[input] != kNoValue) state[input] = context.input_value(input);
  }
  std::vector<Stack> stacks(context.num_outputs() - carried);
  for (int64_t step = 0; go_on && step < trips; ++step) {
    THANE_ASSIGN(state[0], scalar_value(DType::kInt64, iteration_dims, step));
    THANE_ASSIGN(state[1], scalar_value(DType::kBool, condition_dims, 1));
    THANE_ASSIGN(auto outputs, run_body(context, state, 1 + carried + stacks.size()));
    THANE_ASSIGN(go_on, condition_of(outputs[0]));
    for (size_t i = 0; i < carried; ++i) {
      THANE_TRY(check_carried(state[kFirstCarried + i], outputs[1 + i], i));
      state[kFirstCarried + i] = std::move(outputs[1 + i]);
    }
    for (size_t i = 0; i < stacks.size(); ++i) THANE_TRY(stacks[i].push(outputs[1 + carried + i]));
  }
  for (size_t i = 0; i < carried; ++i) context.set_output(i, std::move(state[kFirstCarried + i]));
  for (size_t i = 0; i < stacks.size(); ++i) {
    THANE_ASSIGN(Tensor stacked, stacks[i].finish(body_output_type(node, 1 + carried + i)));
    context.set_output(carried + i, Value(std::move(stacked)));
  }
  return ok();
}

}  // namespace thane
