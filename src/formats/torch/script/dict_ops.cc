#include <algorithm>

#include "base/format.h"
#include "formats/torch/script/python_ops.h"

namespace thane::torchscript {
namespace dict_methods {
namespace {

using Pairs = std::vector<std::pair<Value, Value>>;

bool is_dict(const PythonCall& call, size_t count) { return call.count() >= count && call[0].is_dict(); }

template <class P>
auto find(P& pairs, const Value& key) {
  return std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return equal(pair.first, key) == true; });
}

Error key_error(PythonCall& call, const Value& key) { return call.machine.raise("KeyError", to_text(key)); }

PythonResult get_item(PythonCall& call) {
  if (!is_dict(call, 2)) return not_mine();
  const Pairs& pairs = call[0].dict()->items;
  const auto found = find(pairs, call[1]);
  if (found == pairs.end()) return key_error(call, call[1]);
  return some(found->second);
}

PythonResult get(PythonCall& call) {
  if (!is_dict(call, 2)) return not_mine();
  const Pairs& pairs = call[0].dict()->items;
  const auto found = find(pairs, call[1]);
  if (found != pairs.end()) return some(found->second);
  return some(call.count() > 2 ? call[2] : Value());
}

PythonResult set_item(PythonCall& call) {
  if (!is_dict(call, 3)) return not_mine();
  Pairs& pairs = call.machine.change(call[0].dict());
  const auto found = find(pairs, call[1]);
  if (found == pairs.end())
    pairs.emplace_back(call[1], call[2]);
  else
    found->second = call[2];
  return some(Value());
}

PythonResult set_default(PythonCall& call) {
  if (!is_dict(call, 3)) return not_mine();
  const Pairs& pairs = call[0].dict()->items;
  const auto found = find(pairs, call[1]);
  if (found != pairs.end()) return some(found->second);
  call.machine.change(call[0].dict()).emplace_back(call[1], call[2]);
  return some(call[2]);
}

PythonResult contains(PythonCall& call) {
  if (!is_dict(call, 2)) return not_mine();
  const Pairs& pairs = call[0].dict()->items;
  return some(find(pairs, call[1]) != pairs.end());
}

PythonResult erase(PythonCall& call) {
  if (!is_dict(call, 2)) return not_mine();
  Pairs& pairs = call.machine.change(call[0].dict());
  const auto found = find(pairs, call[1]);
  if (found == pairs.end()) return key_error(call, call[1]);
  pairs.erase(found);
  return some(Value());
}

PythonResult pop(PythonCall& call) {
  if (!is_dict(call, 2)) return not_mine();
  Pairs& pairs = call.machine.change(call[0].dict());
  const auto found = find(pairs, call[1]);
  if (found == pairs.end()) return call.count() > 2 ? some(call[2]) : PythonResult(key_error(call, call[1]));
  Value value = found->second;
  pairs.erase(found);
  return some(std::move(value));
}

PythonResult clear(PythonCall& call) {
  if (!is_dict(call, 1)) return not_mine();
  call.machine.change(call[0].dict()).clear();
  return some(Value());
}

PythonResult update(PythonCall& call) {
  if (!is_dict(call, 2) || !call[1].is_dict()) return not_mine();
  const Pairs more = call[1].dict()->items;
  Pairs& pairs = call.machine.change(call[0].dict());
  for (const auto& [key, value] : more) {
    const auto found = find(pairs, key);
    if (found == pairs.end())
      pairs.emplace_back(key, value);
    else
      found->second = value;
  }
  return some(Value());
}

PythonResult keys(PythonCall& call) {
  if (!is_dict(call, 1)) return not_mine();
  std::vector<Value> list;
  for (const auto& [key, value] : call[0].dict()->items) list.push_back(key);
  return some(call.machine.make_list(std::move(list)));
}

PythonResult values(PythonCall& call) {
  if (!is_dict(call, 1)) return not_mine();
  std::vector<Value> list;
  for (const auto& [key, value] : call[0].dict()->items) list.push_back(value);
  return some(call.machine.make_list(std::move(list)));
}

PythonResult items(PythonCall& call) {
  if (!is_dict(call, 1)) return not_mine();
  std::vector<Value> list;
  for (const auto& [key, value] : call[0].dict()->items) list.push_back(Value::tuple({key, value}));
  return some(call.machine.make_list(std::move(list)));
}

// dict(), dict(other), dict(list of pairs).
PythonResult make(PythonCall& call) {
  if (call.count() == 0) return some(call.machine.make_dict({}));
  if (call[0].is_dict()) return some(call.machine.make_dict(call[0].dict()->items));
  if (!call[0].is_list()) return not_mine();
  Pairs pairs;
  for (const Value& item : call[0].list()->items) {
    if (!item.items() || item.items()->size() != 2) return not_mine();
    pairs.emplace_back((*item.items())[0], (*item.items())[1]);
  }
  return some(call.machine.make_dict(std::move(pairs)));
}

PythonResult copy(PythonCall& call) {
  if (!is_dict(call, 1)) return not_mine();
  return some(call.machine.make_dict(call[0].dict()->items));
}

constexpr PythonOp kOps[] = {
    {"__getitem__", get_item},  {"get", get},       {"_set_item", set_item}, {"setdefault", set_default},
    {"__contains__", contains}, {"Delete", erase},  {"__delitem__", erase},  {"pop", pop},
    {"clear", clear},           {"update", update}, {"keys", keys},          {"values", values},
    {"items", items},           {"dict", make},     {"copy", copy}};

}  // namespace
}  // namespace dict_methods

std::span<const PythonOp> dict_ops() { return dict_methods::kOps; }

}  // namespace thane::torchscript
