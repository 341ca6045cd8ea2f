// The machine reads and writes attributes, and names with dots.
#include "formats/torch/script/machine.h"

#include "base/format.h"

namespace thane::torchscript {

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

}  // namespace thane::torchscript
