#include "formats/torch/script/scout.h"

#include <algorithm>
#include <array>

#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

// Ops whose result shares memory with their first argument, or may.
constexpr std::string_view kViews[] = {"alias",
                                       "as_strided",
                                       "atleast_1d",
                                       "atleast_2d",
                                       "atleast_3d",
                                       "broadcast_to",
                                       "chunk",
                                       "contiguous",
                                       "detach",
                                       "diagonal",
                                       "expand",
                                       "expand_as",
                                       "flatten",
                                       "imag",
                                       "movedim",
                                       "moveaxis",
                                       "narrow",
                                       "numpy_T",
                                       "permute",
                                       "ravel",
                                       "real",
                                       "reshape",
                                       "reshape_as",
                                       "select",
                                       "slice",
                                       "split",
                                       "split_with_sizes",
                                       "squeeze",
                                       "swapaxes",
                                       "swapdims",
                                       "t",
                                       "tensor_split",
                                       "to",
                                       "transpose",
                                       "type_as",
                                       "unbind",
                                       "unflatten",
                                       "unfold",
                                       "unsqueeze",
                                       "view",
                                       "view_as",
                                       "view_as_complex",
                                       "view_as_real",
                                       "vsplit",
                                       "hsplit",
                                       "dsplit",
                                       "__getitem__",
                                       "adjoint"};

// Arithmetic on plain numbers; everything else with plain arguments makes tensors.
constexpr std::string_view kArithmetic[] = {"add",
                                            "sub",
                                            "mul",
                                            "div",
                                            "floordiv",
                                            "remainder",
                                            "pow",
                                            "neg",
                                            "abs",
                                            "floor",
                                            "ceil",
                                            "round",
                                            "sqrt",
                                            "Int",
                                            "Float",
                                            "Bool",
                                            "log",
                                            "log2",
                                            "log10",
                                            "exp",
                                            "fmod",
                                            "__and__",
                                            "__or__",
                                            "__xor__",
                                            "__lshift__",
                                            "__rshift__",
                                            "eq",
                                            "ne",
                                            "lt",
                                            "le",
                                            "gt",
                                            "ge",
                                            "__not__",
                                            "Complex",
                                            "IntImplicit",
                                            "FloatImplicit",
                                            "ScalarImplicit",
                                            "mathremainder",
                                            "isnan",
                                            "isinf",
                                            "isfinite",
                                            "gcd",
                                            "factorial",
                                            "sin",
                                            "cos",
                                            "tan",
                                            "atan2",
                                            "copysign",
                                            "modf",
                                            "divmod",
                                            "trunc"};

template <size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string_view base_name(std::string_view op) {
  const size_t colons = op.find("::");
  std::string_view name = colons == std::string_view::npos ? op : op.substr(colons + 2);
  return name.substr(0, name.find('.'));
}

bool is_plain(const Value& value) { return value.is_none() || value.is_number() || value.is_string(); }

std::shared_ptr<Unknown> unknown() { return std::make_shared<Unknown>(); }

void add_origins(const Value& from, Unknown& to, int depth = 0) {
  if (const auto known = as<Unknown>(from))
    to.origins.insert(to.origins.end(), known->origins.begin(), known->origins.end());
  if (const auto* items = from.items(); items && depth < 4) {
    for (const Value& item : *items) add_origins(item, to, depth + 1);
  }
}

// A list whose length is not known.
Value open_list() { return Value::list({Value(ObjectPtr(std::make_shared<GraphList>()))}); }

}  // namespace

void ScoutDomain::mark(const Unknown::Origin& origin) {
  if (!origin.instance || !marked_.insert({origin.instance.get(), origin.attribute}).second) return;
  changed_.push_back(origin);
}

void ScoutDomain::mark(const Value& value) {
  if (const auto known = as<Unknown>(value)) {
    for (const auto& origin : known->origins) mark(origin);
  }
}

