// The values of a TorchScript program that are neither tensors nor Python's own: modules, classes, functions.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "formats/containers/strided.h"
#include "formats/torch/aten/value.h"
#include "formats/torch/script/program.h"

namespace thane::torchscript {

using aten::Dict;
using aten::DictPtr;
using aten::List;
using aten::ListPtr;
using aten::Object;
using aten::ObjectPtr;
using aten::Symbol;
using aten::TensorPtr;
using aten::Value;

// A module or an instance of a class.
struct Instance : Object {
  const Class* type = nullptr;
  std::string path;  // "features.0", as in a state_dict; empty for the model itself and for what the program makes
  bool is_model = false;
  bool under_construction = false;  // by its __setstate__
  std::unordered_map<std::string, Value> attributes;
  std::string_view kind() const override { return "object"; }
};
using InstancePtr = std::shared_ptr<Instance>;

// A weight that the program has not touched yet.
struct StoredTensor : Object {
  Tensor tensor;
  std::string name;
  std::optional<thane::Quantization> quantization;
  mutable Value used;  // what it became on its first use
  std::string_view kind() const override { return "Tensor"; }
};

// "torch.conv2d", "ops.prim.device", "__torch__.a.b": a name that is no variable, as far as it has been read.
struct NamePath : Object {
  std::string path;
  std::string_view kind() const override { return "name"; }
};

struct FunctionValue : Object {
  const Function* function = nullptr;
  Value self;  // of a bound method
  bool bound = false;
  std::string_view kind() const override { return "function"; }
};

struct ClassValue : Object {
  const Class* type = nullptr;
  std::string_view kind() const override { return "class"; }
};

struct EnumValue : Object {
  const Class* type = nullptr;
  std::string name;
  Value value;
  std::string_view kind() const override { return "enum"; }
};

// A tuple with names.
struct NamedTuple : Object {
  const Class* type = nullptr;
  std::vector<Value> items;
  std::string_view kind() const override { return "tuple"; }
};

// What uninitialized(T) gives: never read by a correct program.
struct Uninitialized : Object {
  std::string_view kind() const override { return "uninitialized"; }
};

// What two branches that depend on data left in one variable, when no graph value can be both. An error for whoever
// reads it.
struct Conflict : Object {
  std::string what;
  std::string_view kind() const override { return "conflict"; }
};

// A list whose length depends on data: a sequence of the graph.
struct GraphList : Object {
  Edge edge;
  bool numbers = false;  // its items are numbers, not tensors
  std::string_view kind() const override { return "list"; }
};

// The result of fork, which runs at once.
struct FutureValue : Object {
  Value value;
  std::string_view kind() const override { return "Future"; }
};

// Something that is not known before the inputs are (see Scout). `origins` are the attributes it may share memory with.
struct Unknown : Object {
  struct Origin {
    InstancePtr instance;
    std::string attribute;
  };
  std::vector<Origin> origins;
  std::string_view kind() const override { return "unknown"; }
};

template <class T>
std::shared_ptr<T> as(const Value& value) {
  return value.is_object() ? std::dynamic_pointer_cast<T>(value.object()) : nullptr;
}

// How deep containers are looked into. Programs can nest them without end, share their parts, and make them contain
// themselves.
inline constexpr int kMostValueNesting = 12;

// The value is the same thing: for variables that a branch may have changed.
bool same(const Value& a, const Value& b, int depth = 0);
// "[1, 2.0, 'x']", as TorchScript's format prints it.
std::string to_text(const Value& value, int depth = 0);
// Whether containers in it nest deeper than kMostValueNesting.
bool nests_too_deeply(const Value& value, int depth = 0);
// A list, tuple, dict or object: something that may hold others.
bool is_container(const Value& value);

}  // namespace thane::torchscript
