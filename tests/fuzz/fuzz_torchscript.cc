// libFuzzer target: any bytes as the code of a TorchScript module. It is parsed, looked through and turned into a
// graph. A crash, a sanitizer report, a hang or an out-of-memory is a finding; an error or a valid graph is not.
#include <cstdlib>
#include <cstring>

#include "formats/torch/script/graph_domain.h"
#include "formats/torch/script/scout.h"

namespace {

using namespace thane;
using namespace thane::torchscript;

std::shared_ptr<Instance> make_model(const Program& program) {
  const auto type = program.find_class("__torch__.M");
  if (!type.ok()) return nullptr;
  auto model = std::make_shared<Instance>();
  model->type = *type;
  model->is_model = true;
  auto weight = std::make_shared<StoredTensor>();
  weight->tensor = Tensor::must_allocate(DType::kFloat32, {2, 3});
  std::memset(weight->tensor.raw(), 0, weight->tensor.size_bytes());
  weight->name = "weight";
  model->attributes["weight"] = aten::Value(ObjectPtr(weight));
  model->attributes["training"] = aten::Value(false);
  model->attributes["count"] = aten::Value(3);
  return model;
}

void scout(const Program& program) {
  GraphBuilder scratch;
  aten::Context context(scratch);
  ScoutDomain domain;
  Machine machine(program, domain, context);
  machine.limit_steps(2'000);
  const auto model = make_model(program);
  if (!model) return;
  (void)machine.call_method(aten::Value(ObjectPtr(model)), "forward",
                            {aten::Value(ObjectPtr(std::make_shared<Argument>()))}, {});
}

void specialise(const Program& program) {
  GraphBuilder main;
  aten::Context context(main);
  GraphDomain domain(main, context, 10);
  Machine machine(program, domain, context);
  machine.limit_steps(2'000);
  const auto model = make_model(program);
  if (!model) return;
  const Edge x = main.input("x", Type::tensor(DType::kFloat32, SymDims{Dim(2), Dim(3)}));
  const auto result =
      machine.call_method(aten::Value(ObjectPtr(model)), "forward", {aten::Value(context.tensor(x))}, {});
  if (!result.ok() || !result->is_tensor() || !domain.missing().ok()) return;
  const auto edge = context.read(result->tensor());
  if (!edge.ok() || !main.output(*edge, "output").ok()) return;
  if (!main.finish().ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto source = allocate_buffer(size);
  if (!source.ok()) std::abort();
  if (size > 0) std::memcpy((*source)->data(), data, size);
  Program program;
  if (!program.add("__torch__", *source).ok()) return 0;
  scout(program);
  specialise(program);
  return 0;
}
