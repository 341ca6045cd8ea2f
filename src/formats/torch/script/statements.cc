// The machine runs statements.
#include "formats/torch/script/machine.h"

#include "base/format.h"
#include "formats/torch/script/depth.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

std::vector<const Expr*> flat_targets(const Expr& target) {
  if (target.kind == Expr::Kind::kTuple || target.kind == Expr::Kind::kList) return target.items;
  return {&target};
}

}  // namespace

Result<Flow> Machine::run(const Block& block, Frame& frame) {
  const Depth depth(depth_);
  if (depth_ > kMostDepth) return resource_limit("code that is nested too deeply").at(place());
  for (const Stmt* statement : block) {
    THANE_TRY(step());
    if (!calls_.empty()) calls_.back().second = statement->line;
    THANE_ASSIGN(const Flow flow, run(*statement, frame));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Result<Flow> Machine::run(const Stmt& statement, Frame& frame) {
  switch (statement.kind) {
    case Stmt::Kind::kPass:
    case Stmt::Kind::kFunction: return Flow::kNext;
    case Stmt::Kind::kBreak: return Flow::kBreak;
    case Stmt::Kind::kContinue: return Flow::kContinue;
    case Stmt::Kind::kExpression: {
      THANE_ASSIGN(const Value ignored, evaluate(*statement.value, frame));
      return Flow::kNext;
    }
    case Stmt::Kind::kAssign: {
      THANE_ASSIGN(Value value, evaluate(*statement.value, frame));
      for (const Expr* target : statement.targets) THANE_TRY(assign(*target, value, frame));
      return Flow::kNext;
    }
    case Stmt::Kind::kDeclare: {
      if (!statement.value) return Flow::kNext;
      THANE_ASSIGN(Value value, evaluate(*statement.value, frame));
      THANE_TRY(assign(*statement.targets[0], std::move(value), frame));
      return Flow::kNext;
    }
    case Stmt::Kind::kAugmented: {
      static const std::unordered_map<std::string_view, std::string_view> kOps = {
          {"+", "add"},         {"-", "sub"},         {"*", "mul"},     {"/", "div"},    {"%", "remainder"},
          {"//", "floordiv"},   {"**", "pow"},        {"&", "__and__"}, {"|", "__or__"}, {"^", "__xor__"},
          {"<<", "__lshift__"}, {">>", "__rshift__"}, {"@", "matmul"}};
      THANE_ASSIGN(const Value before, evaluate(*statement.targets[0], frame));
      THANE_ASSIGN(const Value operand, evaluate(*statement.value, frame));
      std::string name = format("aten::{}", kOps.at(statement.text));
      // Python writes a tensor in place, and so does TorchScript.
      if (before.is_tensor() &&
          (statement.text == "+" || statement.text == "-" || statement.text == "*" || statement.text == "/"))
        name += '_';
      THANE_ASSIGN(Value value, op(name, {before, operand}, {}));
      THANE_TRY(assign(*statement.targets[0], std::move(value), frame));
      return Flow::kNext;
    }
    case Stmt::Kind::kReturn: {
      if (statement.value) {
        THANE_ASSIGN(frame.result, evaluate(*statement.value, frame));
      }
      return Flow::kReturn;
    }
    case Stmt::Kind::kIf: {
      THANE_ASSIGN(const Value condition, evaluate(*statement.value, frame));
      THANE_ASSIGN(const auto known, truth(condition));
      if (known) return run(*known ? statement.body : statement.orelse, frame);
      return domain_.branch(*this, frame, statement, condition);
    }
    case Stmt::Kind::kFor: return run_for(statement, frame);
    case Stmt::Kind::kWhile: return run_while(statement, frame);
    case Stmt::Kind::kWith: return run_with(statement, frame);
    case Stmt::Kind::kRaise: {
      std::string type = "Exception";
      if (statement.value) type = dotted(*statement.value);
      return raise(std::move(type), "");
    }
    case Stmt::Kind::kAssert: {
      THANE_ASSIGN(const Value condition, evaluate(*statement.value, frame));
      THANE_ASSIGN(const auto known, truth(condition));
      if (!known || *known) return Flow::kNext;
      std::string message;
      if (statement.message) {
        THANE_ASSIGN(const Value text, evaluate(*statement.message, frame));
        message = to_text(text);
      }
      return raise("AssertionError", std::move(message));
    }
  }
  return Flow::kNext;
}

Result<Flow> Machine::run_for(const Stmt& statement, Frame& frame) {
  THANE_ASSIGN(const Value source, evaluate(*statement.value, frame));
  std::optional<std::vector<Value>> items;
  if (const auto path = as<NamePath>(source)) return invalid_model(format("a loop over {}", path->path)).at(place());
  if (graph_list(source)) return domain_.loop(*this, frame, statement, source);
  if (const auto* known = source.items(); known) {
    items = *known;
  } else if (source.is_int()) {  // range: see special_form
    for (int64_t i = 0; i < source.integer(); ++i) {
      THANE_TRY(step());
      THANE_TRY(assign(*statement.targets[0], Value(i), frame));
      THANE_ASSIGN(const Flow flow, run(statement.body, frame));
      if (flow == Flow::kBreak) break;
      if (flow == Flow::kReturn) return flow;
    }
    return Flow::kNext;
  } else if (!source.is_symbol() && !as<Unknown>(source)) {
    THANE_ASSIGN(items, iterate(source));
  }
  if (!items) return domain_.loop(*this, frame, statement, source);
  for (Value& item : *items) {
    THANE_TRY(step());
    THANE_TRY(assign(*statement.targets[0], std::move(item), frame));
    THANE_ASSIGN(const Flow flow, run(statement.body, frame));
    if (flow == Flow::kBreak) break;
    if (flow == Flow::kReturn) return flow;
  }
  return Flow::kNext;
}

Result<Flow> Machine::run_while(const Stmt& statement, Frame& frame) {
  while (true) {
    THANE_TRY(step());
    THANE_ASSIGN(const Value condition, evaluate(*statement.value, frame));
    THANE_ASSIGN(const auto known, truth(condition));
    if (!known) return domain_.loop(*this, frame, statement, condition);
    if (!*known) return Flow::kNext;
    THANE_ASSIGN(const Flow flow, run(statement.body, frame));
    if (flow == Flow::kBreak) return Flow::kNext;
    if (flow == Flow::kReturn) return flow;
  }
}

Result<Flow> Machine::run_with(const Stmt& statement, Frame& frame) {
  THANE_ASSIGN(const Value manager, evaluate(*statement.value, frame));
  const InstancePtr instance = as<Instance>(manager);
  Value entered;
  if (instance && program_.method(*instance->type, "__enter__")) {
    THANE_ASSIGN(entered, call_method(manager, "__enter__", {}, {}));
  }
  if (!statement.targets.empty()) THANE_TRY(assign(*statement.targets[0], std::move(entered), frame));
  THANE_ASSIGN(const Flow flow, run(statement.body, frame));
  if (instance && program_.method(*instance->type, "__exit__")) {
    THANE_ASSIGN(const Value ignored, call_method(manager, "__exit__", {Value(), Value(), Value()}, {}));
  }
  return flow;
}

Status Machine::assign(const Expr& target, Value value, Frame& frame) {
  switch (target.kind) {
    case Expr::Kind::kName: frame.locals[target.text] = std::move(value); return ok();
    case Expr::Kind::kAttribute: {
      THANE_ASSIGN(const Value owner, evaluate(*target.items[0], frame));
      return set_attribute(owner, target.text, std::move(value));
    }
    case Expr::Kind::kSubscript: {
      THANE_ASSIGN(const Value owner, evaluate(*target.items[0], frame));
      THANE_ASSIGN(const Value index, evaluate(*target.items[1], frame));
      THANE_ASSIGN(const Value ignored, op("aten::_set_item", {owner, index, std::move(value)}, {}));
      return ok();
    }
    default: break;
  }
  const std::vector<const Expr*> targets = flat_targets(target);
  THANE_ASSIGN(std::vector<Value> items, iterate(value, targets.size()));
  if (items.size() != targets.size()) {
    return invalid_model(format("{} values for {} variables", items.size(), targets.size())).at(place());
  }
  for (size_t i = 0; i < targets.size(); ++i) THANE_TRY(assign(*targets[i], std::move(items[i]), frame));
  return ok();
}

Result<std::vector<Value>> Machine::iterate(const Value& value, std::optional<size_t> count) {
  if (const auto* items = value.items(); items && !graph_list(value)) return *items;
  if (const auto tuple = as<NamedTuple>(value)) return tuple->items;
  std::vector<Value> items;
  if (value.is_string()) {
    for (const char c : value.string()) items.emplace_back(std::string(1, c));
    return items;
  }
  if (value.is_dict()) {
    for (const auto& [key, item] : value.dict()->items) items.push_back(key);
    return items;
  }
  if (const InstancePtr instance = as<Instance>(value)) {  // ModuleList and ModuleDict
    for (size_t i = 0;; ++i) {
      const auto found = instance->attributes.find(std::to_string(i));
      if (found == instance->attributes.end()) break;
      items.push_back(found->second);
    }
    return items;
  }
  THANE_ASSIGN(auto found, domain_.items(*this, value, count));
  if (found) return std::move(*found);
  return unsupported(format("going through something of kind {} whose length depends on data", value.kind()))
      .at(place());
}

Result<std::optional<bool>> Machine::truth(const Value& value) {
  if (value.is_bool()) return std::optional(value.boolean());
  if (value.is_int()) return std::optional(value.integer() != 0);
  if (value.is_float()) return std::optional(value.real() != 0);
  if (value.is_string()) return std::optional(!value.string().empty());
  if (graph_list(value)) {
    THANE_ASSIGN(const Value length, op("aten::len", {value}, {}));
    return length.is_int() ? std::optional(length.integer() != 0) : domain_.truth(*this, length);
  }
  if (const auto* items = value.items()) return std::optional(!items->empty());
  if (value.is_dict()) return std::optional(!value.dict()->items.empty());
  if (value.is_none()) return std::optional(false);
  if (as<Uninitialized>(value)) return std::optional(false);
  if (const auto conflict = as<Conflict>(value)) return unsupported(conflict->what).at(place());
  return domain_.truth(*this, value);
}

}  // namespace thane::torchscript
