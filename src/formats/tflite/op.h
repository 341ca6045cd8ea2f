// One operator on its way into the graph, as the functions that lower it see it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "formats/graph_builder.h"
#include "formats/tflite/file.h"

namespace thane::tflite {

class Scope;

// How a row's lowering wants operands that are quantized.
enum class Quantized : uint8_t {
  kRaw,   // as the integers they are: it moves them, or knows what they stand for
  kReal,  // dequantized, and its results quantized again
};

// A row of the table of builtin operators.
struct Builtin {
  int32_t code;
  std::string_view name;
  int options;  // type of the options it reads, as in the schema; kSecondList + type in the second list; 0: none
  void (*lower)(class Op& op);
  Quantized quantized = Quantized::kRaw;
};
inline constexpr int kSecondList = 1000;

// Errors stick: after the first one every emission gives a placeholder, and the importer reports it when the lowering
// returns. So a lowering reads as the formula it stands for.
class Op {
 public:
  Op(Scope& scope, const OperatorInfo& info, const Builtin& row);

  // --- what the file says
  size_t num_inputs() const { return info_.inputs.size(); }
  size_t num_outputs() const { return info_.outputs.size(); }
  bool has(size_t i) const { return i < info_.inputs.size() && info_.inputs[i] >= 0; }
  bool wants(size_t i) const { return i < info_.outputs.size() && info_.outputs[i] >= 0; }
  // Of input i and of result i: a nameless float32 without quantization where it is absent.
  const TensorInfo& tensor(size_t i) const;
  const TensorInfo& result(size_t i = 0) const;
  const OperatorInfo& info() const { return info_; }
  Table options() const { return options_; }
  Scope& scope() { return scope_; }

  // --- operands
  Edge in(size_t i);     // as the row asks for quantized ones; an error when absent
  Edge maybe(size_t i);  // no edge when absent
  Edge raw(size_t i);    // never dequantized
  // The numbers in an input, where they are known before running.
  std::optional<Dims> ints(size_t i);
  std::optional<Dims> ints(const Edge& edge);

  // --- emission
  Edge operator()(std::string_view name, EdgeList inputs, AttrList attrs = {});  // of ai.onnx
  Edge own(std::string_view name, EdgeList inputs, AttrList attrs = {});         // of thane's domain
  std::vector<Edge> many(const GraphBuilder::NodeSpec& spec);
  Edge constant(Tensor tensor) { return build().constant(std::move(tensor), name_ + "/const"); }
  Edge list(IntList values);
  Edge number(int64_t value) { return constant(Tensor::scalar(value)); }
  Edge scalar(double value, DType dtype);
  Edge scalar_like(double value, const Edge& like) { return scalar(value, like.dtype()); }
  GraphBuilder& build();
  // Emits into the body of a node instead, until the guard goes.
  class Inside {
   public:
    Inside(Op& op, GraphBuilder& body) : op_(op), outer_(op.target_) { op.target_ = &body; }
    ~Inside() { op_.target_ = outer_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Op& op_;
    GraphBuilder* outer_;
  };

  // --- phrases that many lowerings use
  int rank(const Edge& edge);           // an error, and 0, when unknown
  Dim dim(const Edge& edge, int axis);  // unknown when it is out of range
  Edge shape(const Edge& edge);         // int64
  Edge reshape(const Edge& edge, const Edge& dims);
  Edge reshape(const Edge& edge, IntList dims) { return reshape(edge, list(dims)); }
  // The shape given, of which at most one dimension is not a number.
  Edge reshape(const Edge& edge, const SymDims& dims);
  Edge transpose(const Edge& edge, IntList perm);
  Edge cast(const Edge& edge, DType dtype);
  Edge to_int64(const Edge& edge) { return cast(edge, DType::kInt64); }
  Edge activated(const Edge& edge, int activation);  // by the schema's code
  Edge dequantized(const Edge& edge, const TensorInfo& info);
  Edge quantized(const Edge& edge, const TensorInfo& info);

  // --- results
  void set(size_t i, const Edge& edge);  // quantized when the row works on reals
  void set_raw(size_t i, const Edge& edge);
  // Leaves `edge` in the variable tensor that is input i.
  void set_variable(size_t i, const Edge& edge);
  void done(const Edge& edge) { set(0, edge); }

  void fail(Error error);
  bool check(bool condition, std::string_view what);  // an invalid model, when false
  void unsupported_form(const std::string& what);     // reported with the unsupported ops
  bool failed() const { return failed_.has_value(); }
  std::optional<Error>& error() { return failed_; }
  const std::string& name() const { return name_; }

 private:
  Edge placeholder();

  Scope& scope_;
  const OperatorInfo& info_;
  const Builtin& row_;
  Table options_;
  std::string name_;
  std::optional<Error> failed_;
  GraphBuilder* target_ = nullptr;  // where nodes go; null: the scope's own
};

// Whether the tensor's integers stand for reals.
bool is_quantized(const TensorInfo& info);

}  // namespace thane::tflite
