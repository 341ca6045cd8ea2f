#include "formats/torch/script/specialise.h"

#include <algorithm>

#include "base/format.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

class Specialiser {
 public:
  Specialiser(const Method& method, std::span<const Fact> facts)
      : method_(method),
        facts_(facts),
        context_(main_),
        domain_(main_, context_, method.loaded->version),
        machine_(method.loaded->program, domain_, context_) {}

  Result<Graph> run() {
    const size_t wanted = method_.inputs.leaves.size() + method_.states.size();
    if (facts_.size() != wanted) {
      return invalid_argument(format("{} inputs and states", facts_.size())).expecting(std::to_string(wanted));
    }
    Instantiation instantiation(*method_.loaded, machine_);
    THANE_ASSIGN(const InstancePtr model, instantiation.model());
    THANE_ASSIGN(machine_.constants(), instantiation.constants());
    for (size_t i = 0; i < method_.inputs.leaves.size(); ++i) declare(*method_.inputs.leaves[i], facts_[i]);
    std::vector<Edge> states;
    THANE_TRY(open_states(method_.states, facts_.subspan(method_.inputs.leaves.size()), model, machine_, main_, domain_,
                          states));
    std::vector<Value> args = {Value(ObjectPtr(model))};
    aten::NamedValues kwargs;
    for (const InputSlot& slot : method_.inputs.slots) {
      THANE_ASSIGN(auto argument, value(slot));
      // One left out takes its default; what follows goes by name.
      if (argument) kwargs.emplace_back(slot.name, std::move(*argument));
    }
    auto result = machine_.call_function(*method_.function, std::move(args), std::move(kwargs));
    THANE_TRY(domain_.missing());
    if (!result.ok()) return std::move(result).error();
    THANE_TRY(deliver(*result, method_.output));
    THANE_TRY(finish_outputs());
    THANE_TRY(close_states(method_.states, model, machine_, main_, states));
    return main_.finish();
  }

 private:
  void declare(const InputSlot& leaf, const Fact& fact) {
    const bool absent = !fact.type.known();
    std::optional<Tensor> contents = leaf.by_value() ? fact.value : std::nullopt;
    inputs_.push_back(main_.input(leaf.name, absent ? declared_type(leaf) : fact.type, std::move(contents)));
  }

  Result<std::optional<Value>> value(const InputSlot& slot) {
    if (slot.leaf()) return leaf(slot);
    std::vector<Value> items;
    for (const InputSlot& item : slot.items) {
      THANE_ASSIGN(auto part, value(item));
      if (!part && slot.optional) return absent(slot);
      items.push_back(part ? std::move(*part) : Value());
    }
    if (slot.kind == InputSlot::Kind::kTuple) return std::optional(Value::tuple(std::move(items)));
    if (slot.kind == InputSlot::Kind::kList) return std::optional(Value::list(std::move(items)));
    if (slot.kind == InputSlot::Kind::kNamedTuple) {
      auto tuple = std::make_shared<NamedTuple>();
      tuple->type = slot.type;
      tuple->items = std::move(items);
      return std::optional(Value(ObjectPtr(tuple)));
    }
    std::vector<std::pair<Value, Value>> pairs;
    for (size_t i = 0; i < items.size(); ++i) pairs.emplace_back(Value(slot.keys[i]), std::move(items[i]));
    return std::optional(machine_.make_dict(std::move(pairs)));
  }

  Result<std::optional<Value>> absent(const InputSlot& slot) {
    if (slot.initial) return std::optional<Value>();
    if (slot.optional) return std::optional(Value());
    return invalid_argument("no value").at(slot.name);
  }

  Result<std::optional<Value>> leaf(const InputSlot& slot) {
    const Fact& fact = facts_[slot.input];
    const Edge& edge = inputs_[slot.input];
    if (!fact.type.known()) return absent(slot);
    if (slot.kind == InputSlot::Kind::kSequence) {
      auto list = std::make_shared<GraphList>();
      list->edge = edge;
      return std::optional(Value::list({Value(ObjectPtr(list))}));
    }
    if (!fact.type.is_tensor()) return invalid_argument("no tensor").at(slot.name);
    if (slot.kind == InputSlot::Kind::kTensor) return std::optional(Value(context_.tensor(edge)));
    const DType dtype =
        declared_type(slot).is_tensor() ? declared_type(slot).dtype : declared_type(slot).element->dtype;
    if (fact.type.dtype != dtype) {
      return invalid_argument(format("a tensor of {}", dtype_name(fact.type.dtype)))
          .expecting(std::string(dtype_name(dtype)))
          .at(slot.name);
    }
    if (!fact.value) return without_contents(slot, edge);
    const Tensor& tensor = *fact.value;
    if (slot.kind == InputSlot::Kind::kInts || slot.kind == InputSlot::Kind::kFloats) {
      std::vector<Value> items;
      for (int64_t i = 0; i < tensor.size(); ++i) {
        items.push_back(slot.kind == InputSlot::Kind::kInts ? Value(tensor.as_int64(i)) : Value(tensor.as_double(i)));
      }
      return std::optional(Value::list(std::move(items)));
    }
    if (tensor.size() != 1) return invalid_argument(format("{} numbers", tensor.size())).expecting("one").at(slot.name);
    switch (slot.kind) {
      case InputSlot::Kind::kInt: return std::optional(Value(tensor.as_int64(0)));
      case InputSlot::Kind::kFloat: return std::optional(Value(tensor.as_double(0)));
      case InputSlot::Kind::kBool: return std::optional(Value(tensor.as_int64(0) != 0));
      default: return std::optional(Value(*tensor.data<std::string>()));
    }
  }

