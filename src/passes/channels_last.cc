// Chooses the data layout. Products over channels are fastest with channels last, so every Conv runs that way, and
// whatever follows it stays that way as long as it can: a value then has a twin with channels last, made where its
// producer stood, and the value itself is transposed back only where something still reads it. Transposes the file
// brought are met by the same rule: they become names for twins and cancel.
#include <algorithm>

#include "ops/conv/conv.h"
#include "ops/image/image.h"
#include "ops/movement/movement.h"
#include "ops/norm/norm.h"
#include "ops/pool/pool.h"
#include "ops/quantize/quantize.h"
#include "ops/reduce/reduce.h"
#include "ops/table.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

// Axis i of the twin is axis to_last(rank)[i] of the value: 0, 2, …, rank − 1, 1.
Dims to_last(size_t rank) {
  Dims perm = {0};
  for (size_t i = 2; i < rank; ++i) perm.push_back(static_cast<int64_t>(i));
  perm.push_back(1);
  return perm;
}
Dims to_first(size_t rank) {
  Dims perm = {0, static_cast<int64_t>(rank) - 1};
  for (size_t i = 1; i + 1 < rank; ++i) perm.push_back(static_cast<int64_t>(i));
  return perm;
}
// Where axis `axis` of a value stands in its twin.
int64_t moved_axis(int64_t axis, size_t rank) {
  if (axis < 0) axis += static_cast<int64_t>(rank);
  return axis == 0 ? 0 : axis == 1 ? static_cast<int64_t>(rank) - 1 : axis - 1;
}

template <class A>
AttrsPtr with_layout(const Node& node) {
  auto attrs = std::make_shared<A>(node.attrs_as<A>());
  attrs->layout = DataLayout::kChannelsLast;
  return attrs;
}
template <class A>
bool is_first(const Node& node) {
  return node.attrs_as<A>().layout == DataLayout::kChannelsFirst;
}

// Ops that carry a layout: how to change it.
struct LayoutOp {
  std::string_view name;
  bool (*is_first)(const Node&);
  AttrsPtr (*with_last)(const Node&);
  bool leads;  // worth transposing its input for
  Domain domain = Domain::kOnnx;
  size_t weights = 1;  // input that must be constant, if it leads
  DTypeMask data = mask_of(DType::kFloat32);
};
template <class A>
constexpr LayoutOp layout_op(std::string_view name, bool leads = false) {
  return {name, is_first<A>, with_layout<A>, leads};
}
template <class A>
constexpr LayoutOp integer_op(Domain domain, std::string_view name, size_t weights) {
  return {name, is_first<A>, with_layout<A>, true, domain, weights, mask_of(DType::kInt8, DType::kUInt8)};
}
constexpr LayoutOp kLayoutOps[] = {
    layout_op<ConvAttrs>("Conv", true),
    layout_op<ConvTransposeAttrs>("ConvTranspose", true),
    integer_op<ConvAttrs>(Domain::kOnnx, "QLinearConv", 3),
    integer_op<FusedQLinearConvAttrs>(Domain::kThane, "FusedQLinearConv", 3),
    integer_op<ConvAttrs>(Domain::kOnnx, "ConvInteger", 1),
    layout_op<MaxPoolAttrs>("MaxPool"),
    layout_op<AveragePoolAttrs>("AveragePool"),
    layout_op<LpPoolAttrs>("LpPool"),
    layout_op<GlobalPoolAttrs>("GlobalAveragePool"),
    layout_op<GlobalPoolAttrs>("GlobalMaxPool"),
    layout_op<GlobalLpPoolAttrs>("GlobalLpPool"),
    layout_op<BatchNormalizationAttrs>("BatchNormalization"),
    layout_op<InstanceNormalizationAttrs>("InstanceNormalization"),
    layout_op<GroupNormalizationAttrs>("GroupNormalization"),
    layout_op<DepthToSpaceAttrs>("DepthToSpace"),
    layout_op<SpaceToDepthAttrs>("SpaceToDepth"),
};

const LayoutOp* find_layout_op(const Node& node) {
  for (const LayoutOp& op : kLayoutOps) {
    if (op.domain == node.op->domain && op.name == node.op->name) return &op;
  }
  return nullptr;
}

class ChannelsLast {
 public:
  explicit ChannelsLast(Graph& graph) : graph_(graph) {}

