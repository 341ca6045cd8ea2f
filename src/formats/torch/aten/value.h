// Values of an abstract run of a PyTorch program: what an interpreter of TorchScript or torch.export holds in its
// registers while it writes the graph. Tensors are edges of the graph under construction; everything else (numbers,
// lists, strings) is an ordinary value, known now, unless it depends on data: then it is a Symbol, an edge of rank 0.
#pragma once

#include <complex>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "formats/graph_builder.h"

namespace thane::aten {

class Context;
struct TensorBox;
struct List;
struct Dict;
struct Object;
class Value;

using TensorPtr = std::shared_ptr<TensorBox>;
using ListPtr = std::shared_ptr<List>;
using TuplePtr = std::shared_ptr<const std::vector<Value>>;
using DictPtr = std::shared_ptr<Dict>;
using ObjectPtr = std::shared_ptr<Object>;

// A Python number that depends on data: an edge of rank 0 whose dtype is int64, float64 or bool, like the number's
// type.
struct Symbol {
  Edge edge;
};

// dtypes, layouts and memory formats are ints (c10's numbers), devices strings, as in TorchScript's own run time.
class Value {
 public:
  Value() = default;  // None
  Value(bool value) : data_(value) {}
  Value(int64_t value) : data_(value) {}
  Value(int value) : data_(int64_t{value}) {}
  Value(double value) : data_(value) {}
  Value(std::complex<double> value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Symbol value) : data_(value) {}
  Value(TensorPtr value) : data_(std::move(value)) {}
  Value(ListPtr value) : data_(std::move(value)) {}
  Value(TuplePtr value) : data_(std::move(value)) {}
  Value(DictPtr value) : data_(std::move(value)) {}
  Value(ObjectPtr value) : data_(std::move(value)) {}
  static Value tuple(std::vector<Value> items);
  static Value list(std::vector<Value> items);
  static Value ints(const Dims& values);

  bool is_none() const { return is<std::monostate>(); }
  bool is_bool() const { return is<bool>(); }
  bool is_int() const { return is<int64_t>(); }
  bool is_float() const { return is<double>(); }
  bool is_complex() const { return is<std::complex<double>>(); }
  bool is_string() const { return is<std::string>(); }
  bool is_symbol() const { return is<Symbol>(); }
  bool is_tensor() const { return is<TensorPtr>(); }
  bool is_list() const { return is<ListPtr>(); }
  bool is_tuple() const { return is<TuplePtr>(); }
  bool is_dict() const { return is<DictPtr>(); }
  bool is_object() const { return is<ObjectPtr>(); }
  // A known number: int, float, complex or bool.
  bool is_number() const { return is_bool() || is_int() || is_float() || is_complex(); }

  // Each only when is_…().
  bool boolean() const { return std::get<bool>(data_); }
  int64_t integer() const { return std::get<int64_t>(data_); }
  double real() const { return std::get<double>(data_); }
  std::complex<double> complex() const { return std::get<std::complex<double>>(data_); }
  const std::string& string() const { return std::get<std::string>(data_); }
  const Edge& symbol() const { return std::get<Symbol>(data_).edge; }
  const TensorPtr& tensor() const { return std::get<TensorPtr>(data_); }
  const ListPtr& list() const { return std::get<ListPtr>(data_); }
  const std::vector<Value>& tuple() const { return *std::get<TuplePtr>(data_); }
  const DictPtr& dict() const { return std::get<DictPtr>(data_); }
  const ObjectPtr& object() const { return std::get<ObjectPtr>(data_); }
  // Items of a list or tuple; null for anything else.
  const std::vector<Value>* items() const;

  // "int", "Tensor", "list", … for messages.
  std::string_view kind() const;

 private:
  template <class T>
  bool is() const {
    return std::holds_alternative<T>(data_);
  }
  std::variant<std::monostate, bool, int64_t, double, std::complex<double>, std::string, Symbol, TensorPtr, ListPtr,
               TuplePtr, DictPtr, ObjectPtr>
      data_;
};

// Lists and dicts are shared and mutable, as in Python.
struct List {
  std::vector<Value> items;
};

struct Dict {
  std::vector<std::pair<Value, Value>> items;  // in order of insertion; keys are strings, numbers or tensors
};

// Anything opaque: the front end's modules and classes, packed weights, generators.
struct Object {
  virtual ~Object() = default;
  virtual std::string_view kind() const = 0;
};

// How the integers in a quantized tensor's edge mean real numbers.
struct Quantization {
  Edge scale;         // float32, rank 0 or 1
  Edge zero_point;    // int64 or the tensor's dtype, as scale
  int64_t axis = -1;  // of rank 1; -1: per tensor
};

// A tensor as PyTorch's programs see it: an object that can be written to and that may be a view of another. The graph
// has neither, so writing gives the box a new edge, and views find out by version numbers. Make boxes with Context.
struct TensorBox {
  // How a view's edge follows from its parent's, and how the parent changes when the view is written.
  using View = std::function<Result<Edge>(Context&, const Edge& parent)>;
  using Write = std::function<Result<Edge>(Context&, const Edge& parent, const Edge& changed)>;

  Edge edge;  // read through Context::read: a view's may be stale
  uint64_t version = 0;
  uint64_t born = 0;
  TensorPtr parent = nullptr;  // of a view
  View view = nullptr;
  Write write = nullptr;
  std::shared_ptr<const Quantization> quantization = nullptr;
  // Where elements lie in the memory that all views of one tensor share, in elements. Absent: as a fresh tensor's, or
  // unknown when `strided`.
  std::optional<Dims> strides = std::nullopt;
  int64_t offset = 0;
  bool strided = false;
};

// One graph under construction, with what is needed around it: which body is being written, where we are in the file.
class Context {
 public:
  explicit Context(GraphBuilder& main) : scopes_{{&main, 0, {}, {}}} {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  GraphBuilder& builder() const { return *scopes_.back().builder; }

  // What nodes are named after ("layer1.conv"), and where the program is, for messages.
  std::string name;
  std::string place;

  // A fresh tensor, no view of anything.
  TensorPtr tensor(const Edge& edge);
  TensorPtr tensor(const Edge& edge, std::shared_ptr<const Quantization> quantization);
  // A view. `view` is called at once, and again when the parent has changed.
  Result<TensorPtr> view_of(const TensorPtr& parent, TensorBox::View view, TensorBox::Write write);
  // The tensor's edge at this point of the program.
  Result<Edge> read(const TensorPtr& tensor);
  // The tensor changes in place; so do the tensors it is a view of, and all their views. `changed` has the right dtype
  // and shape already, unless the tensor is no view (then it may be resized).
  Status write(const TensorPtr& tensor, const Edge& changed);

  // A scalar of int64, float64 or bool as a value: the number itself when it is known, else a Symbol.
  Value scalar(const Edge& edge) const;

  // Writes nodes into a body of the current builder from now on, until leave().
  void enter(GraphBuilder& body);
  struct Change {
    TensorPtr tensor;  // no view; made before enter()
    Edge before, after;
  };
  // Goes back to the enclosing builder. Tensors from outside that the body wrote to are restored; the caller makes
  // `after` an output of the body and writes what the control-flow node delivers for it.
  std::vector<Change> leave();

 private:
  struct Scope {
    GraphBuilder* builder;
    uint64_t first;  // boxes born from here on are this body's own
    std::vector<Change> changes;
    std::vector<std::weak_ptr<TensorBox>> refreshed;  // views whose cached edge belongs to this body
  };
  uint64_t tick() { return ++clock_; }

  std::vector<Scope> scopes_;
  uint64_t clock_ = 0;
};

}  // namespace thane::aten
