#include "formats/torch/script/states.h"

#include "base/format.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

using StateKind = StateSlot::Kind;

std::optional<Tensor> tensor_of(const Value& value) {
  if (const auto stored = as<StoredTensor>(value)) return stored->tensor;
  if (value.is_bool()) return Tensor::scalar(value.boolean());
  if (value.is_int()) return Tensor::scalar(value.integer());
  if (value.is_float()) return Tensor::scalar(value.real());
  if (!value.is_string()) return std::nullopt;
  Tensor text = Tensor::must_allocate(DType::kString, {});
  *text.data<std::string>() = value.string();
  return text;
}

Value plain_value(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kBool: return *tensor.data<bool>();
    case DType::kInt64: return *tensor.data<int64_t>();
    case DType::kFloat64: return *tensor.data<double>();
    default: return *tensor.data<std::string>();
  }
}

}  // namespace

std::vector<StateSlot> describe_states(const std::vector<Unknown::Origin>& changed) {
  std::vector<StateSlot> slots;
  for (const Unknown::Origin& origin : changed) {
    const auto found = origin.instance->attributes.find(origin.attribute);
    if (found == origin.instance->attributes.end()) continue;
    const Value& value = found->second;
    StateSlot slot;
    slot.path = origin.instance->path;
    slot.attribute = origin.attribute;
    slot.name = slot.path.empty() ? slot.attribute : format("{}.{}", slot.path, slot.attribute);
    if (value.is_none()) {
      slot.initial = Tensor::must_allocate(DType::kFloat32, {0});
      slots.push_back(slot);
      slot.kind = StateKind::kPresence;
      slot.name += ".is_set";
      slot.initial = Tensor::scalar(false);
      slots.push_back(std::move(slot));
      continue;
    }
    const auto initial = tensor_of(value);
    if (!initial) continue;  // an error where it is assigned
    slot.initial = *initial;
    slot.kind = value.is_string() ? StateKind::kString : value.is_number() ? StateKind::kNumber : StateKind::kTensor;
    slots.push_back(std::move(slot));
  }
  return slots;
}

InstancePtr find_module(const InstancePtr& model, const std::string& path) {
  InstancePtr module = model;
  for (size_t at = 0; module && at < path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    const auto found = module->attributes.find(path.substr(at, dot - at));
    if (found == module->attributes.end()) return nullptr;
    module = as<Instance>(found->second);
    at = dot + 1;
  }
  return module;
}

Status open_states(const std::vector<StateSlot>& slots, std::span<const Fact> facts, const InstancePtr& model,
                   Machine& machine, GraphBuilder& main, GraphDomain& domain, std::vector<Edge>& edges) {
  for (size_t i = 0; i < slots.size(); ++i) {
    const StateSlot& slot = slots[i];
    const Fact& fact = facts[i];
    if (!fact.type.is_tensor()) return invalid_argument("a state without a tensor").at(slot.name);
    edges.push_back(main.state(slot.name, fact.type, slot.initial));
    const InstancePtr owner = find_module(model, slot.path);
    if (!owner) return invalid_model("a module that is not where it was").at(slot.name);
    domain.declare_state(owner.get(), slot.attribute);
    Value& attribute = owner->attributes[slot.attribute];
    if (slot.kind == StateKind::kTensor) {
      const TensorPtr box = machine.context().tensor(edges.back());
      box->born = 0;
      attribute = Value(box);
    } else if (slot.kind == StateKind::kPresence) {
      const bool present = fact.value && fact.value->as_int64(0) != 0;
      if (!present) attribute = Value();
    } else {
      attribute = plain_value(fact.value && fact.value->dtype() == slot.initial.dtype() ? *fact.value : slot.initial);
    }
  }
  return ok();
}

Status close_states(const std::vector<StateSlot>& slots, const InstancePtr& model, Machine& machine, GraphBuilder& main,
                    const std::vector<Edge>& edges) {
  for (size_t i = 0; i < slots.size(); ++i) {
    const StateSlot& slot = slots[i];
    const InstancePtr owner = find_module(model, slot.path);
    if (!owner) return invalid_model("a module that is not where it was").at(slot.name);
    const Value& value = owner->attributes[slot.attribute];
    Edge next;
    if (slot.kind == StateKind::kPresence) {
      next = main.constant(Tensor::scalar(!value.is_none()));
    } else if (value.is_none()) {
      next = main.constant(slot.initial);
    } else if (value.is_string()) {
      Tensor text = Tensor::must_allocate(DType::kString, {});
      *text.data<std::string>() = value.string();
      next = main.constant(std::move(text));
    } else {
      THANE_ASSIGN(next, scalar_edge(machine, value));
    }
    main.set_state(edges[i], next);
  }
  return ok();
}

}  // namespace thane::torchscript
