#include <algorithm>

#include "base/checked.h"
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/control/control.h"

namespace thane {
namespace {

// Bodies of bodies are inferred once for each time the outer one is: beyond this depth one round must do, or hostile
// nesting would cost exponential time.
constexpr int kRefinedDepth = 2;

bool same(const Type& a, const Type& b) { return a.to_string() == b.to_string(); }

void forget_dims(Type& type) {
  if (type.is_tensor())
    type.dims = std::nullopt;
  else if (type.known())
    type.element = nullptr;
}

}  // namespace

Result<std::vector<Type>> infer_carried(InferContext& context, std::vector<Type>& inputs, size_t first, size_t count,
                                        size_t first_output) {
  if (context.nesting() > kRefinedDepth) {
    for (size_t i = 0; i < count; ++i) forget_dims(inputs[first + i]);
  }
  // First as given, then with what changed forgotten; the third time nothing is left to change.
  for (int round = 0;; ++round) {
    THANE_ASSIGN(std::vector<Type> outputs, context.infer_subgraph(0, inputs));
    if (outputs.size() < first_output + count) {
      return invalid_model(format("the body has {} outputs", outputs.size()))
          .expecting(format("at least {}", first_output + count));
    }
    bool stable = true;
    for (size_t i = 0; i < count; ++i) {
      Type& carried = inputs[first + i];
      const Type& next = outputs[first_output + i];
      if (carried.is_tensor() && next.is_tensor() && carried.dtype != next.dtype &&
          carried.dtype != DType::kUndefined && next.dtype != DType::kUndefined) {
        return invalid_model(
            format("carried value {} begins as {} and goes on as {}", i, carried.to_string(), next.to_string()));
      }
      const Type both = join(carried, next);
      if (same(both, carried)) continue;
      stable = false;
      const DType dtype = carried.dtype;
      carried = both;
      if (carried.is_tensor()) carried.dtype = dtype;
      if (round == 1) forget_dims(carried);
    }
    if (stable || round == 2 || context.nesting() > kRefinedDepth) return outputs;
  }
}

Result<std::vector<Value>> run_body(KernelContext& context, std::span<const Value> inputs, size_t count) {
  THANE_ASSIGN(std::vector<Value> outputs, context.run_subgraph(0, inputs));
  if (outputs.size() == count) return outputs;
  return invalid_model(format("the body has {} outputs", outputs.size())).expecting(std::to_string(count));
}

Status check_carried(const Value& before, const Value& after, size_t index) {
  if (before.empty() || after.empty()) return ok();
  const Type was = before.type(), is = after.type();
  if (was.kind == is.kind && was.dtype == is.dtype) return ok();
  return runtime_error(format("carried value {} became {}", index, is.to_string())).expecting(was.to_string());
}

const Type& body_output_type(const Node& node, size_t i) {
  static const Type kUnknown;
  const Graph& body = *node.subgraphs[0].graph;
  return i < body.outputs.size() ? body.values[body.outputs[i]].type : kUnknown;
}

Status Stack::push(const Value& value) {
  if (!value.is_tensor()) return runtime_error("a scan output that is no tensor").expecting("a tensor");
  const Tensor& tensor = value.tensor();
  if (count_ == 0) dims_ = tensor.dims();
  if (tensor.dims() != dims_ || (count_ > 0 && tensor.dtype() != all_.dtype())) {
    return runtime_error(format("step {} gives {}", count_, value.type().to_string()))
        .expecting(Type::tensor(all_.dtype(), to_symbolic(dims_)).to_string());
  }
  const int64_t room = all_.defined() ? all_.dim(0) : 0;
  if (count_ == room) {
    Dims dims = dims_;
    dims.insert(dims.begin(), std::max<int64_t>(1, 2 * room));
    THANE_ASSIGN(Tensor larger, Tensor::allocate(tensor.dtype(), std::move(dims)));
    if (room) copy_elements(tensor.dtype(), all_.raw(), larger.raw(), all_.size());
    all_ = std::move(larger);
  }
  copy_elements(tensor.dtype(), tensor.raw(), element(tensor.dtype(), all_.raw(), count_ * tensor.size()),
                tensor.size());
  ++count_;
  return ok();
}

Result<Tensor> Stack::finish(const Type& element_type) const {
  Dims dims{count_};
  if (count_ > 0) {
    dims.insert(dims.end(), dims_.begin(), dims_.end());
    if (all_.dim(0) == count_) return all_;
    THANE_ASSIGN(Tensor exact, Tensor::allocate(all_.dtype(), std::move(dims)));
    copy_elements(exact.dtype(), all_.raw(), exact.raw(), exact.size());
    return exact;
  }
  if (!element_type.is_tensor() || element_type.dtype == DType::kUndefined) {
    return runtime_error("no step ran, and the type of a scan output is not known");
  }
  for (const Dim& dim : element_type.dims.value_or(SymDims())) {
    dims.push_back(dim.is_number() ? std::max<int64_t>(dim.number(), 0) : 0);
  }
  return Tensor::allocate(element_type.dtype, std::move(dims));
}

}  // namespace thane
