#include "ops/evaluate.h"

#include "base/format.h"
#include "ir/check.h"

namespace thane {

Result<std::vector<Value>> evaluate(const Node& node, std::span<const Value* const> inputs, ThreadPool& threads,
                                    SubgraphRunner* runner, RandomSource& random, const ChooseKernel& choose) {
  std::vector<Fact> facts(inputs.size());
  std::vector<const Fact*> fact_pointers(inputs.size(), nullptr);
  std::vector<const Type*> types(inputs.size(), nullptr);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) continue;
    facts[i].type = inputs[i]->type();
    if (inputs[i]->is_tensor()) facts[i].value = inputs[i]->tensor();
    fact_pointers[i] = &facts[i];
    types[i] = &facts[i].type;
  }
  THANE_TRY(check_params(*node.op, types, node.outputs.size()));

  std::vector<Fact> out_facts(node.outputs.size());
  InferContext infer(node, fact_pointers, out_facts, nullptr);
  THANE_TRY(node.op->infer(infer));

  std::vector<Value> outputs(node.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Type& type = out_facts[i].type;
    if (!type.has_concrete_dims() || type.dtype == DType::kUndefined) continue;
    THANE_ASSIGN(Tensor tensor, Tensor::allocate(type.dtype, to_numbers(*type.dims)));
    outputs[i] = Value(std::move(tensor));
  }
  std::unique_ptr<PreparedKernel> kernel;
  if (choose) {
    std::vector<Type> out_types;
    for (const Fact& fact : out_facts) out_types.push_back(fact.type);
    THANE_ASSIGN(kernel, choose(types, out_types));
  }
  KernelContext context(node, inputs, outputs, threads, runner, &random);
  THANE_TRY(kernel ? kernel->run(context) : node.op->eval(context));
  for (Value& output : outputs) {
    THANE_ASSIGN(output, output.keep());
  }
  return outputs;
}

}  // namespace thane
