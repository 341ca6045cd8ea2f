// float16 and bfloat16 are computed on in float32, and rounded only where somebody looks: results of the graph, ops
// that take nothing else, and values inside a body. What is left between two ops of float32 is no cast at all. Not
// where nothing is gained, in graphs without products; nor at Precision::kExact: there each op rounds to its type.
#include <algorithm>
#include <map>

#include "ir/check.h"
#include "ops/elementwise/cast.h"
#include "ops/infer.h"
#include "ops/table.h"
#include "ops/widen.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

constexpr DTypeMask kHalves = mask_of(DType::kFloat16, DType::kBFloat16);

bool is_half(const Type& type) { return type.is_tensor() && (mask_of(type.dtype) & kHalves); }
// What takes a model's time.
bool is_product(const Node& node) {
  constexpr std::string_view kProducts[] = {"Conv",
                                            "ConvTranspose",
                                            "MatMul",
                                            "Gemm",
                                            "Einsum",
                                            "LSTM",
                                            "GRU",
                                            "RNN",
                                            "Attention",
                                            "MultiHeadAttention",
                                            "GroupQueryAttention",
                                            "MatMulNBits"};
  return std::ranges::find(kProducts, node.op->name) != std::end(kProducts);
}
bool is_cast(const Node& node, std::string_view name) {
  return node.op->domain == Domain::kOnnx && node.op->name == name;
}

class HalvesWidening {
 public:
  explicit HalvesWidening(Graph& graph) : graph_(graph), alone_(1) {}

  Status run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : nodes) {
      if (!note_cast(node) && works_wide(node)) {
        THANE_TRY(widen(node));
      } else {
        graph_.nodes.push_back(std::move(node));
      }
    }
    return ok();
  }

 private:
  const Type& type_of(ValueId id) const { return graph_.values[id].type; }
  bool is_half_value(ValueId id) const { return id != kNoValue && is_half(type_of(id)); }

  // Casts between halves and float32 that the model has itself: what they round is not rounded.
  bool note_cast(Node& node) {
    const bool like = is_cast(node, "CastLike");
    if (!like && !is_cast(node, "Cast")) return false;
    const DType to = type_of(node.outputs[0]).dtype;
    if (to == DType::kFloat32 && wide_.contains(node.inputs[0])) {
      node.inputs[0] = wide_.at(node.inputs[0]);  // a cast to its own type, which another pass drops
    } else if (is_half_value(node.outputs[0]) && type_of(node.inputs[0]).dtype == DType::kFloat32) {
      wide_[node.outputs[0]] = node.inputs[0];
    }
    return true;
  }

  // Whether the op, given float32 for its halves, gives float32 for its halves and nothing else is different.
  bool works_wide(const Node& node) {
    if (!node.subgraphs.empty() || node.op->has(kStateful)) return false;
    std::vector<Fact> facts(node.inputs.size());
    std::vector<const Fact*> fact_pointers(node.inputs.size(), nullptr);
    std::vector<const Type*> types(node.inputs.size(), nullptr);
    bool computes = false;  // a half that is not a constant: tables are widened behind the Gather, not before it
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id == kNoValue) continue;
      facts[i].type = type_of(id);
      if (is_half_value(id)) {
        computes |= !graph_.constant(id);
        facts[i].type.dtype = DType::kFloat32;
      } else if (const Tensor* constant = graph_.constant(id)) {
        facts[i] = fact_of_constant(*constant);
      }
      fact_pointers[i] = &facts[i];
      types[i] = &facts[i].type;
    }
    if (!computes || !check_params(*node.op, types, node.outputs.size()).ok()) return false;
    std::vector<Fact> out(node.outputs.size());
    InferContext infer(node, fact_pointers, out, nullptr);
    if (!node.op->infer(infer).ok()) return false;
    for (size_t i = 0; i < out.size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      const Type& before = type_of(node.outputs[i]);
      const bool same_kind = out[i].type.is_tensor() == before.is_tensor();
      if (!same_kind || out[i].type.dtype != (is_half(before) ? DType::kFloat32 : before.dtype)) return false;
    }
    return true;
  }

  Status widen(Node& node) {
    for (ValueId& id : node.inputs) {
      if (!is_half_value(id)) continue;
      THANE_ASSIGN(id, wide_form(id));
    }
    std::vector<Node> casts;
    for (ValueId& id : node.outputs) {
      if (!is_half_value(id)) continue;
      const ValueId wide = add_like(id, DType::kFloat32);
      casts.push_back(cast(wide, id, type_of(id).dtype));
      wide_[id] = wide;
      id = wide;
    }
    graph_.nodes.push_back(std::move(node));
    for (Node& narrowing : casts) graph_.nodes.push_back(std::move(narrowing));  // dropped where nobody reads them
    return ok();
  }

  Result<ValueId> wide_form(ValueId id) {
    if (const auto found = wide_.find(id); found != wide_.end()) return found->second;
    ValueId wide = kNoValue;
    if (const Tensor* constant = graph_.constant(id)) {
      THANE_ASSIGN(const Tensor aligned, constant->aligned() ? Result<Tensor>(*constant) : constant->copy());
      THANE_ASSIGN(Tensor widened, thane::widened(aligned, alone_));
      wide = graph_.add_constant(graph_.fresh_name(graph_.values[id].name), std::move(widened));
    } else {
      wide = add_like(id, DType::kFloat32);
      graph_.nodes.push_back(cast(id, wide, DType::kFloat32));
    }
    wide_[id] = wide;
    return wide;
  }

  ValueId add_like(ValueId id, DType dtype) {
    Type type = type_of(id);
    type.dtype = dtype;
    return graph_.add_value(graph_.fresh_name(graph_.values[id].name), std::move(type));
  }

  static Node cast(ValueId from, ValueId to, DType dtype) {
    Node node;
    node.op = find_op(Domain::kOnnx, "Cast");
    node.inputs = {from};
    node.outputs = {to};
    node.attrs = cast_attrs(dtype);
    return node;
  }

  Graph& graph_;
  ThreadPool alone_;
  std::map<ValueId, ValueId> wide_;  // of halves: the same in float32
};

}  // namespace

Status widen_halves(Graph& graph, const PassOptions& options) {
  if (options.precision == Precision::kExact) return ok();
  const bool pays = std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return is_product(node) && std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
             return id != kNoValue && is_half(graph.values[id].type);
           });
  });
  return pays ? HalvesWidening(graph).run() : ok();
}

}  // namespace thane
