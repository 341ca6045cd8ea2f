#include "formats/tensorflow/call.h"

#include <algorithm>

#include "base/format.h"

namespace thane::tensorflow {

using Kind = AttrProto::Kind;

const Item& Call::item(size_t i) {
  static const Item kNothing;
  if (i < inputs_.size()) return inputs_[i];
  fail(invalid_model(format("it has {} inputs", inputs_.size())).expecting(format("at least {}", i + 1)));
  return kNothing;
}

Edge Call::in(size_t i) {
  const Item& given = item(i);
  switch (given.kind) {
    case Item::Kind::kTensor: return given.edge;
    case Item::Kind::kVariable: return take(frame.importer.read(given.id, frame.scope));
    case Item::Kind::kComplex: fail(unsupported("it works on complex numbers")); return {};
    default:
      if (!failed()) fail(unsupported(format("its input {} is no tensor", i)));
      return {};
  }
}

std::vector<Edge> Call::all_in(size_t first) {
  std::vector<Edge> edges;
  for (size_t i = first; i < inputs_.size(); ++i) edges.push_back(in(i));
  return edges;
}

std::optional<Dims> Call::ints_of(const Edge& edge) {
  if (!edge.present()) return std::nullopt;
  const Tensor* tensor = edge.known();
  if (!tensor ||
      (tensor->dtype() != DType::kInt32 && tensor->dtype() != DType::kInt64 && tensor->dtype() != DType::kBool)) {
    return std::nullopt;
  }
  Dims values;
  for (int64_t i = 0; i < tensor->size(); ++i) values.push_back(tensor->as_int64(i));
  return values;
}

std::optional<Dims> Call::known_ints(size_t i) { return ints_of(in(i)); }

Dims Call::need_ints(size_t i) {
  auto known = known_ints(i);
  if (!known) {
    need_shapes(format("input {} is not known before running", i));
    return {};
  }
  return *known;
}

int64_t Call::need_int(size_t i) {
  const Dims known = need_ints(i);
  if (known.size() == 1) return known[0];
  if (!failed()) fail(invalid_model(format("its input {} has {} elements", i, known.size())).expecting("one"));
  return 0;
}

void Call::need_shapes(std::string_view what) {
  frame.importer.note_needs_shapes();
  fail(unsupported(std::string(what)).hinting("give inputs with fixed shapes"));
}

int64_t Call::i(std::string_view name, int64_t fallback) const {
  const AttrProto* attr = node.attr(name);
  return attr && attr->kind == Kind::kInt ? attr->number : fallback;
}
double Call::f(std::string_view name, double fallback) const {
  const AttrProto* attr = node.attr(name);
  return attr && attr->kind == Kind::kFloat ? static_cast<double>(attr->real) : fallback;
}
bool Call::b(std::string_view name, bool fallback) const {
  const AttrProto* attr = node.attr(name);
  return attr && attr->kind == Kind::kBool ? attr->number != 0 : fallback;
}
std::string Call::s(std::string_view name, std::string_view fallback) const {
  const AttrProto* attr = node.attr(name);
  return std::string(attr && attr->kind == Kind::kString ? attr->text : fallback);
}
DType Call::type(std::string_view name, DType fallback) const {
  const AttrProto* attr = node.attr(name);
  return attr && attr->kind == Kind::kType ? to_dtype(attr->number) : fallback;
}
Dims Call::ints(std::string_view name) const {
  const AttrProto* attr = node.attr(name);
  return attr ? attr->numbers : Dims{};
}
std::vector<std::string> Call::strings(std::string_view name) const {
  const AttrProto* attr = node.attr(name);
  std::vector<std::string> texts;
  if (attr)
    for (Bytes text : attr->texts) texts.emplace_back(text);
  return texts;
}
ShapeProto Call::shape(std::string_view name) const {
  const AttrProto* attr = node.attr(name);
  if (attr && attr->kind == Kind::kShape) return attr->shape;
  return {.unknown_rank = true, .dims = {}};
}
std::string_view Call::function(std::string_view name) const {
  const AttrProto* attr = node.attr(name);
  return attr && attr->kind == Kind::kFunction ? attr->text : std::string_view();
}

int64_t Call::rank(const Edge& edge) {
  if (!edge.present()) return 0;
  if (const SymDims* dims = edge.dims()) return static_cast<int64_t>(dims->size());
  if (!failed()) need_shapes("it depends on the rank of a tensor whose shape is not known before running");
  return 0;
}

Dim Call::dim(const Edge& edge, int64_t axis) {
  if (!edge.present() || !edge.dims()) return Dim::unknown();
  const auto rank = static_cast<int64_t>(edge.dims()->size());
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return Dim::unknown();
  return (*edge.dims())[static_cast<size_t>(axis)];
}

int64_t Call::axis(int64_t axis, const Edge& edge) {
  const int64_t n = rank(edge);
  if (axis < -n || axis >= n) {
    if (!failed()) fail(invalid_model(format("axis {} of a tensor of rank {}", axis, n)));
    return 0;
  }
  return axis < 0 ? axis + n : axis;
}

Edge Call::emit(std::string_view op, EdgeList inputs, AttrList attrs) {
  const auto outputs = emit_many(op, inputs, 1, attrs);
  return outputs[0];
}
Edge Call::own(std::string_view op, EdgeList inputs, AttrList attrs) {
  return emit_many(op, inputs, 1, attrs, Domain::kThane)[0];
}
Edge Call::ml(std::string_view op, EdgeList inputs, AttrList attrs) {
  return emit_many(op, inputs, 1, attrs, Domain::kMl)[0];
}

std::vector<Edge> Call::emit_many(std::string_view op, EdgeList inputs, size_t outputs, AttrList attrs, Domain domain) {
  if (failed()) return std::vector<Edge>(outputs);
  auto result = builder.emit(
      {.op = op, .inputs = inputs, .outputs = outputs, .attrs = attrs, .name = node.name, .domain = domain});
  if (!result.ok()) {
    fail(std::move(result).error());
    return std::vector<Edge>(outputs);
  }
  return std::move(*result);
}

Edge Call::number(double value, DType dtype) {
  if (failed()) return {};
  return take(builder.scalar(value, dtype));
}

Edge Call::cast(const Edge& edge, DType dtype) {
  if (!edge.present() || edge.dtype() == dtype) return edge;
  return emit("Cast", {edge}, {{"to", static_cast<int64_t>(dtype)}});
}

Edge Call::reshape(const Edge& edge, IntList shape) { return reshape(edge, ints_edge(shape)); }
Edge Call::reshape(const Edge& edge, const Edge& shape) {
  return emit("Reshape", {edge, to_int64(shape)}, {{"allowzero", int64_t{1}}});
}
Edge Call::transpose(const Edge& edge, IntList perm) {
  if (std::is_sorted(perm.begin(), perm.end())) return edge;
  return emit("Transpose", {edge}, {{"perm", perm}});
}
Edge Call::squeeze(const Edge& edge, IntList axes) {
  return axes.empty() ? edge : emit("Squeeze", {edge, ints_edge(axes)});
}
Edge Call::unsqueeze(const Edge& edge, IntList axes) {
  return axes.empty() ? edge : emit("Unsqueeze", {edge, ints_edge(axes)});
}
Edge Call::slice(const Edge& edge, IntList starts, IntList ends, IntList axes, IntList steps) {
  std::vector<Edge> inputs = {edge, ints_edge(starts), ints_edge(ends), ints_edge(axes)};
  if (!steps.empty()) inputs.push_back(ints_edge(steps));
  return emit("Slice", inputs);
}
Edge Call::concat(EdgeList edges, int64_t axis) {
  if (edges.size() == 1) return edges[0];
  return emit("Concat", edges, {{"axis", axis}});
}
Edge Call::gather(const Edge& edge, const Edge& indices, int64_t axis) {
  return emit("Gather", {edge, indices}, {{"axis", axis}});
}
Edge Call::shape_of(const Edge& edge) { return emit("Shape", {edge}); }
Edge Call::dim_of(const Edge& edge, int64_t axis) {
  AttrMap attrs = {{"start", axis}};
  if (axis != -1) attrs.emplace("end", axis + 1);
  return emit("Shape", {edge}, attrs);
}
Edge Call::reduce(std::string_view op, const Edge& edge, IntList axes, bool keepdims) {
  return emit(op, {edge, ints_edge(axes)}, {{"keepdims", int64_t{keepdims}}, {"noop_with_empty_axes", int64_t{1}}});
}

}  // namespace thane::tensorflow
