#include "formats/torch/script/signature.h"

#include "base/format.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

constexpr int kMostTupleNesting = 6;
constexpr int64_t kMostItems = 256;

using SlotKind = InputSlot::Kind;

const Expr* inner(const Expr* type) { return type && type->kind == Expr::Kind::kSubscript ? type->items[1] : nullptr; }

std::string head(const Expr* type) {
  if (!type) return "Tensor";
  return Machine::dotted(type->kind == Expr::Kind::kSubscript ? *type->items[0] : *type);
}

std::vector<const Expr*> tuple_types(const Expr* type) {
  const Expr* elements = inner(type);
  if (!elements) return {};
  if (elements->kind == Expr::Kind::kTuple) return elements->items;
  return {elements};
}

InputSlot describe(const Program& program, const Expr* type, std::string name, const Argument* argument, int depth) {
  InputSlot slot;
  slot.name = std::move(name);
  if (depth > kMostTupleNesting) return slot;
  const std::string kind = head(type);
  const auto part = [&](const Expr* part_type, const std::string& key, const Argument* use) {
    slot.items.push_back(describe(program, part_type, format("{}.{}", slot.name, key), use, depth + 1));
  };
  const auto item_use = [&](int64_t i) -> const Argument* {
    if (!argument || !argument->items.contains(i)) return nullptr;
    return argument->items.at(i).get();
  };
  if (kind == "Optional") {
    slot = describe(program, inner(type), slot.name, argument, depth + 1);
    slot.optional = true;
  } else if (kind == "int") {
    slot.kind = SlotKind::kInt;
  } else if (kind == "float" || kind == "number") {
    slot.kind = SlotKind::kFloat;
  } else if (kind == "bool") {
    slot.kind = SlotKind::kBool;
  } else if (kind == "str") {
    slot.kind = SlotKind::kString;
  } else if (kind == "List") {
    const std::string element = head(inner(type));
    if (element == "int" || element == "bool") {
      slot.kind = SlotKind::kInts;
    } else if (element == "float") {
      slot.kind = SlotKind::kFloats;
    } else if (!argument || argument->open || argument->items.empty() ||
               argument->items.rbegin()->first >= kMostItems) {
      slot.kind = SlotKind::kSequence;
    } else {
      slot.kind = SlotKind::kList;
      const int64_t count = argument->items.rbegin()->first + 1;
      for (int64_t i = 0; i < count; ++i) part(inner(type), std::to_string(i), item_use(i));
    }
  } else if (kind == "Tuple") {
    slot.kind = SlotKind::kTuple;
    const auto types = tuple_types(type);
    for (size_t i = 0; i < types.size(); ++i) part(types[i], std::to_string(i), item_use(static_cast<int64_t>(i)));
  } else if (kind == "Dict") {
    slot.kind = SlotKind::kDict;
    const auto types = tuple_types(type);
    if (argument && types.size() == 2) {
      for (const auto& [key, use] : argument->keys) {
        slot.keys.push_back(key);
        part(types[1], key, use.get());
      }
    }
  } else if (program.has_class(kind)) {
    const auto found = program.find_class(kind);
    if (found.ok() && (*found)->definition->base == "NamedTuple") {
      slot.kind = SlotKind::kNamedTuple;
      slot.type = *found;
      for (const Parameter& field : (*found)->definition->fields) part(field.type, std::string(field.name), nullptr);
    }
  }
  return slot;
}

void collect_leaves(InputSlot& slot, std::vector<const InputSlot*>& leaves) {
  if (slot.leaf()) {
    slot.input = leaves.size();
    leaves.push_back(&slot);
  }
  for (InputSlot& item : slot.items) {
    item.optional |= slot.optional;
    collect_leaves(item, leaves);
  }
}

}  // namespace

Inputs describe_inputs(const Program& program, const FunctionDef& method,
                       const std::vector<std::shared_ptr<Argument>>& arguments) {
  Inputs inputs;
  const size_t skipped = !method.parameters.empty() && method.parameters[0].name == "self" ? 1 : 0;
  for (size_t i = skipped; i < method.parameters.size(); ++i) {
    const Parameter& parameter = method.parameters[i];
    const Argument* argument = i - skipped < arguments.size() ? arguments[i - skipped].get() : nullptr;
    InputSlot slot = describe(program, parameter.type, std::string(parameter.name), argument, 0);
    slot.initial = parameter.initial;
    slot.optional |= parameter.initial != nullptr;
    inputs.slots.push_back(std::move(slot));
  }
  for (InputSlot& slot : inputs.slots) collect_leaves(slot, inputs.leaves);
  return inputs;
}

