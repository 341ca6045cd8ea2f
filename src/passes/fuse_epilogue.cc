// What follows a product and works element by element joins it: a residual Add, a bias Add, an activation. The fused
// node takes the place of the follower (whose other operand may be made later than the product's).
#include "ops/conv/conv.h"
#include "ops/elementwise/activation_attrs.h"
#include "ops/matmul/matmul.h"
#include "ops/table.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

bool is_onnx(const Node& node, std::string_view name) {
  return node.op->domain == Domain::kOnnx && node.op->name == name;
}
bool is_thane(const Node& node, std::string_view name) {
  return node.op->domain == Domain::kThane && node.op->name == name;
}

// A bound of Clip: the constant, `fallback` when absent, nothing when it is computed.
std::optional<float> bound(const Graph& graph, const Node& clip, size_t input, float fallback) {
  if (input >= clip.inputs.size() || clip.inputs[input] == kNoValue) return fallback;
  const Tensor* tensor = graph.constant(clip.inputs[input]);
  if (!tensor || tensor->size() != 1) return std::nullopt;
  return static_cast<float>(tensor->as_double(0));
}

// The activation a node is, when it is one an epilogue can do.
std::optional<Activation> activation_of(const Graph& graph, const Node& node) {
  if (is_onnx(node, "Relu")) return Activation{ActivationKind::kRelu};
  if (is_onnx(node, "Sigmoid")) return Activation{ActivationKind::kSigmoid};
  if (is_onnx(node, "Tanh")) return Activation{ActivationKind::kTanh};
  if (is_onnx(node, "HardSwish")) return Activation{ActivationKind::kHardSwish};
  if (is_onnx(node, "Swish") && node.attrs_as<UnitAlphaAttrs>().alpha == 1) return Activation{ActivationKind::kSilu};
  if (is_onnx(node, "Gelu")) {
    const bool exact = node.attrs_as<GeluAttrs>().approximate == GeluApproximation::kNone;
    return Activation{exact ? ActivationKind::kGelu : ActivationKind::kGeluTanh};
  }
  if (is_onnx(node, "LeakyRelu")) return Activation{ActivationKind::kLeakyRelu, node.attrs_as<LeakyReluAttrs>().alpha};
  if (is_onnx(node, "HardSigmoid")) {
    const auto& attrs = node.attrs_as<HardSigmoidAttrs>();
    return Activation{ActivationKind::kHardSigmoid, attrs.alpha, attrs.beta};
  }
  if (is_onnx(node, "Clip")) {
    const auto low = bound(graph, node, 1, -__builtin_inff());
    const auto high = bound(graph, node, 2, __builtin_inff());
    if (low && high && *low <= *high) return Activation{ActivationKind::kClip, *low, *high};
  }
  return std::nullopt;
}

class EpilogueFusion {
 public:
  explicit EpilogueFusion(Graph& graph) : graph_(graph), edit_(graph) {}

