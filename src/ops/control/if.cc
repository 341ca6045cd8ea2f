// If: one of two bodies, without formal inputs.
#include "base/format.h"
#include "ops/control/control.h"

namespace thane {
namespace {

Status check_count(size_t found, size_t wanted) {
  if (found == wanted) return ok();
  return invalid_model(format("a branch has {} outputs", found)).expecting(std::to_string(wanted));
}

}  // namespace

Status infer_if(InferContext& context) {
  const size_t count = context.num_outputs();
  if (const Tensor* condition = context.value(0)) {
    if (condition->size() != 1) return invalid_model(format("a condition of {} elements", condition->size()));
    THANE_ASSIGN(auto types, context.infer_subgraph(*condition->data<bool>() ? 0 : 1, {}));
    THANE_TRY(check_count(types.size(), count));
    for (size_t i = 0; i < count; ++i) context.set_type(i, std::move(types[i]));
    return ok();
  }
  // A branch that cannot run with these shapes is one that must not be taken: that is only an error for both.
  auto then_types = context.infer_subgraph(0, {});
  auto else_types = context.infer_subgraph(1, {});
  if (!then_types.ok() && !else_types.ok()) return std::move(then_types).error();
  for (const auto* types : {&then_types, &else_types}) {
    if (types->ok()) THANE_TRY(check_count((*types)->size(), count));
  }
  if (!then_types.ok() || !else_types.ok()) return ok();
  for (size_t i = 0; i < count; ++i) context.set_type(i, join((*then_types)[i], (*else_types)[i]));
  return ok();
}

Status eval_if(KernelContext& context) {
  const Tensor& condition = context.input(0);
  if (condition.size() != 1) return runtime_error(format("a condition of {} elements", condition.size()));
  THANE_ASSIGN(auto outputs, context.run_subgraph(*condition.data<bool>() ? 0 : 1, {}));
  THANE_TRY(check_count(outputs.size(), context.num_outputs()));
  for (size_t i = 0; i < outputs.size(); ++i) context.set_output(i, std::move(outputs[i]));
  return ok();
}

}  // namespace thane
