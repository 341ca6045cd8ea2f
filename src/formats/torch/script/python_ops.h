// Python's own ops, a table per kind of value.
#pragma once

#include <span>

#include "formats/torch/script/machine.h"

namespace thane::torchscript {

struct PythonCall {
  Machine& machine;
  std::vector<Value>& args;
  aten::NamedValues& kwargs;

  size_t count() const { return args.size(); }
  const Value& operator[](size_t i) const { return args[i]; }
  // An argument by position or name; null when it is not given.
  const Value* find(size_t i, std::string_view name) const;
};

// Nothing: not for these arguments.
using PythonResult = Result<std::optional<Value>>;
struct PythonOp {
  std::string_view name;  // without "aten::"; "prim::" stays
  PythonResult (*run)(PythonCall& call);
};

std::span<const PythonOp> list_ops();
std::span<const PythonOp> dict_ops();
std::span<const PythonOp> string_ops();
std::span<const PythonOp> number_ops();
std::span<const PythonOp> program_ops();

inline PythonResult some(Value value) { return std::optional(std::move(value)); }
inline PythonResult not_mine() { return std::optional<Value>(); }

// Whether two known values are equal to Python; nothing when one of them is not known.
std::optional<bool> equal(const Value& a, const Value& b, int depth = 0);
// The order of two known values of one kind: negative, 0, positive.
std::optional<int> order(const Value& a, const Value& b, int depth = 0);
// Bounds of slice(start, stop, step) on `size` items, as Python clips them: the positions taken.
Result<std::optional<std::vector<size_t>>> slice_positions(PythonCall& call, size_t size);
// A Python index, negative from the end; an IndexError otherwise.
Result<size_t> position(PythonCall& call, int64_t index, size_t size);

}  // namespace thane::torchscript
