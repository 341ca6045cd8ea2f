#include "formats/torch/script/python_ops.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {

const Value* PythonCall::find(size_t i, std::string_view name) const {
  if (i < args.size()) return &args[i];
  for (const auto& [key, value] : kwargs) {
    if (key == name) return &value;
  }
  return nullptr;
}

namespace {

double as_real(const Value& value) {
  if (value.is_bool()) return value.boolean() ? 1 : 0;
  return value.is_int() ? static_cast<double>(value.integer()) : value.real();
}

bool is_real(const Value& value) { return value.is_bool() || value.is_int() || value.is_float(); }

std::optional<bool> equal_items(const std::vector<Value>& a, const std::vector<Value>& b, int depth) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto same = equal(a[i], b[i], depth + 1);
    if (!same || !*same) return same;
  }
  return true;
}

std::optional<bool> equal_dicts(const Dict& a, const Dict& b, int depth) {
  if (a.items.size() != b.items.size()) return false;
  for (const auto& [key, value] : a.items) {
    bool found = false;
    for (const auto& [other_key, other] : b.items) {
      if (equal(key, other_key, depth + 1) != true) continue;
      const auto same = equal(value, other, depth + 1);
      if (!same || !*same) return same;
      found = true;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

std::optional<bool> equal(const Value& a, const Value& b, int depth) {
  if (depth > kMostValueNesting) return std::nullopt;
  if (a.is_tensor() || b.is_tensor() || a.is_symbol() || b.is_symbol()) return std::nullopt;
  if (as<Unknown>(a) || as<Unknown>(b) || as<GraphList>(a) || as<GraphList>(b)) return std::nullopt;
  if (a.is_int() && b.is_int()) return a.integer() == b.integer();
  if (is_real(a) && is_real(b)) return as_real(a) == as_real(b);
  if (a.is_list() && b.is_list()) return equal_items(a.list()->items, b.list()->items, depth);
  if (a.is_tuple() && b.is_tuple()) return equal_items(a.tuple(), b.tuple(), depth);
  if (a.is_dict() && b.is_dict()) return equal_dicts(*a.dict(), *b.dict(), depth);
  const auto x = as<EnumValue>(a), y = as<EnumValue>(b);
  if (x && y) return x->type == y->type && x->name == y->name;
  return same(a, b);
}

std::optional<int> order(const Value& a, const Value& b, int depth) {
  if (depth > kMostValueNesting) return std::nullopt;
  const auto compare = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.is_int() && b.is_int()) return compare(a.integer(), b.integer());
  if (is_real(a) && is_real(b)) {
    if (std::isnan(as_real(a)) || std::isnan(as_real(b))) return std::nullopt;
    return compare(as_real(a), as_real(b));
  }
  if (a.is_string() && b.is_string()) return compare(a.string(), b.string());
  const auto *x = a.items(), *y = b.items();
  if (!x || !y) return std::nullopt;
  for (size_t i = 0; i < std::min(x->size(), y->size()); ++i) {
    const auto first = order((*x)[i], (*y)[i], depth + 1);
    if (!first || *first) return first;
  }
  return compare(x->size(), y->size());
}

Result<size_t> position(PythonCall& call, int64_t index, size_t size) {
  const auto count = static_cast<int64_t>(size);
  if (index < -count || index >= count) return call.machine.raise("IndexError", "list index out of range");
  return static_cast<size_t>(index < 0 ? index + count : index);
}

Result<std::optional<std::vector<size_t>>> slice_positions(PythonCall& call, size_t size) {
  int64_t bounds[3] = {0, 0, 1};
  bool given[3] = {};
  static constexpr std::string_view kNames[] = {"start", "end", "step"};
  for (size_t i = 0; i < 3; ++i) {
    const Value* bound = call.find(i + 1, kNames[i]);
    if (!bound || bound->is_none()) continue;
    if (!bound->is_int()) return std::optional<std::vector<size_t>>();
    bounds[i] = bound->integer();
    given[i] = true;
  }
  const int64_t step = bounds[2], count = static_cast<int64_t>(size);
  if (step == 0) return call.machine.raise("ValueError", "slice step cannot be zero");
  const auto clip = [&](int64_t bound) {
    if (bound < 0) bound += count;
    return std::clamp<int64_t>(bound, step < 0 ? -1 : 0, step < 0 ? count - 1 : count);
  };
  const int64_t start = given[0] ? clip(bounds[0]) : step < 0 ? count - 1 : 0;
  const int64_t stop = given[1] ? clip(bounds[1]) : step < 0 ? -1 : count;
  std::vector<size_t> positions;
  if (step > 0) {
    for (int64_t i = start; i < stop; i += std::min(step, stop - i)) positions.push_back(static_cast<size_t>(i));
  } else {
    for (int64_t i = start; i > stop; i += std::max(step, stop - i)) positions.push_back(static_cast<size_t>(i));
  }
  return std::optional(std::move(positions));
}

Result<std::optional<Value>> python_op(Machine& machine, std::string_view name, std::vector<Value>& args,
                                       aten::NamedValues& kwargs) {
  if (mentions_graph_list(args)) return not_mine();
  if (name.starts_with("aten::")) name.remove_prefix(6);
  static const auto* const kTable = [] {
    auto* table = new std::unordered_multimap<std::string_view, const PythonOp*>;
    for (const auto& ops : {list_ops(), dict_ops(), string_ops(), number_ops(), program_ops()}) {
      for (const PythonOp& op : ops) table->emplace(op.name, &op);
    }
    return table;
  }();
  PythonCall call{machine, args, kwargs};
  const auto [first, last] = kTable->equal_range(name);
  for (auto entry = first; entry != last; ++entry) {
    THANE_ASSIGN(auto result, entry->second->run(call));
    if (result) return result;
  }
  return not_mine();
}

}  // namespace thane::torchscript
