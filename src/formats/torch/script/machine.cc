#include "formats/torch/script/machine.h"

#include <algorithm>

#include "base/format.h"
#include "formats/torch/script/graph_list.h"
#include "formats/torch/script/merge.h"

namespace thane::torchscript {
namespace {

constexpr int kMostDepth = 1200;    // of the interpreter's own recursion
constexpr size_t kMostCalls = 150;  // nested

class Depth {
 public:
  explicit Depth(int& depth) : depth_(depth) { ++depth_; }
  Depth(const Depth&) = delete;
  ~Depth() { --depth_; }

 private:
  int& depth_;
};

std::vector<const Expr*> flat_targets(const Expr& target) {
  if (target.kind == Expr::Kind::kTuple || target.kind == Expr::Kind::kList) return target.items;
  return {&target};
}

}  // namespace

Error Machine::raise(std::string type, std::string message) {
  Error error = runtime_error(format("the model raises {}: {}", type, message));
  raised_ = Raised{std::move(type), std::move(message)};
  return std::move(error).at(place());
}

std::string Machine::place() const {
  if (calls_.empty()) return {};
  const auto& [function, line] = calls_.back();
  return format("{}, line {}", function->name, line);
}

Status Machine::step() {
  if (++steps_ <= most_steps_) return ok();
  return resource_limit(format("more than {} steps of the program, with its loops unrolled", most_steps_)).at(place());
}

// --- what bodies change ----------------------------------------------------------------------------------------------

// Whatever a list, dict or object holds is held here, too, if it may hold others: emptying one never goes deep.
Machine::~Machine() {
  for (const Value& value : held_) {
    if (value.is_list()) value.list()->items.clear();
    if (value.is_dict()) value.dict()->items.clear();
    if (const InstancePtr instance = as<Instance>(value)) instance->attributes.clear();
    if (const auto future = as<FutureValue>(value)) future->value = {};
  }
}

Value Machine::make_list(std::vector<Value> items) {
  const bool containers = std::any_of(items.begin(), items.end(), is_container);
  Value value = Value::list(std::move(items));
  if (containers) hold(value);
  if (!journals_.empty()) {
    journals_.back().born.insert(value.list().get());
    journals_.back().kept.push_back(value);
  }
  return value;
}

Value Machine::make_dict(std::vector<std::pair<Value, Value>> items) {
  Value value(std::make_shared<Dict>(Dict{std::move(items)}));
  hold(value);
  if (!journals_.empty()) {
    journals_.back().born.insert(value.dict().get());
    journals_.back().kept.push_back(value);
  }
  return value;
}

std::vector<Value>& Machine::change(const ListPtr& list) {
  if (!journals_.empty()) {
    Journal& journal = journals_.back();
    if (!journal.born.contains(list.get()) && journal.seen.insert(list.get()).second) {
      journal.entries.push_back({list, nullptr, nullptr, {}, list->items, {}});
    }
  }
  return list->items;
}

std::vector<std::pair<Value, Value>>& Machine::change(const DictPtr& dict) {
  if (!journals_.empty()) {
    Journal& journal = journals_.back();
    if (!journal.born.contains(dict.get()) && journal.seen.insert(dict.get()).second) {
      journal.entries.push_back({nullptr, dict, nullptr, {}, {}, dict->items});
    }
  }
  return dict->items;
}

void Machine::change(const InstancePtr& instance, const std::string& attribute) {
  if (journals_.empty()) return;
  Journal& journal = journals_.back();
  if (journal.born.contains(instance.get())) return;
  for (const Journal::Entry& entry : journal.entries) {
    if (entry.instance == instance && entry.attribute == attribute) return;
  }
  Journal::Entry entry{nullptr, nullptr, instance, attribute, {}, {}};
  const auto found = instance->attributes.find(attribute);
  if (found != instance->attributes.end()) entry.values.push_back(found->second);
  journal.entries.push_back(std::move(entry));
}

Status Machine::read_changes(Snapshot& snapshot) {
  for (const Journal::Entry& entry : journals_.back().entries) {
    if (entry.list) {
      for (const Value& item : entry.list->items) THANE_TRY(snapshot.take(*this, item));
    } else if (entry.dict) {
      for (const auto& [key, item] : entry.dict->items) THANE_TRY(snapshot.take(*this, item));
    } else {
      THANE_TRY(snapshot.take(*this, entry.instance->attributes[entry.attribute]));
    }
  }
  return ok();
}

Journal Machine::close_journal() {
  Journal journal = std::move(journals_.back());
  journals_.pop_back();
  for (Journal::Entry& entry : journal.entries) {
    if (entry.list) {
      std::swap(entry.list->items, entry.values);
    } else if (entry.dict) {
      std::swap(entry.dict->items, entry.pairs);
    } else {
      auto& attributes = entry.instance->attributes;
      std::vector<Value> after;
      if (attributes.contains(entry.attribute)) after.push_back(attributes[entry.attribute]);
      if (entry.values.empty())
        attributes.erase(entry.attribute);
      else
        attributes[entry.attribute] = entry.values[0];
      entry.values = std::move(after);
    }
  }
  if (!journals_.empty()) {
    Journal& outer = journals_.back();
    outer.born.insert(journal.born.begin(), journal.born.end());
    outer.kept.insert(outer.kept.end(), journal.kept.begin(), journal.kept.end());
  }
  return journal;
}

// --- calls -----------------------------------------------------------------------------------------------------------

Result<Value> Machine::call_function(const Function& function, std::vector<Value> args, aten::NamedValues kwargs) {
  Frame frame;
  frame.function = &function;
  THANE_TRY(bind(function, std::move(args), std::move(kwargs), frame));
  return invoke(function, frame);
}

Status Machine::bind(const Function& function, std::vector<Value> args, aten::NamedValues kwargs, Frame& frame) {
  const std::vector<Parameter>& parameters = function.definition->parameters;
  if (args.size() > parameters.size()) {
    return invalid_model(format("{} arguments for {}", args.size(), function.name))
        .expecting(std::to_string(parameters.size()))
        .at(place());
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    const auto named =
        std::find_if(kwargs.begin(), kwargs.end(), [&](const auto& k) { return k.first == parameter.name; });
    if (i < args.size()) {
      frame.locals[parameter.name] = std::move(args[i]);
    } else if (named != kwargs.end()) {
      frame.locals[parameter.name] = std::move(named->second);
    } else if (parameter.initial) {
      Frame nothing;
      nothing.function = &function;
      THANE_ASSIGN(frame.locals[parameter.name], evaluate(*parameter.initial, nothing));
    } else {
      return invalid_argument(format("no value for '{}' of {}", parameter.name, function.name)).at(place());
    }
  }
  return ok();
}

Result<Value> Machine::invoke(const Function& function, Frame& frame) {
  if (calls_.size() >= kMostCalls) return resource_limit("calls that are nested too deeply").at(place());
  const InstancePtr self =
      function.owner && frame.locals.contains("self") ? as<Instance>(frame.locals["self"]) : nullptr;
  std::string outer_name = context_.name, outer_place = context_.place;
  if (self && !self->path.empty()) context_.name = self->path;
  calls_.emplace_back(&function, function.definition->line);
  Result<Flow> flow = run(function.definition->body, frame);
  calls_.pop_back();
  context_.name = std::move(outer_name);
  context_.place = std::move(outer_place);
  if (!flow.ok()) return std::move(flow).error();
  return std::move(frame.result);
}

Result<Value> Machine::call_method(const Value& self, std::string_view name, std::vector<Value> args,
                                   aten::NamedValues kwargs) {
  const InstancePtr instance = as<Instance>(self);
  if (!instance)
    return op(
        format("aten::{}", name),
        [&] {
          args.insert(args.begin(), self);
          return std::move(args);
        }(),
        std::move(kwargs));
  const Function* method = program_.method(*instance->type, name);
  if (!method) return invalid_model(format("{} has no method {}", instance->type->name, name)).at(place());
  args.insert(args.begin(), self);
  return call_function(*method, std::move(args), std::move(kwargs));
}

Result<Value> Machine::call_value(const Value& callee, std::vector<Value> args, aten::NamedValues kwargs) {
  if (const auto function = as<FunctionValue>(callee)) {
    if (function->bound) args.insert(args.begin(), function->self);
    return call_function(*function->function, std::move(args), std::move(kwargs));
  }
  if (const auto path = as<NamePath>(callee)) return call_path(path->path, std::move(args), std::move(kwargs));
  if (const auto type = as<ClassValue>(callee)) return construct(*type->type, std::move(args), std::move(kwargs));
  if (as<Instance>(callee)) return call_method(callee, "forward", std::move(args), std::move(kwargs));
  return invalid_model(format("a call of something of kind {}", callee.kind())).at(place());
}

// "torch.conv2d" → aten::conv2d; "ops.quantized.linear" → quantized::linear.
Result<Value> Machine::call_path(const std::string& path, std::vector<Value> args, aten::NamedValues kwargs) {
  if (path.starts_with("torch.")) {
    const size_t dot = path.rfind('.');
    return op("aten::" + path.substr(dot + 1), std::move(args), std::move(kwargs));
  }
  if (path.starts_with("ops.")) {
    const size_t dot = path.find('.', 4);
    if (dot == std::string::npos) return invalid_model(format("a call of {}", path)).at(place());
    return op(path.substr(4, dot - 4) + "::" + path.substr(dot + 1), std::move(args), std::move(kwargs));
  }
  // "__torch__.A.__new__" makes an empty instance; "(self).__init__" fills it.
  if (path.ends_with(".__new__")) {
    const std::string name = path.substr(0, path.size() - 8);
    THANE_ASSIGN(const Class* type, program_.find_class(name));
    auto instance = std::make_shared<Instance>();
    instance->type = type;
    hold(Value(ObjectPtr(instance)));
    if (!journals_.empty()) {
      journals_.back().born.insert(instance.get());
      journals_.back().kept.emplace_back(ObjectPtr(instance));
    }
    return Value(ObjectPtr(instance));
  }
  return invalid_model(format("a call of {}, which the archive does not define", path)).at(place());
}

Result<Value> Machine::construct(const Class& type, std::vector<Value> args, aten::NamedValues kwargs) {
  if (type.definition->base == "NamedTuple") {
    for (const Value& arg : args) THANE_TRY(check_nesting(arg));
    auto tuple = std::make_shared<NamedTuple>();
    tuple->type = &type;
    tuple->items = std::move(args);
    for (auto& [name, value] : kwargs) tuple->items.push_back(std::move(value));
    if (tuple->items.size() > type.definition->fields.size()) {
      return invalid_model(format("{} items for {}", tuple->items.size(), type.name)).at(place());
    }
    for (size_t i = tuple->items.size(); i < type.definition->fields.size(); ++i) {
      const Parameter& field = type.definition->fields[i];
      if (!field.initial) return invalid_model(format("no value for '{}' of {}", field.name, type.name)).at(place());
      Frame nothing;
      THANE_ASSIGN(Value value, evaluate(*field.initial, nothing));
      tuple->items.push_back(std::move(value));
    }
    return Value(ObjectPtr(tuple));
  }
  if (type.definition->base == "Enum") {
    for (const Parameter& field : type.definition->fields) {
      if (args.empty() || !field.initial) break;
      Frame nothing;
      THANE_ASSIGN(const Value value, evaluate(*field.initial, nothing));
      if (same(value, args[0])) return path_value(format("{}.{}", type.name, field.name));
    }
    return invalid_model(format("a value that {} lacks", type.name)).at(place());
  }
  THANE_ASSIGN(const Value instance, call_path(type.name + ".__new__", {}, {}));
  if (program_.method(type, "__init__")) {
    THANE_ASSIGN(const Value ignored, call_method(instance, "__init__", std::move(args), std::move(kwargs)));
  }
  return instance;
}

// --- statements ------------------------------------------------------------------------------------------------------

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

// --- attributes ------------------------------------------------------------------------------------------------------

Result<Value> Machine::attribute(const Value& owner, std::string_view name) {
  if (const InstancePtr instance = as<Instance>(owner)) {
    const auto found = instance->attributes.find(std::string(name));
    if (found != instance->attributes.end()) {
      if (const auto stored = as<StoredTensor>(found->second)) {
        return domain_.load(*this, instance, found->first, *stored);
      }
      return found->second;
    }
    if (const Function* method = program_.method(*instance->type, name)) {
      auto bound = std::make_shared<FunctionValue>();
      bound->function = method;
      bound->self = owner;
      bound->bound = true;
      return Value(ObjectPtr(bound));
    }
    if (const Parameter* field = instance->type->definition->field(name); field && field->initial) {
      Frame nothing;
      return evaluate(*field->initial, nothing);
    }
    return invalid_model(format("{} has no '{}'", instance->type->name, name)).at(place());
  }
  if (const auto path = as<NamePath>(owner)) return path_value(format("{}.{}", path->path, name));
  if (const auto tuple = as<NamedTuple>(owner)) {
    const auto& fields = tuple->type->definition->fields;
    for (size_t i = 0; i < fields.size() && i < tuple->items.size(); ++i) {
      if (fields[i].name == name) return tuple->items[i];
    }
  }
  if (const auto entry = as<EnumValue>(owner)) {
    if (name == "name") return Value(entry->name);
    if (name == "value") return entry->value;
  }
  if (const auto type = as<ClassValue>(owner)) return path_value(format("{}.{}", type->type->name, name));
  if (as<Unknown>(owner)) return owner;
  if (const auto conflict = as<Conflict>(owner)) return unsupported(conflict->what).at(place());
  if (owner.is_tensor() || owner.is_symbol()) return op(format("prim::{}", name), {owner}, {});
  if (owner.is_complex()) return Value(name == "real" ? owner.complex().real() : owner.complex().imag());
  return invalid_model(format("'{}' of something of kind {}", name, owner.kind())).at(place());
}

Status Machine::set_attribute(const Value& owner, std::string_view name, Value value) {
  const InstancePtr instance = as<Instance>(owner);
  if (!instance) {
    if (as<Unknown>(owner)) return ok();
    return invalid_model(format("assigning '{}' of something of kind {}", name, owner.kind())).at(place());
  }
  const std::string attribute(name);
  THANE_TRY(domain_.stored(*this, instance, attribute, value));
  change(instance, attribute);
  instance->attributes[attribute] = std::move(value);
  return ok();
}

// What a dotted name means: a class, a function, an enum's value, or still only a name.
Result<Value> Machine::path_value(const std::string& path) {
  if (program_.has_class(path)) {
    auto value = std::make_shared<ClassValue>();
    THANE_ASSIGN(value->type, program_.find_class(path));
    return Value(ObjectPtr(value));
  }
  if (program_.has_function(path)) {
    auto value = std::make_shared<FunctionValue>();
    THANE_ASSIGN(value->function, program_.find_function(path));
    return Value(ObjectPtr(value));
  }
  const size_t dot = path.rfind('.');
  const std::string owner = path.substr(0, dot), last = path.substr(dot + 1);
  if (owner == "CONSTANTS" && last.size() > 1) {
    size_t number = 0;
    for (const char c : last.substr(1)) {
      number = c >= '0' && c <= '9' && number < 1'000'000 ? number * 10 + static_cast<size_t>(c - '0') : 1'000'000'000;
    }
    if (number >= constants_.size()) return invalid_model(format("the archive has no constant {}", last)).at(place());
    if (const auto stored = as<StoredTensor>(constants_[number])) {
      // Constants are attributes of nobody.
      static const InstancePtr kNobody = nullptr;
      return domain_.load(*this, kNobody, last, *stored);
    }
    return constants_[number];
  }
  if (program_.has_class(owner)) {
    THANE_ASSIGN(const Class* type, program_.find_class(owner));
    if (const Function* method = program_.method(*type, last)) {
      auto value = std::make_shared<FunctionValue>();
      value->function = method;
      return Value(ObjectPtr(value));
    }
    const Parameter* field = type->definition->field(last);
    if (field && field->initial && type->definition->base == "Enum") {
      auto value = std::make_shared<EnumValue>();
      value->type = type;
      value->name = last;
      Frame nothing;
      THANE_ASSIGN(value->value, evaluate(*field->initial, nothing));
      return Value(ObjectPtr(value));
    }
  }
  auto value = std::make_shared<NamePath>();
  value->path = path;
  return Value(ObjectPtr(value));
}

Status Machine::check_nesting(const Value& value) const {
  if (!nests_too_deeply(value)) return ok();
  return resource_limit("values that are nested too deeply").at(place());
}

Result<Value> Machine::op(const std::string& name, std::vector<Value> args, aten::NamedValues kwargs) {
  THANE_ASSIGN(auto done, python_op(*this, name, args, kwargs));
  if (done) return std::move(*done);
  context_.place = place();
  THANE_ASSIGN(Value result, domain_.op(*this, name, std::move(args), std::move(kwargs)));
  if (result.is_list() && !journals_.empty()) {
    journals_.back().born.insert(result.list().get());
    journals_.back().kept.push_back(result);
  }
  return result;
}

}  // namespace thane::torchscript
