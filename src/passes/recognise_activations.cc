// Activations that exporters spell out become one op again: SiLU, HardSwish, and both forms of GELU. Products are
// compared as sets of factors, so the order and grouping of Mul and Div do not matter.
#include <cmath>

#include "ops/table.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

bool close(double a, double b) { return std::fabs(a - b) <= 1e-3 * std::fabs(b); }

// scale · Π values.
struct Factors {
  double scale = 1;
  std::vector<ValueId> values;
};

class ActivationRecognition {
 public:
  explicit ActivationRecognition(Graph& graph) : graph_(graph), edit_(graph) {}

  Status run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const std::string_view name = graph_.nodes[n].op->name;
      if (graph_.nodes[n].op->domain != Domain::kOnnx || (name != "Mul" && name != "Div")) continue;
      THANE_TRY(try_node(n));
    }
    edit_.finish();
    return ok();
  }

 private:
  const Node* producer(ValueId id, std::string_view name) const {
    if (id == kNoValue || edit_.producer(id) < 0) return nullptr;
    const auto index = static_cast<size_t>(edit_.producer(id));
    const Node& node = graph_.nodes[index];
    return !edit_.removed(index) && node.op->domain == Domain::kOnnx && node.op->name == name ? &node : nullptr;
  }
  std::optional<double> scalar(ValueId id) const {
    const Tensor* tensor = graph_.constant(id);
    if (!tensor || tensor->size() != 1 || !(mask_of(tensor->dtype()) & kFloats)) return std::nullopt;
    return tensor->as_double(0);
  }

  // Takes a product of nodes nobody else reads apart (the root may be read by anyone).
  void take_apart(ValueId id, bool root, int depth, Factors& out) const {
    if (const auto value = scalar(id)) return void(out.scale *= *value);
    const Node* mul = producer(id, "Mul");
    const Node* div = producer(id, "Div");
    if (depth > 0 && mul && (root || edit_.uses(id) == 1)) {
      for (ValueId in : mul->inputs) take_apart(in, false, depth - 1, out);
      return;
    }
    if (depth > 0 && div && (root || edit_.uses(id) == 1)) {
      if (const auto divisor = scalar(div->inputs[1]); divisor && *divisor != 0) {
        out.scale /= *divisor;
        return take_apart(div->inputs[0], false, depth - 1, out);
      }
    }
    if (const Node* pow = producer(id, "Pow"); depth > 0 && pow && edit_.uses(id) == 1) {
      const auto exponent = scalar(pow->inputs[1]);
      if (exponent && (*exponent == 2 || *exponent == 3)) {
        out.values.insert(out.values.end(), static_cast<size_t>(*exponent), pow->inputs[0]);
        return;
      }
    }
    out.values.push_back(id);
  }
  Factors factors(ValueId id, bool root = false) const {
    Factors out;
    take_apart(id, root, 4, out);
    return out;
  }

  // The other operand of an Add of one scalar.
  ValueId plus(ValueId id, double addend) const {
    const Node* add = producer(id, "Add");
    if (!add || edit_.uses(id) != 1) return kNoValue;
    for (size_t side = 0; side < 2; ++side) {
      const auto value = scalar(add->inputs[side]);
      if (value && close(*value, addend)) return add->inputs[1 - side];
    }
    return kNoValue;
  }

  bool is_silu(ValueId gate, ValueId x) const {
    const Node* sigmoid = producer(gate, "Sigmoid");
    return sigmoid && sigmoid->inputs[0] == x;
  }
  bool is_hard_swish(ValueId gate, ValueId x) const {
    const Node* hard = producer(gate, "HardSigmoid");
    if (!hard || hard->inputs[0] != x) return false;
    const AttrMap attrs = hard->op->attrs->unparse(*hard->attrs);
    const auto alpha = attrs.find("alpha"), beta = attrs.find("beta");  // ½ is beta's default
    return alpha != attrs.end() && close(std::get<float>(alpha->second), 1.0 / 6) && beta == attrs.end();
  }
  // min(max(x + 3, 0), 6), to be divided by 6
  bool is_six_times_hard_swish(ValueId gate, ValueId x) const {
    const Node* clip = producer(gate, "Clip");
    if (!clip || clip->inputs.size() < 3 || plus(clip->inputs[0], 3) != x) return false;
    const auto low = scalar(clip->inputs[1]), high = scalar(clip->inputs[2]);
    return low && high && *low == 0 && *high == 6;
  }
  // 1 + erf(x/√2)
  bool is_gelu(ValueId gate, ValueId x) const {
    const Node* erf = producer(plus(gate, 1), "Erf");
    if (!erf) return false;
    const Factors inner = factors(erf->inputs[0]);
    return inner.values == std::vector<ValueId>{x} && close(inner.scale, M_SQRT1_2);
  }
  // 1 + tanh(√(2/π)·(x + 0.044715·x³))
  bool is_gelu_tanh(ValueId gate, ValueId x) const {
    const Node* tanh = producer(plus(gate, 1), "Tanh");
    if (!tanh) return false;
    const Factors outer = factors(tanh->inputs[0]);
    if (outer.values.size() != 1 || !close(outer.scale, std::sqrt(M_2_PI))) return false;
    const Node* sum = producer(outer.values[0], "Add");
    if (!sum) return false;
    for (size_t side = 0; side < 2; ++side) {
      if (sum->inputs[side] != x) continue;
      const Factors cube = factors(sum->inputs[1 - side]);
      if (cube.values == std::vector<ValueId>{x, x, x} && close(cube.scale, 0.044715)) return true;
    }
    return false;
  }

  Status try_node(size_t n) {
    const ValueId result = graph_.nodes[n].outputs[0];
    const Factors product = factors(result, true);
    if (product.values.size() != 2) return ok();
    for (size_t side = 0; side < 2; ++side) {
      const ValueId gate = product.values[side], x = product.values[1 - side];
      if (product.scale == 1 && is_silu(gate, x)) return become(n, "Swish", x, {});
      if (product.scale == 1 && is_hard_swish(gate, x)) return become(n, "HardSwish", x, {});
      if (close(product.scale, 1.0 / 6) && is_six_times_hard_swish(gate, x)) return become(n, "HardSwish", x, {});
      if (close(product.scale, 0.5) && is_gelu(gate, x)) return become(n, "Gelu", x, {});
      if (close(product.scale, 0.5) && is_gelu_tanh(gate, x)) {
        return become(n, "Gelu", x, {{"approximate", std::string("tanh")}});
      }
    }
    return ok();
  }

  // What led to it stays for remove_dead_code.
  Status become(size_t n, std::string_view op, ValueId x, const AttrMap& attrs) {
    const Type& type = graph_.values[x].type;
    if (!type.is_tensor() || !(mask_of(type.dtype) & kFloats)) return ok();
    Node& node = graph_.nodes[n];
    node.op = find_op(Domain::kOnnx, op);
    node.inputs = {x};
    node.attrs = nullptr;
    if (node.op->attrs) {
      THANE_ASSIGN(node.attrs, node.op->attrs->parse(attrs));
    }
    return ok();
  }

  Graph& graph_;
  GraphEdit edit_;
};

}  // namespace

Status recognise_activations(Graph& graph, const PassOptions& options) {
  if (options.precision == Precision::kExact) return ok();
  return ActivationRecognition(graph).run();
}

}  // namespace thane
