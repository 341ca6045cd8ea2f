#include <algorithm>

#include "base/format.h"
#include "formats/torch/script/python_ops.h"

namespace thane::torchscript {
namespace list_methods {
namespace {

constexpr size_t kMostItems = 1 << 20;

const std::vector<Value>* items_of(const PythonCall& call, size_t i) {
  return i < call.count() ? call[i].items() : nullptr;
}

PythonResult len(PythonCall& call) {
  if (call.count() != 1) return not_mine();
  if (const auto* items = call[0].items()) return some(static_cast<int64_t>(items->size()));
  if (call[0].is_string()) return some(static_cast<int64_t>(call[0].string().size()));
  if (call[0].is_dict()) return some(static_cast<int64_t>(call[0].dict()->items.size()));
  if (as<Instance>(call[0])) {
    THANE_ASSIGN(const auto items, call.machine.iterate(call[0]));
    return some(static_cast<int64_t>(items.size()));
  }
  return not_mine();
}

PythonResult append(PythonCall& call) {
  if (call.count() != 2 || !call[0].is_list()) return not_mine();
  std::vector<Value>& items = call.machine.change(call[0].list());
  if (items.size() >= kMostItems) return resource_limit("a list that grows without end");
  items.push_back(call[1]);
  if (is_container(call[1])) call.machine.hold(call[0]);
  return some(call[0]);
}

PythonResult extend(PythonCall& call) {
  if (call.count() != 2 || !call[0].is_list() || !call[1].items()) return not_mine();
  const std::vector<Value> more = *call[1].items();
  std::vector<Value>& items = call.machine.change(call[0].list());
  if (items.size() + more.size() > kMostItems) return resource_limit("a list that grows without end");
  items.insert(items.end(), more.begin(), more.end());
  if (std::any_of(more.begin(), more.end(), is_container)) call.machine.hold(call[0]);
  return some(call[0]);
}

PythonResult insert(PythonCall& call) {
  if (call.count() != 3 || !call[0].is_list() || !call[1].is_int()) return not_mine();
  std::vector<Value>& items = call.machine.change(call[0].list());
  if (items.size() >= kMostItems) return resource_limit("a list that grows without end");
  const auto size = static_cast<int64_t>(items.size());
  int64_t at = call[1].integer();
  if (at < 0) at += size;
  items.insert(items.begin() + std::clamp<int64_t>(at, 0, size), call[2]);
  if (is_container(call[2])) call.machine.hold(call[0]);
  return some(Value());
}

PythonResult pop(PythonCall& call) {
  if (call.count() < 1 || !call[0].is_list()) return not_mine();
  if (call.count() > 1 && !call[1].is_int()) return not_mine();
  const ListPtr list = call[0].list();
  if (list->items.empty()) return call.machine.raise("IndexError", "pop from empty list");
  THANE_ASSIGN(const size_t at, position(call, call.count() > 1 ? call[1].integer() : -1, list->items.size()));
  std::vector<Value>& items = call.machine.change(list);
  Value value = items[at];
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
  return some(std::move(value));
}

PythonResult clear(PythonCall& call) {
  if (call.count() != 1 || !call[0].is_list()) return not_mine();
  call.machine.change(call[0].list()).clear();
  return some(Value());
}

PythonResult reverse(PythonCall& call) {
  if (call.count() != 1 || !call[0].is_list()) return not_mine();
  std::vector<Value>& items = call.machine.change(call[0].list());
  std::reverse(items.begin(), items.end());
  return some(Value());
}

PythonResult copy(PythonCall& call) {
  if (call.count() != 1) return not_mine();
  if (call[0].is_string()) {
    THANE_ASSIGN(auto letters, call.machine.iterate(call[0]));
    return some(call.machine.make_list(std::move(letters)));
  }
  if (!call[0].items()) return not_mine();
  return some(call.machine.make_list(*call[0].items()));
}

// Nothing when an item cannot be compared before the right one is found.
std::optional<std::optional<size_t>> find(const std::vector<Value>& items, const Value& wanted) {
  for (size_t i = 0; i < items.size(); ++i) {
    const auto is = equal(items[i], wanted);
    if (!is) return std::nullopt;
    if (*is) return std::optional(i);
  }
  return std::optional<size_t>();
}

PythonResult index(PythonCall& call) {
  const auto* items = items_of(call, 0);
  if (!items || call.count() != 2) return not_mine();
  const auto found = find(*items, call[1]);
  if (!found) return not_mine();
  if (!*found) return call.machine.raise("ValueError", "the value is not in the list");
  return some(static_cast<int64_t>(**found));
}

PythonResult contains(PythonCall& call) {
  const auto* items = items_of(call, 0);
  if (!items || call.count() != 2) return not_mine();
  const auto found = find(*items, call[1]);
  if (!found) return not_mine();
  return some(found->has_value());
}

PythonResult count(PythonCall& call) {
  const auto* items = items_of(call, 0);
  if (!items || call.count() != 2) return not_mine();
  int64_t number = 0;
  for (const Value& item : *items) {
    const auto is = equal(item, call[1]);
    if (!is) return not_mine();
    number += *is ? 1 : 0;
  }
  return some(number);
}

PythonResult remove(PythonCall& call) {
  if (call.count() != 2 || !call[0].is_list()) return not_mine();
  const auto found = find(call[0].list()->items, call[1]);
  if (!found) return not_mine();
  if (!*found) return call.machine.raise("ValueError", "list.remove(x): x not in list");
  std::vector<Value>& items = call.machine.change(call[0].list());
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(**found));
  return some(Value());
}

Result<bool> sort_items(std::vector<Value>& items, bool descending) {
  for (size_t i = 1; i < items.size(); ++i) {
    if (!order(items[0], items[i])) return false;
  }
  std::stable_sort(items.begin(), items.end(), [&](const Value& a, const Value& b) {
    return descending ? order(b, a).value_or(0) < 0 : order(a, b).value_or(0) < 0;
  });
  return true;
}

PythonResult sort(PythonCall& call) {
  if (call.count() < 1 || !call[0].is_list()) return not_mine();
  const Value* reversed = call.find(1, "reverse");
  THANE_ASSIGN(const bool done,
               sort_items(call.machine.change(call[0].list()), reversed && reversed->is_bool() && reversed->boolean()));
  return done ? some(Value()) : not_mine();
}

PythonResult sorted(PythonCall& call) {
  const auto* items = items_of(call, 0);
  if (!items || call.count() != 1) return not_mine();
  std::vector<Value> copy = *items;
  THANE_ASSIGN(const bool done, sort_items(copy, false));
  return done ? some(call.machine.make_list(std::move(copy))) : not_mine();
}

PythonResult get_item(PythonCall& call) {
  if (call.count() != 2) return not_mine();
  if (const auto instance = as<Instance>(call[0])) {  // a ModuleList
    THANE_ASSIGN(const auto modules, call.machine.iterate(call[0]));
    if (call[1].is_string()) {
      THANE_ASSIGN(Value module, call.machine.attribute(call[0], call[1].string()));
      return some(std::move(module));
    }
    if (!call[1].is_int()) return not_mine();
    THANE_ASSIGN(const size_t at, position(call, call[1].integer(), modules.size()));
    return some(modules[at]);
  }
  const auto* items = items_of(call, 0);
  if (!items || !call[1].is_int()) return not_mine();
  THANE_ASSIGN(const size_t at, position(call, call[1].integer(), items->size()));
  return some((*items)[at]);
}

PythonResult set_item(PythonCall& call) {
  if (call.count() != 3 || !call[0].is_list() || !call[1].is_int()) return not_mine();
  THANE_ASSIGN(const size_t at, position(call, call[1].integer(), call[0].list()->items.size()));
  call.machine.change(call[0].list())[at] = call[2];
  if (is_container(call[2])) call.machine.hold(call[0]);
  return some(call[0]);
}

PythonResult delete_item(PythonCall& call) {
  if (call.count() != 2 || !call[0].is_list() || !call[1].is_int()) return not_mine();
  THANE_ASSIGN(const size_t at, position(call, call[1].integer(), call[0].list()->items.size()));
  std::vector<Value>& items = call.machine.change(call[0].list());
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
  return some(Value());
}

PythonResult slice(PythonCall& call) {
  const auto* items = items_of(call, 0);
  if (!items) return not_mine();
  THANE_ASSIGN(const auto positions, slice_positions(call, items->size()));
  if (!positions) return not_mine();
  std::vector<Value> part;
  for (const size_t at : *positions) part.push_back((*items)[at]);
  return some(call[0].is_tuple() ? Value::tuple(std::move(part)) : call.machine.make_list(std::move(part)));
}

PythonResult add(PythonCall& call) {
  const auto *a = items_of(call, 0), *b = items_of(call, 1);
  if (!a || !b || call.count() != 2) return not_mine();
  std::vector<Value> both = *a;
  both.insert(both.end(), b->begin(), b->end());
  if (both.size() > kMostItems) return resource_limit("a list that grows without end");
  return some(call[0].is_tuple() ? Value::tuple(std::move(both)) : call.machine.make_list(std::move(both)));
}

PythonResult repeat(PythonCall& call) {
  const bool swapped = call.count() == 2 && call[0].is_int();
  const auto* items = items_of(call, swapped ? 1 : 0);
  if (!items || call.count() != 2 || !call[swapped ? 0 : 1].is_int()) return not_mine();
  const int64_t times = std::max<int64_t>(call[swapped ? 0 : 1].integer(), 0);
  if (!items->empty() && static_cast<uint64_t>(times) > kMostItems / items->size()) {
    return resource_limit("a list that grows without end");
  }
  std::vector<Value> repeated;
  for (int64_t i = 0; i < times && !items->empty(); ++i) repeated.insert(repeated.end(), items->begin(), items->end());
  return some(call.machine.make_list(std::move(repeated)));
}

// min(a, b), min(list): numbers only.
template <bool kLargest>
PythonResult extreme(PythonCall& call) {
  std::vector<Value> items = call.args;
  if (call.count() == 1 && call[0].items()) items = *call[0].items();
  if (items.empty() || (call.count() != 1 && call.count() != 2)) return not_mine();
  Value best = items[0];
  for (const Value& item : items) {
    if (!item.is_number() || item.is_complex()) return not_mine();
    const auto compared = order(item, best);
    if (!compared) return not_mine();
    if (kLargest ? *compared > 0 : *compared < 0) best = item;
  }
  const bool any_float = std::any_of(items.begin(), items.end(), [](const Value& v) { return v.is_float(); });
  if (any_float && best.is_int()) best = Value(static_cast<double>(best.integer()));
  return some(std::move(best));
}

template <bool kAll>
PythonResult quantify(PythonCall& call) {
  const auto* items = items_of(call, 0);
  if (!items || call.count() != 1) return not_mine();
  for (const Value& item : *items) {
    if (item.is_tensor() || item.is_symbol() || item.is_object()) return not_mine();
    THANE_ASSIGN(const auto truth, call.machine.truth(item));
    if (!truth) return not_mine();
    if (*truth != kAll) return some(!kAll);
  }
  return some(kAll);
}

PythonResult sum(PythonCall& call) {
  const auto* items = items_of(call, 0);
  if (!items || call.count() != 1) return not_mine();
  double reals = 0;
  int64_t ints = 0;
  bool real = false;
  for (const Value& item : *items) {
    if (item.is_int()) {
      if (__builtin_add_overflow(ints, item.integer(), &ints)) return not_mine();
    } else if (item.is_float()) {
      real = true;
      reals += item.real();
    } else {
      return not_mine();
    }
  }
  return some(real ? Value(reals + static_cast<double>(ints)) : Value(ints));
}

constexpr PythonOp kOps[] = {{"len", len},
                             {"append", append},
                             {"extend", extend},
                             {"insert", insert},
                             {"pop", pop},
                             {"clear", clear},
                             {"reverse", reverse},
                             {"copy", copy},
                             {"list", copy},
                             {"index", index},
                             {"__contains__", contains},
                             {"count", count},
                             {"remove", remove},
                             {"sort", sort},
                             {"sorted", sorted},
                             {"__getitem__", get_item},
                             {"_set_item", set_item},
                             {"Delete", delete_item},
                             {"__delitem__", delete_item},
                             {"slice", slice},
                             {"add", add},
                             {"add_", extend},
                             {"mul", repeat},
                             {"prim::min", extreme<false>},
                             {"prim::max", extreme<true>},
                             {"all", quantify<true>},
                             {"any", quantify<false>},
                             {"sum", sum}};

}  // namespace
}  // namespace list_methods

std::span<const PythonOp> list_ops() { return list_methods::kOps; }

}  // namespace thane::torchscript