  void run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    const std::vector<bool> towards = values_before_products(nodes);
    for (Node& node : nodes) {
      if (convert(node)) continue;
      restore(node);
      const bool transposes = is(node, "Transpose") && node.outputs.size() == 1;
      const ValueId in = transposes ? node.inputs[0] : kNoValue, out = transposes ? node.outputs[0] : kNoValue;
      const Dims perm = transposes ? node.attrs_as<TransposeAttrs>().perm.value_or(Dims()) : Dims();
      graph_.nodes.push_back(std::move(node));
      if (!transposes || perm.size() < 3) continue;
      if (perm == to_last(perm.size()) && twin(in) == kNoValue) set_twin(in, out, false);
      // The value is there, too, but readers that can shall take the twin. With three axes, this transposition may as
      // well lead away from channels first (a transformer's patches): then only what a product reads shall.
      if (perm == to_first(perm.size()) && twin(out) == kNoValue) {
        set_twin(out, in, false);
        leading_[out] = perm.size() > 3 || towards[out];
      }
    }
    for (ValueId id : graph_.all_outputs()) require(id);
  }

 private:
  static bool is(const Node& node, std::string_view name) {
    return node.op->domain == Domain::kOnnx && node.op->name == name;
  }

  // Values that a product over channels reads, perhaps after operators that take any layout.
  std::vector<bool> values_before_products(const std::vector<Node>& nodes) const {
    std::vector<bool> before(graph_.values.size(), false);
    for (size_t n = nodes.size(); n-- > 0;) {
      const Node& node = nodes[n];
      const LayoutOp* op = find_layout_op(node);
      const bool passes = node.op->has(kElementwise) || is(node, "Concat") || is(node, "Pad") || is(node, "Slice") ||
                          is(node, "Split") || (op && !op->leads);
      bool wanted = op && op->leads;
      for (ValueId id : node.outputs) wanted |= passes && id != kNoValue && before[id];
      for (ValueId id : node.inputs) {
        if (wanted && id != kNoValue) before[id] = true;
      }
    }
    return before;
  }

  // ---- twins
  void grow() {
    twins_.resize(graph_.values.size(), kNoValue);
    missing_.resize(graph_.values.size(), false);
    leading_.resize(graph_.values.size(), false);
  }
  ValueId twin(ValueId id) const { return id != kNoValue && id < twins_.size() ? twins_[id] : kNoValue; }
  void set_twin(ValueId id, ValueId twin, bool missing) {
    grow();
    twins_[id] = twin;
    missing_[id] = missing;
    if (missing) leading_[id] = true;
  }
  // Whether readers should prefer the twin.
  bool is_last(ValueId id) const { return twin(id) != kNoValue && leading_[id]; }

  size_t rank(ValueId id) const {
    const Type& type = graph_.values[id].type;
    return type.is_tensor() && type.dims ? type.dims->size() : 0;
  }
  const SymDims& dims(ValueId id) const { return *graph_.values[id].type.dims; }

  static Type permuted(const Type& type, const Dims& perm) {
    SymDims dims;
    for (int64_t axis : perm) dims.push_back((*type.dims)[static_cast<size_t>(axis)]);
    return Type::tensor(type.dtype, std::move(dims));
  }

  ValueId new_value(const std::string& stem, Type type) {
    return graph_.add_value(graph_.fresh_name(stem), std::move(type));
  }

  ValueId emit(std::string_view op, std::vector<ValueId> inputs, AttrsPtr attrs, ValueId output) {
    Node node;
    node.op = find_op(Domain::kOnnx, op);
    node.inputs = std::move(inputs);
    node.outputs = {output};
    node.attrs = std::move(attrs);
    graph_.nodes.push_back(std::move(node));
    return output;
  }
  ValueId transpose(ValueId from, const Dims& perm, ValueId to) {
    // Where only one axis is longer than 1 beside the first, moving it moves nothing.
    int64_t unit = 0;
    for (size_t axis = 1; axis < perm.size(); ++axis) unit += dims(from)[axis].is_number(1);
    if (unit + 2 == static_cast<int64_t>(perm.size())) {
      Dims target = {0};
      for (size_t axis = 1; axis < perm.size(); ++axis) {
        const Dim& dim = dims(from)[static_cast<size_t>(perm[axis])];
        target.push_back(dim.is_number() && dim.number() > 0 ? dim.number() : -1);
      }
      if (std::count(target.begin(), target.end(), -1) <= 1) {
        const ValueId shape = graph_.add_constant(graph_.fresh_name("shape"), Tensor::int64s(target));
        grow();
        return emit("Reshape", {from, shape}, std::make_shared<ReshapeAttrs>(), to);
      }
    }
    auto attrs = std::make_shared<TransposeAttrs>();
    attrs->perm = perm;
    return emit("Transpose", {from}, std::move(attrs), to);
  }

  // The twin of a value, made if need be.
  ValueId last(ValueId id) {
    grow();
    if (twins_[id] != kNoValue) return twins_[id];
    const Dims perm = to_last(rank(id));
    const ValueId made = new_value(graph_.values[id].name + "_last", permuted(graph_.values[id].type, perm));
    grow();
    twins_[id] = made;
    return transpose(id, perm, made);
  }
  // The value itself, made if need be.
  void require(ValueId id) {
    if (id == kNoValue || id >= missing_.size() || !missing_[id]) return;
    missing_[id] = false;
    transpose(twins_[id], to_first(rank(id)), id);
  }
  void restore(const Node& node) {
    for (ValueId id : node.inputs) require(id);
    for (const Subgraph& subgraph : node.subgraphs) {
      for (ValueId id : subgraph.captures) require(id);
    }
  }

  // Node as it is but for its operands, with all outputs (of rank ≥ 3) as twins.
  void push(Node node, AttrsPtr attrs) {
    if (attrs) node.attrs = std::move(attrs);
    for (ValueId& id : node.outputs) {
      if (id == kNoValue) continue;
      const ValueId made =
          new_value(graph_.values[id].name + "_last", permuted(graph_.values[id].type, to_last(rank(id))));
      set_twin(id, made, true);
      id = made;
    }
    graph_.nodes.push_back(std::move(node));
  }

  // ---- rules; false: the node stays as it is
  bool convert(Node& node) {
    if (!node.subgraphs.empty() || node.inputs.empty()) return false;
    if (node.inputs[0] == kNoValue || node.outputs.empty() || node.outputs[0] == kNoValue) return false;
    if (const LayoutOp* op = find_layout_op(node)) return convert_layout_op(node, *op);
    if (node.op->domain == Domain::kThane) return convert_own(node);
    if (node.op->domain != Domain::kOnnx) return false;
    if (node.op->has(kElementwise)) return convert_elementwise(node);
    if (!is_last(node.inputs[0])) return is(node, "Concat") && convert_concat(node);
    if (is(node, "Transpose")) return convert_transpose(node);
    if (is(node, "Concat")) return convert_concat(node);
    if (is(node, "Shape")) return convert_shape(node);
    if (is(node, "QuantizeLinear") || is(node, "DequantizeLinear")) return convert_scaled(node);
    if (is(node, "Softmax") || is(node, "LogSoftmax")) return convert_axis<SoftmaxAttrs>(node);
    if (is(node, "Split")) return convert_axis<SplitAttrs>(node);
    if (is(node, "Pad")) return convert_pad(node);
    if (is(node, "Slice")) return convert_slice(node);
    if (is(node, "Resize")) return convert_resize(node);
    if (node.op->name.starts_with("Reduce")) return convert_reduce(node);
    return false;
  }

  bool convert_layout_op(Node& node, const LayoutOp& op) {
    const ValueId x = node.inputs[0];
    if (rank(x) < 3 || rank(node.outputs[0]) != rank(x) || !op.is_first(node)) return false;
    if (op.leads) {
      const bool constant_weights = graph_.constant(node.inputs[op.weights]) != nullptr;
      if (!constant_weights || !(mask_of(graph_.values[x].type.dtype) & op.data)) return false;
    } else if (!is_last(x)) {
      return false;
    }
    for (size_t i = 1; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) return false;
    }
    node.inputs[0] = last(x);
    auto attrs = op.with_last(node);
    push(std::move(node), std::move(attrs));
    return true;
  }

  // Elementwise ops on bytes. Their other inputs are scalars or tables.
  bool convert_own(Node& node) {
    if (node.op->name == "Lookup") {
      if (!is_last(node.inputs[0]) || rank(node.outputs[0]) != rank(node.inputs[0])) return false;
      node.inputs[0] = last(node.inputs[0]);
    } else if (node.op->name == "QuantizedAdd") {
      const ValueId a = node.inputs[0], b = node.inputs[3];
      if (!(is_last(a) || is_last(b)) || rank(a) < 3 || rank(a) != rank(b)) return false;
      node.inputs[0] = last(a);
      node.inputs[3] = last(b);
    } else {
      return false;
    }
    push(std::move(node), nullptr);
    return true;
  }

  bool convert_elementwise(Node& node) {
    const size_t r = rank(node.outputs[0]);
    if (r < 3) return false;
    bool any = false;
    for (ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      if (!graph_.values[id].type.is_tensor() || !graph_.values[id].type.dims) return false;
      any |= is_last(id);
      const Dim count = count_of(dims(id));
      if (rank(id) != r && !count.is_number(1) && !graph_.constant(id)) return false;
    }
    for (ValueId id : node.outputs) {
      if (id != kNoValue && rank(id) != r) return false;
    }
    if (!any) return false;
    for (ValueId& id : node.inputs) {
      if (id == kNoValue) continue;
      if (count_of(dims(id)).is_number(1)) {  // fits as it is, but it must be there
        require(id);
        continue;
      }
      if (rank(id) < r) id = widened(id, r);
      id = last(id);
    }
    push(std::move(node), nullptr);
    return true;
  }

  // A constant with leading axes of 1.
  ValueId widened(ValueId id, size_t rank) {
    const Tensor& constant = *graph_.constant(id);
    Dims wide(rank - constant.rank(), 1);
    wide.insert(wide.end(), constant.dims().begin(), constant.dims().end());
    auto reshaped = constant.reshaped(wide);
    const ValueId made = graph_.add_constant(graph_.fresh_name(graph_.values[id].name), std::move(*reshaped));
    grow();
    return made;
  }

  bool convert_concat(Node& node) {
    const size_t r = rank(node.outputs[0]);
    if (r < 3) return false;
    int lasts = 0;
    for (ValueId id : node.inputs) {
      if (id == kNoValue || rank(id) != r) return false;
      lasts += is_last(id);
    }
    if (2 * lasts < static_cast<int>(node.inputs.size()) || lasts == 0) return false;
    for (ValueId& id : node.inputs) id = last(id);
    auto attrs = std::make_shared<ConcatAttrs>(node.attrs_as<ConcatAttrs>());
    attrs->axis = moved_axis(attrs->axis, r);
    push(std::move(node), std::move(attrs));
    return true;
  }

  template <class A>
  bool convert_axis(Node& node) {
    const size_t r = rank(node.inputs[0]);
    auto attrs = std::make_shared<A>(node.attrs_as<A>());
    attrs->axis = moved_axis(attrs->axis, r);
    for (ValueId id : node.outputs) {
      if (id != kNoValue && rank(id) != r) return false;
    }
    node.inputs[0] = last(node.inputs[0]);
    push(std::move(node), std::move(attrs));
    return true;
  }

  bool convert_transpose(Node& node) {
    const ValueId x = node.inputs[0];
    const size_t r = rank(x);
    const auto& perm = node.attrs_as<TransposeAttrs>().perm;
    if (!perm || perm->size() != r) return false;
    Dims composed;
    for (int64_t axis : *perm) composed.push_back(moved_axis(axis, r));
    if (std::is_sorted(composed.begin(), composed.end())) {
      emit("Identity", {last(x)}, nullptr, node.outputs[0]);
    } else {
      transpose(last(x), composed, node.outputs[0]);
    }
    return true;
  }

  bool convert_shape(Node& node) {
    const auto& attrs = node.attrs_as<ShapeAttrs>();
    const size_t r = rank(node.inputs[0]);
    if (attrs.start != 0 || attrs.end) return false;
    const ValueId shape = new_value("shape_last", Type::tensor(DType::kInt64, SymDims{Dim(static_cast<int64_t>(r))}));
    emit("Shape", {last(node.inputs[0])}, node.attrs, shape);
    const ValueId order = graph_.add_constant(graph_.fresh_name("to_first"), Tensor::int64s(to_first(r)));
    grow();
    AttrMap axis;
    auto gather = find_op(Domain::kOnnx, "Gather")->attrs->parse(axis);
    emit("Gather", {shape, order}, std::move(*gather), node.outputs[0]);
    return true;
  }

  // Quantization with one scale for all elements.
  bool convert_scaled(Node& node) {
    const Type& scale = graph_.values[node.inputs[1]].type;
    if (!scale.dims || !count_of(*scale.dims).is_number(1)) return false;
    if (rank(node.outputs[0]) != rank(node.inputs[0])) return false;
    node.inputs[0] = last(node.inputs[0]);
    push(std::move(node), nullptr);
    return true;
  }

  // The constant int64 list at an input; nothing when absent or computed.
  std::optional<Dims> ints(const Node& node, size_t input) const {
    if (input >= node.inputs.size()) return std::nullopt;
    const Tensor* tensor = graph_.constant(node.inputs[input]);
    if (!tensor || tensor->rank() > 1) return std::nullopt;
    Dims values;
    for (int64_t i = 0; i < tensor->size(); ++i) values.push_back(tensor->as_int64(i));
    return values;
  }
  bool has(const Node& node, size_t input) const {
    return input < node.inputs.size() && node.inputs[input] != kNoValue;
  }
  ValueId constant(const Dims& values) {
    const ValueId id = graph_.add_constant(graph_.fresh_name("axes_last"), Tensor::int64s(values));
    grow();
    return id;
  }

  // The axes named at an input, as they stand in the twin.
  bool move_axes(Node& node, size_t input, size_t r) {
    const auto axes = ints(node, input);
    if (!axes) return false;
    Dims moved;
    for (int64_t axis : *axes) {
      if (axis < -static_cast<int64_t>(r) || axis >= static_cast<int64_t>(r)) return false;
      moved.push_back(moved_axis(axis, r));
    }
    node.inputs[input] = constant(moved);
    return true;
  }

  bool convert_pad(Node& node) {
    const size_t r = rank(node.inputs[0]);
    auto pads = ints(node, 1);
    if (!pads || rank(node.outputs[0]) != r) return false;
    if (has(node, 3)) {
      if (!move_axes(node, 3, r)) return false;
    } else {
      if (pads->size() != 2 * r) return false;
      Dims moved;
      for (size_t side = 0; side < 2; ++side) {
        for (int64_t axis : to_last(r)) moved.push_back((*pads)[side * r + static_cast<size_t>(axis)]);
      }
      node.inputs[1] = constant(moved);
    }
    node.inputs[0] = last(node.inputs[0]);
    push(std::move(node), nullptr);
    return true;
  }

  bool convert_slice(Node& node) {
    const size_t r = rank(node.inputs[0]);
    if (!has(node, 3) || rank(node.outputs[0]) != r || !move_axes(node, 3, r)) return false;
    node.inputs[0] = last(node.inputs[0]);
    push(std::move(node), nullptr);
    return true;
  }

  bool convert_resize(Node& node) {
    const size_t r = rank(node.inputs[0]);
    const auto& attrs = node.attrs_as<ResizeAttrs>();
    if (has(node, 1) && graph_.values[node.inputs[1]].type.dims && !dims(node.inputs[1])[0].is_number(0)) return false;
    if (attrs.axes || rank(node.outputs[0]) != r) return false;
    std::vector<ValueId> inputs = node.inputs;
    for (size_t i = 2; i < inputs.size(); ++i) {
      const Tensor* values = graph_.constant(inputs[i]);
      if (inputs[i] == kNoValue || (values && values->size() == 0)) continue;
      if (!values || values->rank() != 1 || values->size() != static_cast<int64_t>(r)) return false;
      Tensor moved = Tensor::must_allocate(values->dtype(), values->dims());
      for (size_t axis = 0; axis < r; ++axis) {
        const auto from = static_cast<int64_t>(to_last(r)[axis]);
        if (values->dtype() == DType::kFloat32)
          moved.data<float>()[axis] = static_cast<float>(values->as_double(from));
        else if (values->dtype() == DType::kInt64)
          moved.data<int64_t>()[axis] = values->as_int64(from);
        else
          return false;
      }
      inputs[i] = graph_.add_constant(graph_.fresh_name("resize_last"), std::move(moved));
      grow();
    }
    node.inputs = std::move(inputs);
    node.inputs[0] = last(node.inputs[0]);
    push(std::move(node), nullptr);
    return true;
  }

  bool convert_reduce(Node& node) {
    const size_t r = rank(node.inputs[0]);
    const bool keeps = node.attrs_as<ReduceAttrs>().keepdims;
    const auto axes = ints(node, 1);
    if (!axes || axes->empty()) return false;
    if (!keeps) {  // with all spatial axes gone, batch and channels stand as before
      Dims sorted;
      for (int64_t axis : *axes) sorted.push_back(axis < 0 ? axis + static_cast<int64_t>(r) : axis);
      std::sort(sorted.begin(), sorted.end());
      Dims spatial;
      for (size_t axis = 2; axis < r; ++axis) spatial.push_back(static_cast<int64_t>(axis));
      if (sorted != spatial) return false;
    } else if (rank(node.outputs[0]) != r) {
      return false;
    }
    if (!move_axes(node, 1, r)) return false;
    node.inputs[0] = last(node.inputs[0]);
    if (keeps)
      push(std::move(node), nullptr);
    else
      graph_.nodes.push_back(std::move(node));
    return true;
  }

  Graph& graph_;
  std::vector<ValueId> twins_;  // by value
  std::vector<bool> missing_;   // only the twin exists so far
  std::vector<bool> leading_;   // see is_last
};

}  // namespace

Status channels_last(Graph& graph, const PassOptions&) {
  ChannelsLast(graph).run();
  return ok();
}

}  // namespace thane