Result<Value> ScoutDomain::op(Machine& machine, const std::string& name, std::vector<Value> args,
                              aten::NamedValues kwargs) {
  const std::string_view base = base_name(name);
  ++ops_[name];
  if (args.size() == 2 && base == "__getitem__") {
    const auto argument = as<Argument>(args[0]);
    if (argument && args[1].is_int() && args[1].integer() >= 0) {
      auto& item = argument->items[args[1].integer()];
      if (!item) item = std::make_shared<Argument>();
      return Value(ObjectPtr(item));
    }
    if (argument && args[1].is_string()) {
      auto& item = argument->keys[args[1].string()];
      if (!item) item = std::make_shared<Argument>();
      return Value(ObjectPtr(item));
    }
  }
  if (args.size() >= 1 && base == "len") {
    if (const auto argument = as<Argument>(args[0])) argument->open = true;
  }
  if (base.ends_with('_') && !base.ends_with("__") && !args.empty()) mark(args[0]);
  for (const auto& [key, value] : kwargs) {
    if (key == "out") mark(value);
  }
  // Normalisation in training mode updates its running statistics.
  const bool norm = base == "batch_norm" || base == "instance_norm";
  if (norm && args.size() > 5 && args[5].is_bool() && args[5].boolean() && base == "batch_norm")
    mark(args[3]), mark(args[4]);
  const bool plain = kwargs.empty() && std::all_of(args.begin(), args.end(), is_plain);
  if (plain && is_one_of(kArithmetic, base)) {
    auto value = aten::call(machine.context(), name, args, {});
    if (value.ok() && is_plain(*value)) return value;
  }
  auto result = unknown();
  if (is_one_of(kViews, base) || (base.ends_with('_') && !base.ends_with("__"))) {
    if (!args.empty()) add_origins(args[0], *result);
  }
  return Value(ObjectPtr(result));
}

Result<std::optional<bool>> ScoutDomain::truth(Machine&, const Value&) { return std::optional<bool>(); }

Value ScoutDomain::unify(Machine& machine, const Value& a, const Value& b, int depth) {
  if (same(a, b) || as<Uninitialized>(b)) return a;
  if (as<Uninitialized>(a)) return b;
  const auto unify_items = [&](const std::vector<Value>& x, const std::vector<Value>& y) {
    std::vector<Value> items;
    for (size_t i = 0; i < x.size(); ++i) items.push_back(unify(machine, x[i], y[i], depth + 1));
    return items;
  };
  if (depth > kMostValueNesting) return Value(ObjectPtr(unknown()));
  if (a.is_tuple() && b.is_tuple() && a.tuple().size() == b.tuple().size()) {
    return Value::tuple(unify_items(a.tuple(), b.tuple()));
  }
  if (a.is_list() && b.is_list()) {
    const auto &x = a.list()->items, &y = b.list()->items;
    if (x.size() == y.size()) return machine.make_list(unify_items(x, y));
    return open_list();
  }
  auto either = unknown();
  add_origins(a, *either);
  add_origins(b, *either);
  return Value(ObjectPtr(either));
}

void ScoutDomain::unify_journal(Machine& machine, const Journal& first, const Journal& second) {
  for (const Journal* journal : {&first, &second}) {
    for (const Journal::Entry& entry : journal->entries) {
      if (entry.list) {
        std::vector<Value>& items = machine.change(entry.list);
        if (items.size() == entry.values.size()) {
          for (size_t i = 0; i < items.size(); ++i) items[i] = unify(machine, items[i], entry.values[i]);
        } else {
          items = open_list().list()->items;
        }
      } else if (entry.dict) {
        auto& pairs = machine.change(entry.dict);
        for (const auto& [key, value] : entry.pairs) {
          const auto there = std::find_if(pairs.begin(), pairs.end(),
                                          [&, &wanted = key](const auto& p) { return same(p.first, wanted); });
          if (there == pairs.end())
            pairs.emplace_back(key, value);
          else
            there->second = unify(machine, there->second, value);
        }
      } else if (!entry.values.empty()) {
        machine.change(entry.instance, entry.attribute);
        Value& value = entry.instance->attributes[entry.attribute];
        value = unify(machine, value, entry.values[0]);
      }
    }
  }
}

