// One TensorFlow node being translated: its inputs and attributes, and the nodes that replace it. Errors stick: after
// the first, everything emitted is absent and the error is the result, so that translations read straight on.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tensorflow/import.h"

namespace thane::tensorflow {

class Call {
 public:
  Call(Frame& frame, const NodeDef& node, const OpRow& row, std::vector<Item> inputs)
      : frame(frame), node(node), row(row), builder(frame.builder), inputs_(std::move(inputs)) {}

  Frame& frame;
  const NodeDef& node;
  const OpRow& row;
  GraphBuilder& builder;

  // --- inputs
  size_t size() const { return inputs_.size(); }
  const Item& item(size_t i);
  Edge in(size_t i);
  std::vector<Edge> all_in(size_t first = 0);
  bool is_complex(size_t i) const { return i < inputs_.size() && inputs_[i].kind == Item::Kind::kComplex; }
  // Contents, which must be known before running: they decide the translation.
  Dims need_ints(size_t i);
  int64_t need_int(size_t i);
  std::optional<Dims> known_ints(size_t i);
  static std::optional<Dims> ints_of(const Edge& edge);

  // --- attributes
  int64_t i(std::string_view name, int64_t fallback = 0) const;
  double f(std::string_view name, double fallback = 0) const;
  bool b(std::string_view name, bool fallback = false) const;
  std::string s(std::string_view name, std::string_view fallback = {}) const;
  DType type(std::string_view name, DType fallback = DType::kUndefined) const;
  Dims ints(std::string_view name) const;
  std::vector<std::string> strings(std::string_view name) const;
  ShapeProto shape(std::string_view name) const;
  std::string_view function(std::string_view name) const;

  // --- what is known of edges
  int64_t rank(const Edge& edge);  // an error, and 0, when it is unknown
  Dim dim(const Edge& edge, int64_t axis);
  bool has_rank(const Edge& edge) const { return edge.present() && edge.dims(); }
  DType dtype(const Edge& edge) const { return edge.present() ? edge.dtype() : DType::kUndefined; }
  int64_t axis(int64_t axis, const Edge& edge);  // counted from the front

  // --- emitting
  Edge emit(std::string_view op, EdgeList inputs, AttrList attrs = {});
  Edge own(std::string_view op, EdgeList inputs, AttrList attrs = {});
  Edge ml(std::string_view op, EdgeList inputs, AttrList attrs = {});
  std::vector<Edge> emit_many(std::string_view op, EdgeList inputs, size_t outputs, AttrList attrs = {},
                              Domain domain = Domain::kOnnx);
  Edge ints_edge(IntList values) { return builder.int64s(values); }
  Edge int_edge(int64_t value) { return builder.int64(value); }
  Edge constant(Tensor tensor) { return builder.constant(std::move(tensor), std::string(node.name) + "/const"); }
  Edge number(double value, DType dtype);
  Edge like(double value, const Edge& edge) { return number(value, dtype(edge)); }
  Edge cast(const Edge& edge, DType dtype);
  Edge to_int64(const Edge& edge) { return cast(edge, DType::kInt64); }
  Edge reshape(const Edge& edge, IntList shape);
  Edge reshape(const Edge& edge, const Edge& shape);
  Edge transpose(const Edge& edge, IntList perm);
  Edge squeeze(const Edge& edge, IntList axes);
  Edge unsqueeze(const Edge& edge, IntList axes);
  Edge slice(const Edge& edge, IntList starts, IntList ends, IntList axes, IntList steps = {});
  Edge concat(EdgeList edges, int64_t axis);
  Edge gather(const Edge& edge, const Edge& indices, int64_t axis);
  Edge shape_of(const Edge& edge);              // int64
  Edge dim_of(const Edge& edge, int64_t axis);  // int64[1]
  Edge add(Edge a, Edge b) { return emit("Add", {a, b}); }
  Edge sub(Edge a, Edge b) { return emit("Sub", {a, b}); }
  Edge mul(Edge a, Edge b) { return emit("Mul", {a, b}); }
  Edge div(Edge a, Edge b) { return emit("Div", {a, b}); }
  Edge reduce(std::string_view op, const Edge& edge, IntList axes, bool keepdims);

  // --- results
  void out(Edge edge) { set(0, Item::tensor(edge)); }
  void out(size_t i, Edge edge) { set(i, Item::tensor(edge)); }
  void out_complex(size_t i, Edge edge) { set(i, Item::complex(edge)); }
  void set(size_t i, Item item) {
    if (i >= outputs.size()) outputs.resize(i + 1);
    outputs[i] = item;
  }
  void fail(Error error) {
    if (!error_) error_ = std::make_unique<Error>(std::move(error));
  }
  void need_shapes(std::string_view what);
  bool failed() const { return error_ != nullptr; }
  Status status() {
    if (error_) return Error(*error_);
    return ok();
  }
  template <class T>
  T take(Result<T> result) {
    if (!result.ok()) {
      fail(std::move(result).error());
      return T{};
    }
    return std::move(*result);
  }

  std::vector<Item> outputs;

 private:
  std::vector<Item> inputs_;
  std::unique_ptr<Error> error_;
};

// The families' tables.
std::span<const OpRow> array_rows();
std::span<const OpRow> structural_rows();
std::span<const OpRow> slice_rows();
std::span<const OpRow> control_rows();
std::span<const OpRow> elementwise_rows();
std::span<const OpRow> math_rows();
std::span<const OpRow> matmul_rows();
std::span<const OpRow> nn_rows();
std::span<const OpRow> conv_rows();
std::span<const OpRow> image_rows();
std::span<const OpRow> indexing_rows();
std::span<const OpRow> reduction_rows();
std::span<const OpRow> state_rows();
std::span<const OpRow> list_rows();
std::span<const OpRow> string_rows();
std::span<const OpRow> example_rows();
std::span<const OpRow> random_rows();
std::span<const OpRow> quantize_rows();
std::span<const OpRow> linalg_rows();
std::span<const OpRow> signal_rows();
std::span<const OpRow> detection_rows();
std::span<const OpRow> recurrent_rows();
std::span<const OpRow> sparse_rows();

}  // namespace thane::tensorflow
