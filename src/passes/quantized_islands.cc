// Finds what stands between DequantizeLinear and QuantizeLinear and lets it run on the integers. The operator takes the
// place of the QuantizeLinear:
//   Conv, Gemm, MatMul (+ Relu, Clip)   summed in 32 bits, bias included, and rounded once. Between its nodes the sum
//                                       would be rounded to float at every step: results may differ where that moves
//                                       a sum across a rounding boundary, so not at Precision::kExact.
//   Add (+ Relu, Clip)                  in registers, with every rounding in its place
//   chains of functions of one operand  a table of 256 results
//   MaxPool and what moves elements     as it is, when both sides have one scale and zero point
#include <bit>
#include <cmath>

#include "ops/conv/conv.h"
#include "ops/evaluate.h"
#include "ops/matmul/matmul.h"
#include "ops/quantize/quantize.h"
#include "ops/quantize/requantize.h"
#include "ops/table.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

constexpr DTypeMask kIslandBytes = mask_of(DType::kInt8, DType::kUInt8);

bool is_onnx_op(const Node& node, std::string_view name) {
  return node.op->domain == Domain::kOnnx && node.op->name == name;
}

// A quantized operand, as DequantizeLinear reads it or QuantizeLinear makes it.
struct Quantized {
  ValueId value = kNoValue, scale = kNoValue, zero = kNoValue;
  Tensor scales, zeros;
  int64_t axis = 0;

  bool single() const { return scales.size() == 1 && zeros.size() == 1; }
  float step() const { return scales.data<float>()[0]; }
  bool same_as(const Quantized& other) const {
    return single() && other.single() && zeros.dtype() == other.zeros.dtype() &&
           std::bit_cast<uint32_t>(step()) == std::bit_cast<uint32_t>(other.step()) &&
           zeros.as_int64(0) == other.zeros.as_int64(0);
  }
};

class Islands {
 public:
  Islands(Graph& graph, const PassOptions& options)
      : graph_(graph), edit_(graph), exact_(options.precision == Precision::kExact) {}

