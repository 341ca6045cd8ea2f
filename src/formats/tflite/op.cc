#include "formats/tflite/op.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tflite/import.h"
#include "ops/shape_values.h"

namespace thane::tflite {

bool is_quantized(const TensorInfo& info) {
  return info.quantization.present() &&
         (mask_of(info.dtype) & (mask_of(DType::kInt8, DType::kUInt8, DType::kInt16) | kSubByte));
}

namespace {

const TensorInfo& absent() {
  static const TensorInfo info;
  return info;
}

}  // namespace

Op::Op(Scope& scope, const OperatorInfo& info, const Builtin& row) : scope_(scope), info_(info), row_(row) {
  const Union& options = row.options >= kSecondList ? info.options2 : info.options;
  if (options.type == row.options % kSecondList) options_ = options.table;
  name_ = result().name;
  if (name_.empty()) name_ = row.name;
}

const TensorInfo& Op::tensor(size_t i) const { return has(i) ? scope_.tensor(info_.inputs[i]) : absent(); }
const TensorInfo& Op::result(size_t i) const { return wants(i) ? scope_.tensor(info_.outputs[i]) : absent(); }
GraphBuilder& Op::build() { return target_ ? *target_ : scope_.builder(); }

void Op::fail(Error error) {
  if (!failed_) failed_ = std::move(error);
}

bool Op::check(bool condition, std::string_view what) {
  if (!condition) fail(invalid_model(std::string(what)));
  return condition && !failed_;
}

void Op::unsupported_form(const std::string& what) {
  scope_.importer().note_unsupported(format("{} ({})", row_.name, what), name_);
}

Edge Op::placeholder() { return build().constant(Tensor::scalar(0.0f), "unknown"); }

// --- operands

Edge Op::raw(size_t i) {
  if (!has(i)) {
    fail(invalid_model(format("input {} is missing", i)));
    return placeholder();
  }
  auto edge = scope_.value(info_.inputs[i]);
  if (edge.ok() && edge->present()) return *edge;
  if (!edge.ok()) fail(std::move(edge).error());
  return placeholder();
}

Edge Op::in(size_t i) {
  const Edge edge = raw(i);
  if (failed() || row_.quantized == Quantized::kRaw || !is_quantized(tensor(i))) return edge;
  return dequantized(edge, tensor(i));
}

Edge Op::maybe(size_t i) { return has(i) ? in(i) : Edge{}; }

std::optional<Dims> Op::ints(size_t i) {
  if (!has(i)) return std::nullopt;
  return ints(raw(i));
}

std::optional<Dims> Op::ints(const Edge& edge) {
  constexpr int64_t kMost = 4096;
  const Tensor* known = edge.known();
  if (!known || known->size() > kMost || !(mask_of(known->dtype()) & (kInts | kBoolOnly))) return std::nullopt;
  return ints_of(*known);
}

// --- emission

std::vector<Edge> Op::many(const GraphBuilder::NodeSpec& spec) {
  const size_t count = spec.outputs;
  if (!failed()) {
    GraphBuilder::NodeSpec named = spec;
    named.name = name_;
    auto outputs = build().emit(named);
    if (outputs.ok()) return std::move(*outputs);
    fail(std::move(outputs).error());
  }
  return std::vector<Edge>(count, placeholder());
}

Edge Op::operator()(std::string_view name, EdgeList inputs, AttrList attrs) {
  return many({.op = name, .inputs = inputs, .attrs = attrs})[0];
}

Edge Op::own(std::string_view name, EdgeList inputs, AttrList attrs) {
  return many({.op = name, .inputs = inputs, .attrs = attrs, .domain = Domain::kThane})[0];
}

Edge Op::list(IntList values) {
  return constant(Tensor::vector(std::span<const int64_t>(values.begin(), values.size())));
}

Edge Op::scalar(double value, DType dtype) {
  if (failed()) return placeholder();
  auto edge = build().scalar(value, dtype);
  if (edge.ok()) return *edge;
  fail(std::move(edge).error());
  return placeholder();
}

// --- phrases

int Op::rank(const Edge& edge) {
  if (const SymDims* dims = edge.dims()) return static_cast<int>(dims->size());
  fail(unsupported("the rank of an operand is not known before running"));
  return 0;
}

Dim Op::dim(const Edge& edge, int axis) {
  const SymDims* dims = edge.dims();
  if (!dims) return Dim::unknown();
  const int rank = static_cast<int>(dims->size());
  if (axis < 0) axis += rank;
  return axis >= 0 && axis < rank ? (*dims)[static_cast<size_t>(axis)] : Dim::unknown();
}

Edge Op::shape(const Edge& edge) { return (*this)("Shape", {edge}); }

Edge Op::reshape(const Edge& edge, const Edge& dims) {
  return (*this)("Reshape", {edge, to_int64(dims)}, {{"allowzero", int64_t{1}}});
}

Edge Op::reshape(const Edge& edge, const SymDims& dims) {
  Dims numbers;
  for (const Dim& dim : dims) numbers.push_back(dim.is_number() ? dim.number() : -1);
  if (!check(std::count(numbers.begin(), numbers.end(), -1) <= 1, "a shape with several unknown dimensions")) {
    return edge;
  }
  const bool zero = std::find(numbers.begin(), numbers.end(), 0) != numbers.end();
  // -1 cannot be worked out beside a 0.
  if (zero && std::count(numbers.begin(), numbers.end(), -1)) {
    for (int64_t& size : numbers) size = std::max<int64_t>(size, 0);
  }
  return reshape(edge, numbers);
}

Edge Op::transpose(const Edge& edge, IntList perm) { return (*this)("Transpose", {edge}, {{"perm", perm}}); }

Edge Op::cast(const Edge& edge, DType dtype) {
  if (edge.dtype() == dtype) return edge;
  return (*this)("Cast", {edge}, {{"to", static_cast<int64_t>(dtype)}});
}

Edge Op::activated(const Edge& edge, int activation) {
  switch (activation) {
    case 0: return edge;
    case 1: return (*this)("Relu", {edge});
    case 2: return (*this)("Clip", {edge, scalar_like(-1, edge), scalar_like(1, edge)});
    case 3: return (*this)("Clip", {edge, scalar_like(0, edge), scalar_like(6, edge)});
    case 4: return (*this)("Tanh", {edge});
    case 5: return cast((*this)("Less", {edge, scalar_like(0, edge)}), edge.dtype());
    default: fail(invalid_model(format("activation {}", activation))); return edge;
  }
}

namespace {

// Scale and zero point as DequantizeLinear and QuantizeLinear take them.
std::pair<Edge, Edge> parameters(Op& op, const TensorInfo& info) {
  const Quantization& q = info.quantization;
  if (!q.per_axis()) {
    return {op.scalar(static_cast<double>(q.scale()), DType::kFloat32),
            op.scalar(static_cast<double>(q.zero_point()), info.dtype)};
  }
  const Edge scale = op.constant(Tensor::vector<float>(q.scales));
  const Edge zero = op.constant(Tensor::vector<int64_t>(q.zero_points));
  return {scale, op.cast(zero, info.dtype)};
}

}  // namespace

Edge Op::dequantized(const Edge& edge, const TensorInfo& info) {
  const auto [scale, zero] = parameters(*this, info);
  AttrMap attrs;
  if (info.quantization.per_axis()) attrs["axis"] = int64_t{info.quantization.axis};
  return (*this)("DequantizeLinear", {edge, scale, zero}, attrs);
}

Edge Op::quantized(const Edge& edge, const TensorInfo& info) {
  const auto [scale, zero] = parameters(*this, info);
  AttrMap attrs;
  if (info.quantization.per_axis()) attrs["axis"] = int64_t{info.quantization.axis};
  return (*this)("QuantizeLinear", {edge, scale, zero}, attrs);
}

// --- results

void Op::set_raw(size_t i, const Edge& edge) {
  if (failed() || !wants(i)) return;
  scope_.set(info_.outputs[i], edge);
}

void Op::set_variable(size_t i, const Edge& edge) {
  if (!failed() && has(i)) scope_.set(info_.inputs[i], edge);
}

void Op::set(size_t i, const Edge& edge) {
  if (failed() || !wants(i)) return;
  const bool real = mask_of(edge.dtype()) & kFloats;
  if (row_.quantized == Quantized::kReal && real && is_quantized(result(i)))
    return set_raw(i, quantized(edge, result(i)));
  set_raw(i, edge);
}

}  // namespace thane::tflite