Result<Flow> ScoutDomain::branch(Machine& machine, Frame& frame, const Stmt& statement, const Value&) {
  const Locals before = frame.locals;
  Locals after[2];
  Journal journals[2];
  Value results[2];
  Flow flows[2] = {};
  std::optional<Error> errors[2];
  for (size_t i = 0; i < 2; ++i) {
    frame.locals = before;
    frame.result = {};
    machine.open_journal();
    auto flow = machine.run(i == 0 ? statement.body : statement.orelse, frame);
    journals[i] = machine.close_journal();
    if (!flow.ok()) {
      if (flow.error().code == ErrorCode::kResourceLimit) return std::move(flow).error();
      errors[i] = std::move(flow).error();  // it raises, or does what it could not do with these arguments
      machine.raised().reset();
    } else {
      flows[i] = *flow;
      after[i] = std::move(frame.locals);
      results[i] = std::move(frame.result);
    }
  }
  if (errors[0] && errors[1]) return std::move(*errors[0]);
  const size_t only = errors[0] ? 1 : 0;
  frame.locals = std::move(after[only]);
  frame.result = std::move(results[only]);
  Journal none;
  if (errors[0] || errors[1]) {
    // What the other branch would have changed is changed in no run that ends well.
    for (const Journal::Entry& entry : journals[only].entries) {
      if (entry.list) machine.change(entry.list) = entry.values;
      if (entry.dict) machine.change(entry.dict) = entry.pairs;
      if (entry.instance && !entry.values.empty()) {
        machine.change(entry.instance, entry.attribute);
        entry.instance->attributes[entry.attribute] = entry.values[0];
      }
    }
    return flows[only];
  }
  for (auto& [name, value] : after[1]) {
    const auto [place, fresh] = frame.locals.try_emplace(name, value);
    if (!fresh) place->second = unify(machine, place->second, value);
  }
  frame.result = unify(machine, frame.result, results[1]);
  unify_journal(machine, journals[0], journals[1]);
  return flows[0] == flows[1] ? flows[0] : Flow::kNext;
}

Result<Flow> ScoutDomain::loop(Machine& machine, Frame& frame, const Stmt& statement, const Value& source) {
  if (const auto argument = as<Argument>(source)) argument->open = true;
  constexpr int kRounds = 2;  // the second one sees what the first has left
  for (int round = 0; round < kRounds; ++round) {
    const Locals before = frame.locals;
    machine.open_journal();
    if (statement.kind == Stmt::Kind::kFor) {
      auto item = unknown();
      add_origins(source, *item);
      auto assigned = machine.assign(*statement.targets[0], Value(ObjectPtr(item)), frame);
      if (!assigned.ok()) {
        machine.close_journal();
        return std::move(assigned).error();
      }
    }
    auto flow = machine.run(statement.body, frame);
    const Journal journal = machine.close_journal();
    if (!flow.ok()) {
      if (flow.error().code == ErrorCode::kResourceLimit) return std::move(flow).error();
      machine.raised().reset();
      frame.locals = before;
      return Flow::kNext;
    }
    for (const auto& [name, value] : before) frame.locals[name] = unify(machine, value, frame.locals[name]);
    unify_journal(machine, journal, {});
  }
  return Flow::kNext;
}

Result<Value> ScoutDomain::load(Machine&, const InstancePtr& owner, const std::string& attribute, const StoredTensor&) {
  auto value = unknown();
  if (owner) value->origins.push_back({owner, attribute});
  return Value(ObjectPtr(value));
}

Status ScoutDomain::stored(Machine&, const InstancePtr& owner, const std::string& attribute, const Value&) {
  if ((owner->is_model || !owner->path.empty()) && !owner->under_construction) mark(Unknown::Origin{owner, attribute});
  return ok();
}

Result<Value> ScoutDomain::library_object(Machine&, const std::string&, const Value&) {
  return Value(ObjectPtr(unknown()));
}

Result<Value> ScoutDomain::select(Machine& machine, const Value&, Value yes, Value no) {
  return unify(machine, yes, no);
}

Result<std::optional<std::vector<Value>>> ScoutDomain::items(Machine&, const Value& value,
                                                             std::optional<size_t> count) {
  std::vector<Value> items;
  const auto argument = as<Argument>(value);
  if (!count) {
    if (argument) argument->open = true;
    return std::optional(std::vector<Value>{value});
  }
  for (size_t i = 0; i < *count; ++i) {
    if (argument) {
      auto& item = argument->items[static_cast<int64_t>(i)];
      if (!item) item = std::make_shared<Argument>();
      items.emplace_back(ObjectPtr(item));
    } else {
      auto item = unknown();
      add_origins(value, *item);
      items.emplace_back(ObjectPtr(item));
    }
  }
  return std::optional(std::move(items));
}

}  // namespace thane::torchscript
