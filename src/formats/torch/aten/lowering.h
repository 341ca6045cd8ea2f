// What the lowerings of ATen ops are written with. A lowering is a straight formula over edges; what goes wrong on the
// way (an unknown shape, a node that does not type) throws Failure, which `call` turns into an Error: none leaves this
// folder.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "formats/torch/aten/dtype.h"
#include "formats/torch/aten/schema.h"

namespace thane::aten {

struct Failure {
  Error error;
};
[[noreturn]] void fail(Error error);
template <class T>
T must(Result<T> result) {
  if (!result.ok()) fail(std::move(result).error());
  return std::move(*result);
}
inline void must(Status status) {
  if (!status.ok()) fail(std::move(status).error());
}

// Nodes as functions. Shapes may be symbolic unless a function says otherwise.
class Ops {
 public:
  explicit Ops(Context& context) : context(context) {}
  Context& context;
  GraphBuilder& builder() const { return context.builder(); }

  Edge op(std::string_view name, EdgeList inputs, AttrList attrs = {}) const;
  Edge own(std::string_view name, EdgeList inputs, AttrList attrs = {}) const;
  std::vector<Edge> many(const GraphBuilder::NodeSpec& spec) const;

  // --- constants
  Edge constant(thane::Tensor tensor) const { return builder().constant(std::move(tensor)); }
  Edge scalar(double value, DType dtype) const;
  Edge like(double value, const Edge& of) const { return scalar(value, of.dtype()); }
  Edge int64(int64_t value) const { return builder().int64(value); }
  Edge int64s(IntList values) const { return builder().int64s(values); }
  // A tensor of one value; the shape's edge is int64.
  Edge full(const Edge& shape, double value, DType dtype) const;
  Edge full(IntList dims, double value, DType dtype) const { return full(int64s(dims), value, dtype); }

  // --- shapes
  size_t rank(const Edge& x) const;                   // fails when unknown
  const SymDims& dims(const Edge& x) const;           // fails when the rank is unknown
  Dims numbers(const Edge& x) const;                  // fails when any dimension is unknown
  int64_t number(const Edge& x, int64_t axis) const;  // of one axis, from the end when negative
  bool has_numbers(const Edge& x) const;
  size_t axis(int64_t axis, size_t rank) const;  // rank 0 counts as 1
  std::vector<size_t> axes(const Dims& axes, size_t rank) const;
  Dims all_axes(const Edge& x) const;
  Edge shape(const Edge& x) const;               // int64[rank]
  Edge size(const Edge& x, int64_t axis) const;  // int64 of rank 0
  Edge count(const Edge& x) const;               // of elements, int64 of rank 0

  // --- movement
  Edge cast(const Edge& x, DType dtype) const;
  Edge reshape(const Edge& x, IntList dims) const;  // -1 for one of them; a 0 is a 0
  Edge reshape(const Edge& x, const Edge& shape) const;
  Edge transpose(const Edge& x, IntList perm) const;
  Edge swap(const Edge& x, int64_t a, int64_t b) const;
  Edge unsqueeze(const Edge& x, IntList axes) const;
  Edge squeeze(const Edge& x, IntList axes) const;
  Edge expand(const Edge& x, const Edge& shape) const;
  Edge expand(const Edge& x, IntList dims) const { return expand(x, int64s(dims)); }
  Edge slice(const Edge& x, int64_t axis, int64_t begin, int64_t end, int64_t step = 1) const;
  Edge select(const Edge& x, int64_t axis, int64_t index) const;
  Edge gather(const Edge& x, const Edge& indices, int64_t axis) const;
  Edge concat(EdgeList parts, int64_t axis) const;
  Edge pad(const Edge& x, const Dims& before, const Dims& after, double value = 0) const;
  Edge range(int64_t n, DType dtype = DType::kInt64) const;  // 0 … n − 1
  Edge range(const Edge& n) const;                           // int64

