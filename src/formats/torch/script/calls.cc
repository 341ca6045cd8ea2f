// The machine calls functions, methods and classes.
#include "formats/torch/script/machine.h"

#include <algorithm>

#include "base/format.h"

namespace thane::torchscript {
namespace {

constexpr size_t kMostCalls = 150;  // nested

}  // namespace

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

}  // namespace thane::torchscript