  Status run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (is_onnx_op(graph_.nodes[n], "QuantizeLinear")) THANE_TRY(visit(n));
    }
    edit_.finish();
    return ok();
  }

 private:
  // The parameters of a (De)QuantizeLinear of bytes, when they are constant and not blocked.
  std::optional<Quantized> parameters(const Node& node, ValueId integers) {
    const auto& attrs = node.attrs_as<DequantizeAttrs>();
    const Type& type = graph_.values[integers].type;
    if (attrs.block_size != 0 || !type.is_tensor() || !(mask_of(type.dtype) & kIslandBytes)) return std::nullopt;
    const Tensor* scales = graph_.constant(node.inputs[1]);
    if (!scales || scales->dtype() != DType::kFloat32 || scales->size() < 1) return std::nullopt;
    for (int64_t i = 0; i < scales->size(); ++i) {
      if (!(scales->as_double(i) > 0) || !std::isfinite(scales->as_double(i))) return std::nullopt;
    }
    Quantized out{.value = integers, .scale = node.inputs[1], .scales = *scales, .axis = attrs.axis};
    out.zero = node.inputs.size() > 2 ? node.inputs[2] : kNoValue;
    if (out.zero == kNoValue) {
      Tensor zero = Tensor::must_allocate(type.dtype, {});
      *zero.data<uint8_t>() = 0;
      out.zero = graph_.add_constant(graph_.fresh_name("zero_point"), std::move(zero));
    }
    const Tensor* zeros = graph_.constant(out.zero);
    if (!zeros || (zeros->size() != 1 && zeros->size() != out.scales.size())) return std::nullopt;
    out.zeros = *zeros;
    return out;
  }

  // The node that makes `id`, or null.
  Node* producer(ValueId id) {
    if (id == kNoValue || id >= graph_.values.size() || id >= known_values_) return nullptr;
    const int index = edit_.producer(id);
    return index < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(index)];
  }
  Node* sole_producer(ValueId id) {
    Node* node = producer(id);
    return node && edit_.uses(id) == 1 && !edit_.is_output(id) && node->outputs.size() == 1 ? node : nullptr;
  }
  std::optional<Quantized> dequantized(ValueId id) {
    const Node* node = producer(id);
    if (!node || !is_onnx_op(*node, "DequantizeLinear")) return std::nullopt;
    if (graph_.values[id].type.dtype != DType::kFloat32) return std::nullopt;
    return parameters(*node, node->inputs[0]);
  }

  Status visit(size_t n) {
    Node& quantize = graph_.nodes[n];
    const DType precision = quantize.attrs_as<QuantizeAttrs>().precision;
    if (precision != DType::kUndefined && precision != DType::kFloat32) return ok();
    if (graph_.values[quantize.inputs[0]].type.dtype != DType::kFloat32) return ok();
    const auto y = parameters(quantize, quantize.outputs[0]);
    if (!y || !y->single()) return ok();
    THANE_ASSIGN(const bool looked_up, look_up(n, *y));
    if (looked_up) return ok();
    // Clamps, from the last to the first.
    QuantizedBounds bounds{quantized_range(y->zeros.dtype()).low, quantized_range(y->zeros.dtype()).high};
    ValueId at = quantize.inputs[0];
    std::vector<size_t> passed;
    Node* node = sole_producer(at);
    while (node && clamp(*node, *y, bounds)) {
      passed.push_back(static_cast<size_t>(edit_.producer(at)));
      at = node->inputs[0];
      node = sole_producer(at);
    }
    if (!node) return ok();
    passed.push_back(static_cast<size_t>(edit_.producer(at)));
    const Node& source = *node;
    bool done = false;
    if (is_onnx_op(source, "Conv")) {
      done = !exact_ && become_conv(n, source, *y, bounds);
    } else if (is_onnx_op(source, "Gemm") || is_onnx_op(source, "MatMul")) {
      done = !exact_ && become_matmul(n, source, *y, bounds);
    } else if (is_onnx_op(source, "Add")) {
      done = become_add(n, source, *y, bounds);
    } else if (passed.size() == 1) {
      done = become_movement(n, source, *y);
    }
    for (size_t i = 0; done && i < passed.size(); ++i) edit_.remove(passed[i]);
    return ok();
  }

  // Relu and Clip before rounding are bounds after it, for rounding keeps order.
  bool clamp(const Node& node, const Quantized& y, QuantizedBounds& bounds) {
    std::optional<float> low, high;
    const auto constant = [&](size_t i, std::optional<float>& bound) {
      if (i >= node.inputs.size() || node.inputs[i] == kNoValue) return true;
      const Tensor* tensor = graph_.constant(node.inputs[i]);
      if (!tensor || tensor->size() != 1) return false;
      bound = static_cast<float>(tensor->as_double(0));
      return !std::isnan(*bound);
    };
    if (is_onnx_op(node, "Relu")) {
      low = 0.0f;
    } else if (!is_onnx_op(node, "Clip") || !constant(1, low) || !constant(2, high) || (low && high && *low > *high)) {
      return false;
    }
    const auto zero = static_cast<int32_t>(y.zeros.as_int64(0));
    const QuantizedRange range = quantized_range(y.zeros.dtype());
    // What comes later holds: its bounds bound these.
    const auto as_bound = [&](float x) {
      return std::clamp<int64_t>(quantized(x / y.step(), zero, range), bounds.low, bounds.high);
    };
    const int64_t first = low ? as_bound(*low) : bounds.low, last = high ? as_bound(*high) : bounds.high;
    bounds = {first, last};
    return true;
  }

  // Node n becomes that op; it keeps its output.
  void become(size_t n, const Node& source, Domain domain, std::string_view op, std::vector<ValueId> inputs,
              AttrsPtr attrs) {
    Node& node = graph_.nodes[n];
    node.op = find_op(domain, op);
    if (!source.name.empty()) node.name = source.name;
    node.inputs = std::move(inputs);
    node.attrs = std::move(attrs);
  }

  // The int32 bias whose scale is that of the products: nothing when there is none, false when it is anything else.
  bool bias_of(ValueId id, const Quantized& x, const Quantized& w, ValueId& out) {
    out = kNoValue;
    if (id == kNoValue) return true;
    const Node* node = producer(id);
    if (!node || !is_onnx_op(*node, "DequantizeLinear") || node->attrs_as<DequantizeAttrs>().block_size != 0)
      return false;
    const Tensor *bias = graph_.constant(node->inputs[0]), *scales = graph_.constant(node->inputs[1]);
    if (!bias || bias->dtype() != DType::kInt32 || bias->rank() != 1 || !scales || scales->dtype() != DType::kFloat32)
      return false;
    if (node->inputs.size() > 2 && node->inputs[2] != kNoValue) {
      const Tensor* zeros = graph_.constant(node->inputs[2]);
      for (int64_t i = 0; i < (zeros ? zeros->size() : 0); ++i) {
        if (zeros->as_int64(i) != 0) return false;
      }
      if (!zeros) return false;
    }
    if (scales->size() != 1 && scales->size() != bias->size()) return false;
    constexpr double kClose = 1e-5;
    for (int64_t c = 0; c < bias->size(); ++c) {
      const double product = static_cast<double>(x.step()) * w.scales.as_double(w.scales.size() == 1 ? 0 : c);
      if (std::fabs(scales->as_double(scales->size() == 1 ? 0 : c) - product) > kClose * product) return false;
    }
    out = node->inputs[0];
    return true;
  }

  // Constant weights with scales along `axis`, or one.
  std::optional<Quantized> weights(ValueId id, int64_t axis) {
    auto w = dequantized(id);
    if (!w) return std::nullopt;
    const Tensor* tensor = graph_.constant(w->value);
    if (!tensor || (w->scales.size() > 1 && w->axis != axis)) return std::nullopt;
    return w;
  }

  bool become_conv(size_t n, const Node& conv, const Quantized& y, const QuantizedBounds& bounds) {
    const auto x = dequantized(conv.inputs[0]);
    const auto w = weights(conv.inputs[1], 0);
    if (!x || !x->single() || !w) return false;
    const size_t rank = graph_.constant(w->value)->rank();
    if (rank != 3 && rank != 4) return false;  // no fast kernel for others
    ValueId bias;
    if (!bias_of(conv.inputs.size() > 2 ? conv.inputs[2] : kNoValue, *x, *w, bias)) return false;
    auto attrs = std::make_shared<FusedQLinearConvAttrs>();
    static_cast<ConvAttrs&>(*attrs) = conv.attrs_as<ConvAttrs>();
    static_cast<QuantizedBounds&>(*attrs) = bounds;
    become(n, conv, Domain::kThane, "FusedQLinearConv",
           {x->value, x->scale, x->zero, w->value, w->scale, w->zero, y.scale, y.zero, bias}, std::move(attrs));
    return true;
  }

  bool become_matmul(size_t n, const Node& product, const Quantized& y, const QuantizedBounds& bounds) {
    const bool gemm = is_onnx_op(product, "Gemm");
    const bool swap = gemm && product.attrs_as<GemmAttrs>().trans_b;
    if (gemm) {
      const auto& attrs = product.attrs_as<GemmAttrs>();
      if (attrs.trans_a || attrs.alpha != 1 || attrs.beta != 1) return false;
    }
    const auto x = dequantized(product.inputs[0]);
    auto w = weights(product.inputs[1], swap ? 0 : 1);
    if (!x || !x->single() || !w || graph_.constant(w->value)->rank() != 2) return false;
    ValueId bias;
    if (!bias_of(product.inputs.size() > 2 ? product.inputs[2] : kNoValue, *x, *w, bias)) return false;
    if (swap) w->value = transposed(w->value);
    auto attrs = std::make_shared<FusedQLinearMatMulAttrs>();
    static_cast<QuantizedBounds&>(*attrs) = bounds;
    become(n, product, Domain::kThane, "FusedQLinearMatMul",
           {x->value, x->scale, x->zero, w->value, w->scale, w->zero, y.scale, y.zero, bias}, std::move(attrs));
    return true;
  }

  ValueId transposed(ValueId id) {
    const Tensor& from = *graph_.constant(id);
    const int64_t rows = from.dim(0), columns = from.dim(1);
    Tensor to = Tensor::must_allocate(from.dtype(), {columns, rows});
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) to.data<uint8_t>()[j * rows + i] = from.data<uint8_t>()[i * columns + j];
    }
    return graph_.add_constant(graph_.fresh_name(graph_.values[id].name), std::move(to));
  }

  bool become_add(size_t n, const Node& add, const Quantized& y, const QuantizedBounds& bounds) {
    const auto a = dequantized(add.inputs[0]), b = dequantized(add.inputs[1]);
    if (!a || !b || !a->single() || !b->single()) return false;
    if (a->zeros.dtype() != y.zeros.dtype() || b->zeros.dtype() != y.zeros.dtype()) return false;
    const Type &left = graph_.values[a->value].type, &right = graph_.values[b->value].type;
    if (!left.dims || !right.dims || *left.dims != *right.dims) return false;
    auto attrs = std::make_shared<QuantizedAddAttrs>();
    static_cast<QuantizedBounds&>(*attrs) = bounds;
    become(n, add, Domain::kThane, "QuantizedAdd",
           {a->value, a->scale, a->zero, b->value, b->scale, b->zero, y.scale, y.zero}, std::move(attrs));
    return true;
  }

  // Ops that only choose among the elements of input 0 (Concat: of all inputs).
  bool become_movement(size_t n, const Node& source, const Quantized& y) {
    constexpr std::string_view kMoving[] = {"MaxPool", "Reshape",   "Flatten", "Squeeze", "Unsqueeze",
                                            "Slice",   "Transpose", "Concat",  "Expand"};
    if (source.op->domain != Domain::kOnnx || !source.subgraphs.empty()) return false;
    if (std::find(std::begin(kMoving), std::end(kMoving), source.op->name) == std::end(kMoving)) return false;
    std::vector<ValueId> inputs = source.inputs;
    for (size_t i = 0; i < (source.op->name == "Concat" ? inputs.size() : 1); ++i) {
      const auto x = dequantized(inputs[i]);
      if (!x || !x->same_as(y)) return false;
      inputs[i] = x->value;
    }
    become(n, source, Domain::kOnnx, source.op->name, std::move(inputs), source.attrs);
    return true;
  }

  // The only operand of an elementwise op that is not a constant of one element; -1: it is no such op.
  int only_operand(const Node& node) const {
    if (node.op->domain != Domain::kOnnx || !node.op->has(kElementwise) || !node.subgraphs.empty()) return -1;
    int operand = -1;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      if (const Tensor* constant = graph_.constant(node.inputs[i])) {
        if (constant->size() != 1 || constant->rank() > 1) return -1;
      } else if (operand >= 0) {
        return -1;
      } else {
        operand = static_cast<int>(i);
      }
    }
    return operand;
  }

  // A chain of functions from one operand to the QuantizeLinear, computed for each of the 256 values.
  Result<bool> look_up(size_t n, const Quantized& y) {
    std::vector<size_t> chain = {n};
    ValueId at = graph_.nodes[n].inputs[0];
    std::optional<Quantized> x;
    while (!(x = dequantized(at))) {
      const Node* node = sole_producer(at);
      const int operand = node ? only_operand(*node) : -1;
      if (operand < 0 || graph_.values[at].type.dtype != DType::kFloat32) return false;
      chain.push_back(static_cast<size_t>(edit_.producer(at)));
      at = node->inputs[static_cast<size_t>(operand)];
    }
    const Type &from = graph_.values[x->value].type, &to = graph_.values[y.value].type;
    if (!x->single() || !from.dims || !to.dims || *from.dims != *to.dims) return false;
    const Node* dequantize = producer(at);
    Tensor table = Tensor::must_allocate(x->zeros.dtype(), {256});
    for (int i = 0; i < 256; ++i)
      table.data<uint8_t>()[i] = static_cast<uint8_t>(i + (from.dtype == DType::kInt8 ? 128 : 0));
    THANE_ASSIGN(table, apply(*dequantize, x->value, table));
    for (size_t i = chain.size(); i-- > 0;) {
      const Node& node = graph_.nodes[chain[i]];
      const ValueId operand = i + 1 == chain.size() ? at : graph_.nodes[chain[i + 1]].outputs[0];
      THANE_ASSIGN(table, apply(node, operand, table));
    }
    if (table.size() != 256) return false;
    const std::string name = graph_.fresh_name("table");
    const ValueId constant = graph_.add_constant(name, std::move(table));
    become(n, graph_.nodes[n], Domain::kThane, "Lookup", {x->value, constant}, nullptr);
    for (size_t i = 1; i < chain.size(); ++i) edit_.remove(chain[i]);
    return true;
  }

  Result<Tensor> apply(const Node& node, ValueId operand, const Tensor& tensor) {
    std::vector<Value> values(node.inputs.size());
    std::vector<const Value*> inputs(node.inputs.size(), nullptr);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      values[i] = Value(node.inputs[i] == operand ? tensor : *graph_.constant(node.inputs[i]));
      inputs[i] = &values[i];
    }
    THANE_ASSIGN(auto outputs, evaluate(node, inputs, alone_, nullptr, random_));
    return outputs[0].tensor();
  }

  Graph& graph_;
  GraphEdit edit_;
  size_t known_values_ = graph_.values.size();  // those the edit knows
  bool exact_;
  ThreadPool alone_{1};
  RandomSource random_{0};
};

}  // namespace

Status quantized_islands(Graph& graph, const PassOptions& options) { return Islands(graph, options).run(); }

}  // namespace thane
