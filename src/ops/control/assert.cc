// Assert: passes a value on while a condition holds; otherwise the run ends with the attribute's message.
#include "base/format.h"
#include "ops/control/control.h"

namespace thane {

Status infer_assert(InferContext& context) {
  const Tensor* holds = context.value(1);
  if (holds && holds->size() == 1 && !*holds->data<bool>()) return runtime_error(context.attrs<AssertAttrs>().message);
  context.set_type(0, context.type(0));
  return ok();
}

Status eval_assert(KernelContext& context) {
  const Tensor& holds = context.input(1);
  for (const bool each : holds.span<bool>()) {
    if (!each) return runtime_error(context.attrs<AssertAttrs>().message);
  }
  THANE_ASSIGN(Value value, context.input_value(0).keep());
  context.set_output(0, std::move(value));
  return ok();
}

}  // namespace thane
