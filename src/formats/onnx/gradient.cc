#include "formats/onnx/gradient.h"

#include <algorithm>

#include "base/format.h"
#include "formats/onnx/domains.h"
#include "formats/onnx/limits.h"

namespace thane::onnx {
namespace {

class Differentiator {
 public:
  explicit Differentiator(GraphFiller& filler) : filler_(filler), graph_(filler.graph()) {}

  Result<std::vector<ValueId>> run(ValueId y, std::span<const ValueId> variables, std::span<const ValueId> values,
                                   size_t xs_count) {
    select(y, variables);
    std::vector<ValueId> xs(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(xs_count));
    if (!std::equal(variables.begin(), variables.end(), values.begin(), values.end()))
      y = recompute(y, variables, values);
    THANE_ASSIGN(const ValueId one, constant_like(y, 1.0f));
    add(y, emit("Expand", {one, emit("Shape", {y})}));
    for (auto i = path_.rbegin(); i != path_.rend(); ++i) {
      const Node node = copy(graph_.nodes[*i]);  // rules append to graph_.nodes
      const auto found = adjoints_.find(node.outputs[0]);
      if (found == adjoints_.end()) continue;
      THANE_TRY(pull_back(node, found->second));
    }
    std::vector<ValueId> gradients;
    for (ValueId x : xs) {
      if (!adjoints_.contains(x)) {
        THANE_ASSIGN(const ValueId zero, constant_like(x, 0.0f));
        add(x, emit("Expand", {zero, emit("Shape", {x})}));
      }
      gradients.push_back(adjoints_[x]);
    }
    return gradients;
  }

 private:
  static Node copy(const Node& node) { return {node.op, node.name, node.inputs, node.outputs, node.attrs, {}}; }

  // The nodes y needs, back to the variables.
  void select(ValueId y, std::span<const ValueId> variables) {
    std::vector<bool> needed(graph_.values.size(), false);
    needed[y] = true;
    for (ValueId id : variables) needed[id] = false;
    for (size_t i = graph_.nodes.size(); i-- > 0;) {
      const Node& node = graph_.nodes[i];
      const bool used = std::any_of(node.outputs.begin(), node.outputs.end(),
                                    [&](ValueId id) { return id != kNoValue && needed[id]; });
      if (!used) continue;
      path_.push_back(i);
      for (ValueId id : node.inputs) {
        if (id != kNoValue && std::find(variables.begin(), variables.end(), id) == variables.end()) needed[id] = true;
      }
    }
    std::reverse(path_.begin(), path_.end());
  }

  ValueId recompute(ValueId y, std::span<const ValueId> variables, std::span<const ValueId> values) {
    std::unordered_map<ValueId, ValueId> moved;
    for (size_t i = 0; i < variables.size(); ++i) moved[variables[i]] = values[i];
    const auto move = [&](ValueId id) { return moved.contains(id) ? moved[id] : id; };
    for (size_t& i : path_) {
      Node node = copy(graph_.nodes[i]);
      for (ValueId& id : node.inputs) id = move(id);
      for (ValueId& id : node.outputs) {
        if (id == kNoValue) continue;
        const ValueId fresh = filler_.add_value(graph_.values[id].name, {});
        moved[id] = fresh;
        id = fresh;
      }
      i = graph_.nodes.size();
      filler_.append(std::move(node));
    }
    return move(y);
  }

  ValueId emit(std::string_view op, std::vector<ValueId> inputs, const AttrMap& attrs = {}) {
    Node node;
    node.op = find_standard_op("", op);
    assert(node.op && "an op of ai.onnx");
    if (node.op->attrs) {
      auto parsed = node.op->attrs->parse(attrs);
      assert(parsed.ok());
      node.attrs = std::move(*parsed);
    }
    node.inputs = std::move(inputs);
    node.outputs = {filler_.add_value(format("gradient/{}", op), {})};
    const ValueId id = node.outputs[0];
    filler_.append(std::move(node));
    return id;
  }

  ValueId int64s(const Dims& values) { return filler_.add_constant("gradient/ints", Tensor::int64s(values)); }

  Result<ValueId> constant_like(ValueId id, float value) {
    Tensor tensor;
    switch (graph_.values[id].type.dtype) {
      case DType::kFloat32: tensor = Tensor::scalar(value); break;
      case DType::kFloat64: tensor = Tensor::scalar(static_cast<double>(value)); break;
      case DType::kFloat16: tensor = Tensor::scalar(Half(value)); break;
      default: return unsupported("gradients of other types than float16, float32 and float64");
    }
    return filler_.add_constant("gradient/number", std::move(tensor));
  }

  void add(ValueId id, ValueId gradient) {
    const auto [place, fresh] = adjoints_.try_emplace(id, gradient);
    if (!fresh) place->second = emit("Add", {place->second, gradient});
  }

  // Adds to an operand's adjoint what arrived in the shape of the result, which broadcasting may have enlarged.
  Status add_summed(ValueId operand, ValueId gradient) {
    const Type &type = graph_.values[operand].type, &full = graph_.values[gradient].type;
    if (!type.dims || !full.dims || type.dims->size() > full.dims->size())
      return unsupported("gradients of unknown ranks");
    Dims axes;
    const size_t lead = full.dims->size() - type.dims->size();
    for (size_t i = 0; i < full.dims->size(); ++i) {
      if (i >= lead && (*type.dims)[i - lead] == (*full.dims)[i]) continue;
      if (i >= lead && !(*type.dims)[i - lead].is_number(1)) return unsupported("gradients of unknown broadcasts");
      axes.push_back(static_cast<int64_t>(i));
    }
    if (axes.empty()) return add(operand, gradient), ok();
    const ValueId sum = emit("ReduceSum", {gradient, int64s(axes)});
    add(operand, emit("Reshape", {sum, emit("Shape", {operand})}));
    return ok();
  }

