#include "formats/torch/script/tensor_attributes.h"

#include "formats/torch/aten/dtype.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

Result<Value> dtype(Machine& machine, const Value& tensor) {
  THANE_ASSIGN(const Edge edge, machine.context().read(tensor.tensor()));
  return Value(aten::c10_of_dtype(edge.dtype()));
}

Result<Value> item_size(Machine& machine, const Value& tensor) {
  THANE_ASSIGN(const Edge edge, machine.context().read(tensor.tensor()));
  return Value(static_cast<int64_t>(dtype_size(edge.dtype())));
}

Result<Value> is_quantized(Machine&, const Value& tensor) { return Value(tensor.tensor()->quantization != nullptr); }
Result<Value> shape(Machine& machine, const Value& tensor) { return machine.op("aten::size", {tensor}, {}); }
Result<Value> rank(Machine& machine, const Value& tensor) { return machine.op("aten::dim", {tensor}, {}); }
Result<Value> transposed(Machine& machine, const Value& tensor) { return machine.op("aten::numpy_T", {tensor}, {}); }
Result<Value> matrix_transposed(Machine& machine, const Value& tensor) {
  return machine.op("aten::transpose", {tensor, Value(-2), Value(-1)}, {});
}

struct Attribute {
  std::string_view name;
  Result<Value> (*get)(Machine& machine, const Value& tensor);
};
constexpr Attribute kAttributes[] = {{"prim::dtype", dtype},
                                     {"prim::itemsize", item_size},
                                     {"prim::is_quantized", is_quantized},
                                     {"prim::shape", shape},
                                     {"prim::ndim", rank},
                                     {"prim::T", transposed},
                                     {"prim::H", transposed},
                                     {"prim::mT", matrix_transposed},
                                     {"prim::mH", matrix_transposed}};

}  // namespace

Result<std::optional<Value>> tensor_attribute(Machine& machine, std::string_view name, const std::vector<Value>& args) {
  if (args.empty()) return std::optional<Value>();
  if (name == "prim::NumToTensor") {
    if (args[0].is_tensor()) return std::optional(args[0]);
    THANE_ASSIGN(const Edge edge, scalar_edge(machine, args[0]));
    return std::optional(Value(machine.context().tensor(edge)));
  }
  // A known list at a place that depends on data.
  if (name == "aten::__getitem__" && args.size() == 2 && args[0].items() && args[1].is_symbol()) {
    THANE_ASSIGN(const auto list, to_graph_list(machine, *args[0].items(), nullptr));
    if (!list) return std::optional<Value>();
    THANE_ASSIGN(Value item, graph_list_item(machine, *graph_list(*list), args[1]));
    return std::optional(std::move(item));
  }
  if (!args[0].is_tensor()) return std::optional<Value>();
  for (const Attribute& attribute : kAttributes) {
    if (attribute.name != name) continue;
    THANE_ASSIGN(Value value, attribute.get(machine, args[0]));
    return std::optional(std::move(value));
  }
  return std::optional<Value>();
}

}  // namespace thane::torchscript
