// Attention that exporters spell out becomes one op: Softmax(Q·Kᵀ·scale + mask)·V. Where the heads were split off and
// joined again by Reshape and Transpose, the op takes and gives the tensors before and after that, and nothing is
// transposed at all.
#include <cmath>

#include "ops/attention/attention.h"
#include "ops/movement/movement.h"
#include "ops/reduce/reduce.h"
#include "ops/table.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

class AttentionFusion {
 public:
  explicit AttentionFusion(Graph& graph) : graph_(graph), edit_(graph) {}

  void run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (is(graph_.nodes[n], "Softmax")) fuse(n);
    }
    edit_.finish();
  }

 private:
  static bool is(const Node& node, std::string_view name) {
    return node.op->domain == Domain::kOnnx && node.op->name == name;
  }
  const Node* producer(ValueId id, std::string_view name) const {
    if (id == kNoValue || edit_.producer(id) < 0) return nullptr;
    const Node& node = graph_.nodes[static_cast<size_t>(edit_.producer(id))];
    return is(node, name) ? &node : nullptr;
  }
  // The only reader of a value, by index; -1 when there are several, or none of that name.
  int sole_reader(ValueId id, std::string_view name) const {
    const int reader = edit_.sole_reader(id);
    return reader >= 0 && is(graph_.nodes[static_cast<size_t>(reader)], name) ? reader : -1;
  }
  const SymDims* dims(ValueId id) const {
    const Type& type = graph_.values[id].type;
    return type.is_tensor() && type.dtype == DType::kFloat32 && type.dims ? &*type.dims : nullptr;
  }

  // Takes off products with a scalar: x of x·c or x/c, c going into `scale`.
  ValueId unscaled(ValueId id, double& scale) const {
    for (const std::string_view op : {"Mul", "Div"}) {
      const Node* node = producer(id, op);
      if (!node) continue;
      for (size_t side = 0; side < (op == "Mul" ? 2u : 1u); ++side) {
        const Tensor* factor = graph_.constant(node->inputs[1 - side]);
        if (!factor || factor->size() != 1 || factor->rank() > 4) continue;
        const double value = factor->as_double(0);
        if (!(value > 0)) continue;
        scale = op == "Mul" ? scale * value : scale / value;
        return node->inputs[side];
      }
    }
    return id;
  }

  ValueId transposed_from(ValueId id, const Dims& perm) const {
    const Node* node = producer(id, "Transpose");
    return node && node->attrs_as<TransposeAttrs>().perm == perm ? node->inputs[0] : kNoValue;
  }

  // The tensor [batch, length, heads · size] a [batch, length, heads, size] was reshaped from.
  ValueId joined(ValueId split) const {
    const Node* reshape = producer(split, "Reshape");
    if (!reshape || !dims(split) || !dims(reshape->inputs[0])) return kNoValue;
    const SymDims &to = *dims(split), &from = *dims(reshape->inputs[0]);
    const bool fits = from.size() == 3 && to.size() == 4 && from[0] == to[0] && from[1] == to[1] && to[2].is_number() &&
                      to[3].is_number() && from[2] == to[2] * to[3];
    return fits ? reshape->inputs[0] : kNoValue;
  }

  void fuse(size_t softmax_index) {
    const Node& softmax = graph_.nodes[softmax_index];
    const int64_t axis = softmax.attrs_as<SoftmaxAttrs>().axis;
    const SymDims* scores = dims(softmax.inputs[0]);
    if (!scores || scores->size() != 4 || (axis != -1 && axis != 3)) return;
    if (edit_.uses(softmax.inputs[0]) != 1) return;
    const int product_index = sole_reader(softmax.outputs[0], "MatMul");
    if (product_index < 0) return;
    const Node& product = graph_.nodes[static_cast<size_t>(product_index)];
    if (product.inputs[0] != softmax.outputs[0]) return;

    // Under the Softmax: mask, scale, product of Q and Kᵀ.
    ValueId at = softmax.inputs[0], mask = kNoValue;
    if (const Node* add = producer(at, "Add")) {
      const bool left = leads_to_product(add->inputs[0]);
      at = add->inputs[left ? 0 : 1];
      mask = add->inputs[left ? 1 : 0];
      if (edit_.uses(at) != 1 || !mask_fits(mask, *scores)) return;
    }
    double scale = 1;
    const ValueId raw = unscaled(at, scale);
    const Node* first = producer(raw, "MatMul");
    if (!first || edit_.uses(raw) != 1) return;
    ValueId q = unscaled(first->inputs[0], scale), k_transposed = unscaled(first->inputs[1], scale);
    const ValueId v = product.inputs[1];
    if (!std::isfinite(scale)) return;

    // K with its heads first, or before they were split off.
    ValueId k = transposed_from(k_transposed, {0, 1, 3, 2});
    double k_scale = 1;
    if (k != kNoValue) k = unscaled(k, k_scale), scale *= k_scale;
    const ValueId k_split =
        k == kNoValue ? transposed_from(k_transposed, {0, 2, 3, 1}) : transposed_from(k, {0, 2, 1, 3});
    const ValueId q_split = transposed_from(q, {0, 2, 1, 3}), v_split = transposed_from(v, {0, 2, 1, 3});

    const int out_transpose = sole_reader(product.outputs[0], "Transpose");
    int out_reshape = -1;
    if (out_transpose >= 0) {
      const Node& node = graph_.nodes[static_cast<size_t>(out_transpose)];
      if (node.attrs_as<TransposeAttrs>().perm == Dims{0, 2, 1, 3})
        out_reshape = sole_reader(node.outputs[0], "Reshape");
    }
    const auto whole = [&](ValueId split) { return split == kNoValue ? kNoValue : joined(split); };
    const ValueId q3 = whole(q_split), k3 = whole(k_split), v3 = whole(v_split);
    const SymDims *q_dims = dims(q), *v_dims = dims(v);
    if (!q_dims || !v_dims || q_dims->size() != 4 || v_dims->size() != 4) return;
    const Dim heads = (*q_dims)[1];
    if (!heads.is_number() || !((*v_dims)[1] == heads) || !((*scores)[1] == heads)) return;
    if (q3 != kNoValue && k3 != kNoValue && v3 != kNoValue && out_reshape >= 0 &&
        joins(static_cast<size_t>(out_reshape), *q_dims, *v_dims)) {
      return become(static_cast<size_t>(out_reshape), {q3, k3, v3}, mask, scale, heads.number());
    }
    if (k == kNoValue || !dims(k) || dims(k)->size() != 4 || !((*dims(k))[1] == heads)) return;
    become(static_cast<size_t>(product_index), {q, k, v}, mask, scale, std::nullopt);
  }

  bool leads_to_product(ValueId id) const {
    double ignored = 1;
    return producer(unscaled(id, ignored), "MatMul") != nullptr;
  }

  bool mask_fits(ValueId mask, const SymDims& scores) const {
    const SymDims* own = dims(mask);
    if (!own || own->empty() || own->size() > 4) return false;
    for (size_t i = 0; i < own->size(); ++i) {
      const Dim& want = scores[4 - own->size() + i];
      const bool broadcasts = i + 1 < own->size() && (*own)[i].is_number(1);
      if (!broadcasts && !((*own)[i] == want)) return false;
    }
    return true;
  }

  // Whether a Reshape gives [batch, length, heads · size].
  bool joins(size_t reshape, const SymDims& q, const SymDims& v) const {
    const SymDims* out = dims(graph_.nodes[reshape].outputs[0]);
    return out && out->size() == 3 && (*out)[0] == q[0] && (*out)[1] == q[2] && (*out)[2] == q[1] * v[3];
  }

  void become(size_t n, std::vector<ValueId> inputs, ValueId mask, double scale, std::optional<int64_t> heads) {
    if (mask != kNoValue) inputs.push_back(mask);
    auto attrs = std::make_shared<AttentionAttrs>();
    attrs->scale = static_cast<float>(scale);
    attrs->q_num_heads = attrs->kv_num_heads = heads;
    Node& node = graph_.nodes[n];
    node.op = find_op(Domain::kOnnx, "Attention");
    node.inputs = std::move(inputs);
    node.attrs = std::move(attrs);
  }

  Graph& graph_;
  GraphEdit edit_;
};

}  // namespace

Status fuse_attention(Graph& graph, const PassOptions& options) {
  if (options.precision != Precision::kExact) AttentionFusion(graph).run();
  return ok();
}

}  // namespace thane
