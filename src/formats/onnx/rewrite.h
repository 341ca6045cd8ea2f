// Turning one foreign node into others that mean the same: for old op versions and vendors' ops.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/lists.h"
#include "formats/onnx/foreign.h"
#include "ir/type.h"

namespace thane::onnx {

// Names of values: written between braces, or a container. For parameters only, as formats/lists.h says.
class NameList {
 public:
  NameList() = default;
  NameList(const std::initializer_list<std::string_view>& list) : list_(list) {}
  NameList(const std::vector<std::string>& names) : names_(&names) {}
  std::vector<std::string> to_vector() const;

 private:
  std::span<const std::string_view> list_;
  const std::vector<std::string>* names_ = nullptr;
};

// What a rewrite sees and does. It changes `node` in place, and may emit nodes that run before it; everything emitted
// is in the newest version of its op. Values are named by strings, as in the file; "" is an absent one.
class Rewrite {
 public:
  // Where the node stands: makes fresh names, knows constants and, as far as they can be told, types.
  class Surroundings {
   public:
    virtual ~Surroundings() = default;
    virtual std::string fresh(const std::string& stem) = 0;
    virtual const Tensor* constant(const std::string& name) const = 0;
    virtual Type type(const std::string& name) const = 0;
    // Keeps a message made up by a rewrite as long as the import lasts.
    virtual Bytes hold(std::string message) = 0;
  };

  Rewrite(ForeignNode& rewritten, Surroundings& surroundings) : node(rewritten), surroundings_(surroundings) {}

  ForeignNode& node;

  bool has_input(size_t i) const { return i < node.inputs.size() && !node.inputs[i].empty(); }
  std::string input(size_t i) const { return i < node.inputs.size() ? node.inputs[i] : std::string(); }
  // Lengthens the inputs with absent ones up to index i.
  void set_input(size_t i, std::string name);
  std::string output(size_t i) const { return i < node.outputs.size() ? node.outputs[i] : std::string(); }
  // Contents of an input when it is a constant; perhaps unaligned.
  const Tensor* constant_input(size_t i) const;
  // kUndefined where nothing is known.
  DType input_dtype(size_t i) const;
  std::optional<int64_t> input_rank(size_t i) const;

  // Takes an attribute out of the node. An attribute of another kind is an error, as everywhere.
  template <class T>
  Result<std::optional<T>> take(std::string_view name) {
    const auto found = node.attrs.find(name);
    if (found == node.attrs.end()) return std::optional<T>();
    T* value = std::get_if<T>(&found->second);
    if (!value) return wrong_kind(found->first);
    std::optional<T> taken(std::move(*value));
    node.attrs.erase(found);
    return taken;
  }
  template <class T>
  Result<T> take_or(std::string_view name, T otherwise) {
    THANE_ASSIGN(std::optional<T> taken, take<T>(name));
    return taken ? std::move(*taken) : std::move(otherwise);
  }
  void drop(std::string_view name);
  void set(std::string name, AttrValue value) { node.attrs.insert_or_assign(std::move(name), std::move(value)); }

  // A constant's name.
  std::string constant(Tensor tensor);
  std::string int64s(const Dims& values) { return constant(Tensor::int64s(values)); }
  std::string int64(int64_t value) { return constant(Tensor::scalar(value)); }
  // A scalar of the dtype of input `like`, whatever that turns out to be.
  std::string scalar_like(float value, size_t like);
  // int64 vectors that hold the shape of a value, and its rank.
  std::string shape_of(const std::string& name) { return emit("Shape", {name}); }
  std::string rank_of(const std::string& name) { return emit("Shape", {shape_of(name)}); }
  // Moves an attribute of ints, if it is there, to input i.
  Status attribute_to_input(std::string_view name, size_t i);
  // The same by the name of a value.
  std::string scalar_as(float value, const std::string& like) {
    return emit("CastLike", {constant(Tensor::scalar(value)), like});
  }
  // Emits a node of ai.onnx; its (first) output's name.
  std::string emit(std::string_view op, NameList inputs, AttrList attrs = {});
  // A node of thane's own domain.
  std::string emit_own(std::string_view op, NameList inputs, AttrList attrs = {});
  // Names of the `count` outputs of a node of ai.onnx.
  std::vector<std::string> emit_many(size_t count, std::string_view op, NameList inputs, AttrList attrs = {});
  // Same with outputs named by the caller (those of `node`, after renaming them there).
  void emit_to(NameList outputs, std::string_view op, NameList inputs, AttrList attrs = {});
  // A name no value has yet.
  std::string fresh() { return surroundings_.fresh(node.op); }
  Bytes hold(std::string message) { return surroundings_.hold(std::move(message)); }
  // `node` becomes this op, keeping its outputs.
  void become(std::string_view op, NameList inputs, AttrList attrs = {});
  void become_own(std::string_view op, NameList inputs, AttrList attrs = {});
  // Makes `node` write its output i elsewhere, and returns the name it had: some emit_after must produce that.
  std::string divert_output(size_t i);
  // As emit_to, but runs after `node`.
  void emit_after(NameList outputs, std::string_view op, NameList inputs, AttrList attrs = {});

  struct Constant {
    std::string name;
    Tensor tensor;
  };
  std::vector<Constant> constants;
  std::vector<ForeignNode> before, after;

 private:
  static Error wrong_kind(const std::string& name);
  ForeignNode make(NameList outputs, std::string_view op, NameList inputs, AttrList attrs);

  Surroundings& surroundings_;
};

}  // namespace thane::onnx