  void run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (is_onnx(graph_.nodes[n], "Add")) {
        fuse_add(n);
      } else if (const auto activation = activation_of(graph_, graph_.nodes[n])) {
        fuse_activation(n, *activation);
      }
    }
    edit_.finish();
  }

 private:
  // The node that makes `id`, if nobody else reads it and it computes in float32.
  const Node* producer(ValueId id) const {
    if (id == kNoValue || edit_.uses(id) != 1 || edit_.producer(id) < 0) return nullptr;
    const auto index = static_cast<size_t>(edit_.producer(id));
    const Type& type = graph_.values[id].type;
    if (edit_.removed(index) || !type.is_tensor() || type.dtype != DType::kFloat32) return nullptr;
    return &graph_.nodes[index];
  }

  // Node n becomes `op` with these inputs, in place of the product it followed.
  void become(size_t n, const Node& product, std::string_view op, std::vector<ValueId> inputs, AttrsPtr attrs) {
    edit_.remove(static_cast<size_t>(edit_.producer(product.outputs[0])));
    Node& node = graph_.nodes[n];
    node.op = find_op(Domain::kThane, op);
    node.name = product.name.empty() ? node.name : product.name;
    node.inputs = std::move(inputs);
    node.attrs = std::move(attrs);
  }

  void fuse_add(size_t n) {
    for (size_t side = 0; side < 2; ++side) {
      const ValueId result = graph_.nodes[n].inputs[side];
      const ValueId addend = graph_.nodes[n].inputs[1 - side];
      const Node* product = producer(result);
      if (!product || addend == result) continue;
      if (fuse_residual(n, *product, result, addend) || fuse_bias(n, *product, addend)) return;
    }
  }

  bool fuse_residual(size_t n, const Node& product, ValueId result, ValueId addend) {
    const Type& type = graph_.values[result].type;
    const Type& other = graph_.values[addend].type;
    if (!other.is_tensor() || !type.dims || !other.dims || *type.dims != *other.dims) return false;
    std::vector<ValueId> inputs = product.inputs;
    if (inputs.size() > 3) return false;  // a residual is there
    inputs.resize(3, kNoValue);
    inputs.push_back(addend);
    if (is_onnx(product, "Conv")) {
      auto attrs = std::make_shared<FusedConvAttrs>();
      static_cast<ConvAttrs&>(*attrs) = product.attrs_as<ConvAttrs>();
      become(n, product, "FusedConv", std::move(inputs), std::move(attrs));
      return true;
    }
    const bool is_fused = is_thane(product, "FusedMatMul");
    if (is_fused ? product.attrs_as<FusedMatMulAttrs>().activation.kind != ActivationKind::kNone
                 : !is_onnx(product, "MatMul") || !multiplies_by_weights(product))
      return false;
    become(n, product, "FusedMatMul", std::move(inputs), std::make_shared<FusedMatMulAttrs>());
    return true;
  }

  // By a constant matrix, which is what kernels of the fused product take.
  bool multiplies_by_weights(const Node& matmul) const {
    const Tensor* weights = graph_.constant(matmul.inputs[1]);
    const Type& left = graph_.values[matmul.inputs[0]].type;
    return weights && weights->rank() == 2 && left.dims && left.dims->size() >= 2;
  }

  bool fuse_bias(size_t n, const Node& product, ValueId addend) {
    if (!is_onnx(product, "MatMul") || !multiplies_by_weights(product)) return false;
    const Tensor* weights = graph_.constant(product.inputs[1]);
    const Tensor* bias = graph_.constant(addend);
    if (!bias || bias->rank() != 1 || bias->dim(0) != weights->dim(1)) return false;
    become(n, product, "FusedMatMul", {product.inputs[0], product.inputs[1], addend},
           std::make_shared<FusedMatMulAttrs>());
    return true;
  }

  void fuse_activation(size_t n, const Activation& activation) {
    const Node* product = producer(graph_.nodes[n].inputs[0]);
    if (!product) return;
    if (is_onnx(*product, "Conv") || is_thane(*product, "FusedConv")) {
      finish_with<FusedConvAttrs, ConvAttrs>(n, *product, "FusedConv", activation);
    } else if (is_onnx(*product, "Gemm") || is_thane(*product, "FusedGemm")) {
      finish_with<FusedGemmAttrs, GemmAttrs>(n, *product, "FusedGemm", activation);
    } else if (is_thane(*product, "FusedMatMul")) {
      finish_with<FusedMatMulAttrs, FusedMatMulAttrs>(n, *product, "FusedMatMul", activation);
    }
  }

  // Plain is the attribute struct of the product before it was fused with anything.
  template <class Fused, class Plain>
  void finish_with(size_t n, const Node& product, std::string_view op, const Activation& activation) {
    auto attrs = std::make_shared<Fused>();
    if (product.op->domain == Domain::kThane) {
      *attrs = product.attrs_as<Fused>();
      if (attrs->activation.kind != ActivationKind::kNone) return;
    } else {
      static_cast<Plain&>(*attrs) = product.attrs_as<Plain>();
    }
    attrs->activation = activation;
    become(n, product, op, product.inputs, std::move(attrs));
  }

  Graph& graph_;
  GraphEdit edit_;
};

}  // namespace

Status fuse_epilogue(Graph& graph, const PassOptions&) {
  EpilogueFusion(graph).run();
  return ok();
}

}  // namespace thane