  // Only types are known, as when a model is looked at without inputs.
  Result<std::optional<Value>> without_contents(const InputSlot& slot, const Edge& edge) {
    if (slot.initial) return std::optional<Value>();
    if (slot.kind == InputSlot::Kind::kInt || slot.kind == InputSlot::Kind::kFloat ||
        slot.kind == InputSlot::Kind::kBool) {
      return std::optional(context_.scalar(edge));
    }
    return invalid_argument("its value must be known").at(slot.name);
  }

  Status add_output(const Edge& edge, const OutputSlot& slot) {
    outputs_.emplace_back(edge, slot.name);
    return ok();
  }

  // The first output passes through all that must hold, so that nothing is delivered when it does not.
  Status finish_outputs() {
    for (const GraphDomain::Check& check : domain_.checks()) {
      if (outputs_.empty()) break;
      THANE_ASSIGN(outputs_[0].first,
                   main_.emit_own("Assert", {outputs_[0].first, check.holds}, {{"message", check.message}}));
    }
    for (const auto& [edge, name] : outputs_) THANE_TRY(main_.output(edge, name));
    return ok();
  }

  Status deliver(const Value& value, const OutputSlot& slot) {
    const auto mismatch = [&] {
      return unsupported(format("the method returns something of kind {} here", value.kind()))
          .expecting("what was foreseen before the inputs were known")
          .at(slot.name);
    };
    if (const auto conflict = as<Conflict>(value)) return unsupported(conflict->what).at(slot.name);
    switch (slot.kind) {
      case OutputSlot::Kind::kNone: return ok();
      case OutputSlot::Kind::kSequence: {
        std::shared_ptr<GraphList> list = graph_list(value);
        if (!list) {
          if (!value.items()) return mismatch();
          const Value example(context_.tensor(main_.constant(Tensor::must_allocate(DType::kFloat32, {0}))));
          THANE_ASSIGN(const auto made, to_graph_list(machine_, *value.items(), &example));
          if (!made) return mismatch();
          list = graph_list(*made);
        }
        return add_output(list->edge, slot);
      }
      case OutputSlot::Kind::kGroup: {
        std::vector<Value> items;
        if (value.is_dict()) {
          // A key that these inputs do not lead to is delivered without contents; one that nobody foresaw is an error.
          items.resize(slot.keys.size());
          for (const auto& [key, item] : value.dict()->items) {
            const auto place = std::find(slot.keys.begin(), slot.keys.end(), to_text(key));
            if (place == slot.keys.end()) return mismatch();
            items[static_cast<size_t>(place - slot.keys.begin())] = item;
          }
        } else {
          THANE_ASSIGN(items, machine_.iterate(value, slot.items.size()));
        }
        if (items.size() != slot.items.size()) return mismatch();
        for (size_t i = 0; i < items.size(); ++i) THANE_TRY(deliver(items[i], slot.items[i]));
        return ok();
      }
      case OutputSlot::Kind::kTensor: break;
    }
    if (value.is_none()) return add_output(main_.constant(Tensor::must_allocate(DType::kFloat32, {0})), slot);
    if (value.is_string()) {
      Tensor text = Tensor::must_allocate(DType::kString, {});
      *text.data<std::string>() = value.string();
      return add_output(main_.constant(std::move(text)), slot);
    }
    if (!value.is_tensor() && !value.is_symbol() && !value.is_number()) return mismatch();
    THANE_ASSIGN(const Edge edge, scalar_edge(machine_, value));
    return add_output(edge, slot);
  }

  const Method& method_;
  std::span<const Fact> facts_;
  GraphBuilder main_;
  aten::Context context_;
  GraphDomain domain_;
  Machine machine_;
  std::vector<Edge> inputs_;
  std::vector<std::pair<Edge, std::string>> outputs_;
};

}  // namespace

Result<Graph> specialise(const Method& method, std::span<const Fact> facts) { return Specialiser(method, facts).run(); }

}  // namespace thane::torchscript