  // --- arithmetic; operands have the same dtype, which may be complex
  Edge add(const Edge& a, const Edge& b) const;
  Edge sub(const Edge& a, const Edge& b) const;
  Edge mul(const Edge& a, const Edge& b) const;
  Edge div(const Edge& a, const Edge& b) const;  // integers truncate
  Edge add(const Edge& a, double b) const { return add(a, like(b, a)); }
  Edge sub(const Edge& a, double b) const { return sub(a, like(b, a)); }
  Edge mul(const Edge& a, double b) const { return mul(a, like(b, a)); }
  Edge div(const Edge& a, double b) const { return div(a, like(b, a)); }
  Edge sub(double a, const Edge& b) const { return sub(like(a, b), b); }
  Edge div(double a, const Edge& b) const { return div(like(a, b), b); }
  Edge max(const Edge& a, const Edge& b) const;
  Edge min(const Edge& a, const Edge& b) const;
  Edge unary(std::string_view name, const Edge& x) const;
  Edge neg(const Edge& x) const { return unary("Neg", x); }
  Edge exp(const Edge& x) const { return unary("Exp", x); }
  Edge log(const Edge& x) const { return unary("Log", x); }
  Edge sqrt(const Edge& x) const { return unary("Sqrt", x); }
  Edge square(const Edge& x) const { return mul(x, x); }
  Edge matmul(const Edge& a, const Edge& b) const { return op("MatMul", {a, b}); }
  Edge where(const Edge& condition, const Edge& a, const Edge& b) const { return op("Where", {condition, a, b}); }
  Edge logical_not(const Edge& x) const { return op("Not", {x}); }
  Edge both(const Edge& a, const Edge& b) const { return op("And", {a, b}); }
  Edge either(const Edge& a, const Edge& b) const { return op("Or", {a, b}); }
  Edge equal(const Edge& a, const Edge& b) const;
  Edge less(const Edge& a, const Edge& b) const;  // bool too
  Edge less_equal(const Edge& a, const Edge& b) const;
  Edge to_bool(const Edge& x) const;  // x != 0
  Edge reduce(std::string_view name, const Edge& x, IntList axes, bool keep) const;
  Edge sum(const Edge& x, IntList axes, bool keep = false) const { return reduce("ReduceSum", x, axes, keep); }
  Edge mean(const Edge& x, IntList axes, bool keep = false) const { return reduce("ReduceMean", x, axes, keep); }
};

bool is_float(DType dtype);
bool is_complex(DType dtype);
bool is_integer(DType dtype);  // bool not included
DType real_of(DType dtype);    // of a complex one; itself otherwise

// The dtype of PyTorch's result for operands of several: tensors with dimensions count before those of rank 0, and
// those before numbers, within the same category (bool, integer, float, complex).
DType promote_types(DType a, DType b);
class Promotion {
 public:
  void add(Ops& ops, const Value& value);
  DType result() const;

 private:
  DType dimensional_ = DType::kUndefined, zero_ = DType::kUndefined, number_ = DType::kUndefined;
};

// One call of an op while it is being lowered. Arguments by their names in the schema; what the overload at hand lacks
// reads as None.
class Call : public Ops {
 public:
  Call(Context& context, const Schema& schema, std::vector<Value> args)
      : Ops(context), schema_(schema), args_(std::move(args)) {}

  std::string_view name() const { return schema_.name; }  // "aten::add"
  std::string_view overload() const { return schema_.overload; }
  const Value& operator[](std::string_view name) const;
  bool has(std::string_view name) const { return !(*this)[name].is_none(); }
  // Whether the overload has such a parameter at all.
  bool declares(std::string_view name) const;

  // --- tensors
  const TensorPtr& box(std::string_view name) const;
  Edge edge(std::string_view name) const { return edge_of((*this)[name], name); }
  Edge edge_of(const Value& value, std::string_view name = "an argument") const;  // numbers become constants of rank 0
  Edge optional_edge(std::string_view name) const { return has(name) ? edge(name) : Edge{}; }
  std::vector<Edge> edges(std::string_view name) const;
  std::vector<TensorPtr> boxes(std::string_view name) const;
  DType dtype(std::string_view name) const { return edge(name).dtype(); }