Type declared_type(const InputSlot& leaf) {
  Type type;
  switch (leaf.kind) {
    case SlotKind::kInt: type = Type::tensor(DType::kInt64, SymDims{}); break;
    case SlotKind::kFloat: type = Type::tensor(DType::kFloat64, SymDims{}); break;
    case SlotKind::kBool: type = Type::tensor(DType::kBool, SymDims{}); break;
    case SlotKind::kString: type = Type::tensor(DType::kString, SymDims{}); break;
    case SlotKind::kInts: type = Type::tensor(DType::kInt64, SymDims{Dim::unknown()}); break;
    case SlotKind::kFloats: type = Type::tensor(DType::kFloat64, SymDims{Dim::unknown()}); break;
    case SlotKind::kSequence: type = Type::sequence(Type::tensor(DType::kUndefined)); break;
    default: type = Type::tensor(DType::kUndefined); break;
  }
  return leaf.optional ? Type::optional(std::move(type)) : type;
}

OutputSlot describe_output(const Value& result, const Expr* type, const std::string& name, bool top, int depth) {
  OutputSlot slot;
  slot.name = name;
  if (depth > kMostValueNesting) return slot;
  const auto key_name = [&](const std::string& key) { return top ? key : format("{}.{}", name, key); };
  const std::string kind = head(type);
  const auto types = kind == "Tuple" ? tuple_types(type) : std::vector<const Expr*>{};
  const auto part_type = [&](size_t i) -> const Expr* {
    if (kind == "List") return inner(type);
    return i < types.size() ? types[i] : nullptr;
  };
  if (result.is_none()) {
    slot.kind = OutputSlot::Kind::kNone;
  } else if (graph_list(result)) {
    slot.kind = OutputSlot::Kind::kSequence;
  } else if (const auto* items = result.items()) {
    slot.kind = OutputSlot::Kind::kGroup;
    for (size_t i = 0; i < items->size(); ++i) {
      slot.items.push_back(describe_output((*items)[i], part_type(i), format("{}.{}", name, i), false, depth + 1));
    }
  } else if (result.is_dict()) {
    slot.kind = OutputSlot::Kind::kGroup;
    for (const auto& [key, value] : result.dict()->items) {
      slot.keys.push_back(to_text(key));
      slot.items.push_back(describe_output(value, nullptr, key_name(to_text(key)), false, depth + 1));
    }
  } else if (const auto tuple = as<NamedTuple>(result)) {
    slot.kind = OutputSlot::Kind::kGroup;
    const auto& fields = tuple->type->definition->fields;
    for (size_t i = 0; i < tuple->items.size(); ++i) {
      slot.items.push_back(
          describe_output(tuple->items[i], fields[i].type, key_name(std::string(fields[i].name)), false, depth + 1));
    }
  } else if (as<Unknown>(result) && kind == "Tuple") {
    slot.kind = OutputSlot::Kind::kGroup;
    for (size_t i = 0; i < types.size(); ++i) {
      slot.items.push_back(describe_output(result, types[i], format("{}.{}", name, i), false, depth + 1));
    }
  } else if (as<Unknown>(result) && kind == "List") {
    slot.kind = OutputSlot::Kind::kSequence;
  } else if (as<Unknown>(result) && kind == "NoneType") {
    slot.kind = OutputSlot::Kind::kNone;
  }
  return slot;
}

void collect_names(const OutputSlot& slot, std::vector<const OutputSlot*>& leaves) {
  if (slot.kind == OutputSlot::Kind::kTensor || slot.kind == OutputSlot::Kind::kSequence) leaves.push_back(&slot);
  for (const OutputSlot& item : slot.items) collect_names(item, leaves);
}

std::string type_text(const Expr* type) {
  if (!type) return "Tensor";
  switch (type->kind) {
    case Expr::Kind::kSubscript: return format("{}[{}]", type_text(type->items[0]), type_text(type->items[1]));
    case Expr::Kind::kTuple: {
      std::string text;
      for (const Expr* item : type->items) text += (text.empty() ? "" : ", ") + type_text(item);
      return text;
    }
    case Expr::Kind::kAttribute: return std::string(type->text);
    default: return std::string(type->text);
  }
}

std::string signature_text(const FunctionDef& method) {
  std::string text = "(";
  for (const Parameter& parameter : method.parameters) {
    if (parameter.name == "self") continue;
    if (text.size() > 1) text += ", ";
    text += format("{}: {}", parameter.name, type_text(parameter.type));
    if (parameter.initial) text += " = …";
  }
  return text + format(") -> {}", type_text(method.returns));
}

}  // namespace thane::torchscript