  Status pull_back(const Node& node, ValueId g) {
    const std::string_view op = node.op->name;
    const ValueId y = node.outputs[0];
    const ValueId a = node.inputs.empty() ? kNoValue : node.inputs[0];
    const ValueId b = node.inputs.size() > 1 ? node.inputs[1] : kNoValue;
    if (graph_.values[a == kNoValue ? y : a].type.dtype == DType::kUndefined)
      return unsupported("gradients of unknown types");
    if (op == "Add") return both(a, g, b, g);
    if (op == "Sub") return both(a, g, b, emit("Neg", {g}));
    if (op == "Mul") return both(a, emit("Mul", {g, b}), b, emit("Mul", {g, a}));
    if (op == "Div") {
      const ValueId over = emit("Div", {g, b});
      return both(a, over, b, emit("Neg", {emit("Mul", {over, y})}));
    }
    if (op == "MatMul") return matmul(a, b, g);
    if (op == "Identity") return add(a, g), ok();
    if (op == "Neg") return add(a, emit("Neg", {g})), ok();
    if (op == "Exp") return add(a, emit("Mul", {g, y})), ok();
    if (op == "Log") return add(a, emit("Div", {g, a})), ok();
    if (op == "Sqrt") return add(a, emit("Div", {g, emit("Add", {y, y})})), ok();
    if (op == "Sin") return add(a, emit("Mul", {g, emit("Cos", {a})})), ok();
    if (op == "Cos") return add(a, emit("Neg", {emit("Mul", {g, emit("Sin", {a})})})), ok();
    if (op == "Abs") return add(a, emit("Mul", {g, emit("Sign", {a})})), ok();
    if (op == "Relu") return add(a, emit("Mul", {g, emit("Sign", {y})})), ok();
    if (op == "Sigmoid" || op == "Tanh") {
      THANE_ASSIGN(const ValueId one, constant_like(a, 1.0f));
      const ValueId slope =
          op == "Tanh" ? emit("Sub", {one, emit("Mul", {y, y})}) : emit("Mul", {y, emit("Sub", {one, y})});
      return add(a, emit("Mul", {g, slope})), ok();
    }
    if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") {
      return add(a, emit("Reshape", {g, emit("Shape", {a})})), ok();
    }
    return unsupported(format("the gradient of {}", op));
  }

  Status both(ValueId a, ValueId ga, ValueId b, ValueId gb) {
    THANE_TRY(add_summed(a, ga));
    return add_summed(b, gb);
  }

  Status matmul(ValueId a, ValueId b, ValueId g) {
    for (ValueId id : {a, b}) {
      const Type& type = graph_.values[id].type;
      if (!type.dims || type.dims->size() != 2) return unsupported("gradients of products of other than matrices");
    }
    add(a, emit("MatMul", {g, emit("Transpose", {b})}));
    add(b, emit("MatMul", {emit("Transpose", {a}), g}));
    return ok();
  }

  GraphFiller& filler_;
  Graph& graph_;
  std::vector<size_t> path_;  // indices of the nodes between the variables and y
  std::unordered_map<ValueId, ValueId> adjoints_;
};

}  // namespace

Result<std::vector<ValueId>> differentiate(GraphFiller& filler, ValueId y, std::span<const ValueId> variables,
                                           std::span<const ValueId> values, size_t xs_count) {
  return Differentiator(filler).run(y, variables, values, xs_count);
}

// Gradient of ai.onnx.preview.training: attributes name tensors of the graph the node stands in.
Status Importer::import_gradient(const ForeignNode& node, Scope& scope) {
  std::vector<std::string> names;
  size_t xs_count = 0;
  std::string y;
  for (const auto& [name, value] : node.attrs) {
    const auto* list = std::get_if<std::vector<std::string>>(&value);
    if (name == "xs" && list) {
      names.insert(names.begin(), list->begin(), list->end());
      xs_count = list->size();
    } else if (name == "zs" && list) {
      names.insert(names.end(), list->begin(), list->end());
    } else if (name == "y" && std::holds_alternative<std::string>(value)) {
      y = std::get<std::string>(value);
    } else {
      return attrs_detail::unknown_attribute(name);
    }
  }
  if (node.inputs.size() != names.size() || node.outputs.size() > xs_count) {
    return invalid_model(
        format("{} inputs and {} outputs for {} names", node.inputs.size(), node.outputs.size(), names.size()));
  }
  std::vector<ValueId> variables, values;
  for (size_t i = 0; i < names.size(); ++i) {
    THANE_ASSIGN(variables.emplace_back(), lookup(scope, names[i]));
    THANE_ASSIGN(values.emplace_back(), lookup(scope, node.inputs[i]));
    if (variables.back() == kNoValue || values.back() == kNoValue) return invalid_model("an input is absent");
  }
  THANE_ASSIGN(const ValueId target, lookup(scope, y));
  if (target == kNoValue) return invalid_model(format("'{}' is absent", y));
  THANE_TRY(source_.claim(static_cast<int64_t>(scope.filler.graph().nodes.size()) * kInlinedNodeBytes));
  auto gradients = differentiate(scope.filler, target, variables, values, xs_count);
  if (!gradients.ok()) {
    if (gradients.error().code != ErrorCode::kUnsupported) return std::move(gradients).error();
    note_unsupported(node, gradients.error().what);
    gradients = variables;
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!node.outputs[i].empty()) THANE_TRY(define(scope, node.outputs[i], (*gradients)[i]));
  }
  return ok();
}

}  // namespace thane::onnx