  // --- numbers, known now
  int64_t integer(std::string_view name) const;
  int64_t integer(std::string_view name, int64_t otherwise) const { return has(name) ? integer(name) : otherwise; }
  double real(std::string_view name) const;
  double real(std::string_view name, double otherwise) const { return has(name) ? real(name) : otherwise; }
  bool flag(std::string_view name, bool otherwise = false) const;
  std::string text(std::string_view name, std::string_view otherwise = {}) const;
  Dims ints(std::string_view name) const;
  std::vector<double> reals(std::string_view name) const;
  // One number stands for `n`.
  Dims ints(std::string_view name, size_t n) const;

  // --- numbers that may depend on data
  using Ops::number;
  Edge number_of(const Value& value, DType dtype) const;  // rank 0
  Edge number(std::string_view name, DType dtype) const { return number_of((*this)[name], dtype); }
  Edge shape_edge(const Value& list) const;  // ints → int64[n]

  // --- dtypes
  // From a dtype argument, or otherwise.
  DType dtype_argument(std::string_view name, DType otherwise) const;
  // As float: integers and bools become the default float.
  Edge floating(std::string_view name) const { return floating(edge(name)); }
  Edge floating(const Edge& x) const;
  // Arguments brought to their common dtype.
  std::vector<Edge> promoted(std::initializer_list<std::string_view> names, bool to_float = false) const;

  // --- results
  Value tensor(const Edge& edge) const { return context.tensor(edge); }
  Value tensors(const std::vector<Edge>& edges) const;  // a list
  template <class... E>
  Value results(const E&... edges) const {
    return Value::tuple({tensor(edges)...});
  }
  Value view(const TensorPtr& parent, TensorBox::View view, TensorBox::Write write) const;

  [[noreturn]] void refuse(std::string what) const { fail(unsupported(std::move(what))); }

 private:
  const Schema& schema_;
  std::vector<Value> args_;
};

// Runs lowering code where a Result is wanted.
template <class F>
auto guarded(F&& f) -> Result<decltype(f())> {
  try {
    return f();
  } catch (Failure& failure) {
    return std::move(failure.error);
  }
}

// A row: an op by name, without overload and without the underscore of the in-place form. The in-place and out= forms
// follow from it. "aten::" may be left out.
using Lowering = Value (*)(Call&);
struct Row {
  std::string_view name;
  Lowering lower;
};

// The families, a file each.
std::span<const Row> activation_rows();
std::span<const Row> attention_rows();
std::span<const Row> binary_rows();
std::span<const Row> comparison_rows();
std::span<const Row> complex_rows();
std::span<const Row> convolution_rows();
std::span<const Row> embedding_rows();
std::span<const Row> factory_rows();
std::span<const Row> fourier_rows();
std::span<const Row> indexing_rows();
std::span<const Row> linear_algebra_rows();
std::span<const Row> linear_rows();
std::span<const Row> loss_rows();
std::span<const Row> normalization_rows();
std::span<const Row> number_rows();  // overloads without tensors
std::span<const Row> padding_rows();
std::span<const Row> pooling_rows();
std::span<const Row> quantized_rows();
std::span<const Row> query_rows();
std::span<const Row> random_rows();
std::span<const Row> recurrent_rows();
std::span<const Row> reduction_rows();
std::span<const Row> rearrangement_rows();
std::span<const Row> scan_rows();
std::span<const Row> scatter_rows();
std::span<const Row> sorting_rows();
std::span<const Row> special_rows();
std::span<const Row> type_rows();
std::span<const Row> unary_rows();
std::span<const Row> upsampling_rows();
std::span<const Row> view_rows();
std::span<const Row> vision_rows();

// The row of "aten::add", "aten::add_"; null when there is none. `numbers`: among those without tensors.
const Row* find_row(std::string_view name, bool numbers);

}  // namespace thane::aten
