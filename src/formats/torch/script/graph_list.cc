#include "formats/torch/script/graph_list.h"

#include "base/format.h"

namespace thane::torchscript {
namespace {

GraphBuilder& builder(Machine& machine) { return machine.context().builder(); }

Value make(Edge edge, bool numbers) {
  auto list = std::make_shared<GraphList>();
  list->edge = edge;
  list->numbers = numbers;
  return Value(ObjectPtr(list));
}

// A tensor or number as an item of a sequence.
Result<Edge> item_edge(Machine& machine, const Value& value) {
  if (value.is_tensor()) return machine.context().read(value.tensor());
  return scalar_edge(machine, value);
}

// A list changes: in place when it is a Python list that has become a sequence.
Status replace(Machine& machine, const Value& owner, const Value& list) {
  if (!owner.is_list()) return unsupported("a list that changes without a name").at(machine.place());
  machine.change(owner.list()) = {list};
  return ok();
}

Result<std::optional<Value>> join(Machine& machine, const std::string& name, const GraphList& list,
                                  std::vector<Value>& args, aten::NamedValues& kwargs) {
  int64_t axis = 0;
  if (args.size() > 1 && args[1].is_int()) axis = args[1].integer();
  for (const auto& [key, value] : kwargs) {
    if (key == "dim" && value.is_int()) axis = value.integer();
  }
  THANE_ASSIGN(const Edge edge, builder(machine).emit("ConcatFromSequence", {list.edge},
                                                      {{"axis", axis}, {"new_axis", int64_t{name == "aten::stack"}}}));
  return std::optional(Value(machine.context().tensor(edge)));
}

}  // namespace

std::shared_ptr<GraphList> graph_list(const Value& value) {
  if (value.is_list() && value.list()->items.size() == 1) return as<GraphList>(value.list()->items[0]);
  return as<GraphList>(value);
}

bool mentions_graph_list(const std::vector<Value>& args) {
  for (const Value& arg : args) {
    if (graph_list(arg)) return true;
  }
  return false;
}

Result<Edge> scalar_edge(Machine& machine, const Value& value) {
  if (value.is_symbol()) return value.symbol();
  if (value.is_bool()) return builder(machine).constant(Tensor::scalar(value.boolean()));
  if (value.is_int()) return builder(machine).constant(Tensor::scalar(value.integer()));
  if (value.is_float()) return builder(machine).constant(Tensor::scalar(value.real()));
  if (value.is_tensor()) return machine.context().read(value.tensor());
  return unsupported(format("something of kind {} where data decide", value.kind())).at(machine.place());
}

Result<Edge> graph_list_length(Machine& machine, const GraphList& list) {
  return builder(machine).emit("SequenceLength", {list.edge});
}

Result<Value> graph_list_item(Machine& machine, const GraphList& list, const Value& index) {
  THANE_ASSIGN(const Edge position, scalar_edge(machine, index));
  THANE_ASSIGN(const Edge item, builder(machine).emit("SequenceAt", {list.edge, position}));
  if (list.numbers) return machine.context().scalar(item);
  return Value(machine.context().tensor(item));
}

Result<std::optional<Value>> to_graph_list(Machine& machine, const std::vector<Value>& items, const Value* example) {
  const Value* first = items.empty() ? example : &items[0];
  if (!first || !(first->is_tensor() || first->is_symbol() || first->is_number())) return std::optional<Value>();
  const bool numbers = !first->is_tensor();
  if (items.empty()) {
    THANE_ASSIGN(const Edge like, item_edge(machine, *first));
    THANE_ASSIGN(const Edge edge,
                 builder(machine).emit("SequenceEmpty", {}, {{"dtype", static_cast<int64_t>(like.dtype())}}));
    return std::optional(make(edge, numbers));
  }
  std::vector<Edge> edges;
  for (const Value& item : items) {
    if (item.is_tensor() == numbers) return std::optional<Value>();
    THANE_ASSIGN(const Edge edge, item_edge(machine, item));
    edges.push_back(edge);
  }
  THANE_ASSIGN(const Edge edge, builder(machine).emit("SequenceConstruct", std::move(edges)));
  return std::optional(make(edge, numbers));
}

Result<Value> graph_list_of_rows(Machine& machine, const Value& tensor) {
  THANE_ASSIGN(const Edge edge, machine.context().read(tensor.tensor()));
  THANE_ASSIGN(const Edge sequence,
               builder(machine).emit("SplitToSequence", {edge}, {{"axis", int64_t{0}}, {"keepdims", int64_t{0}}}));
  const bool numbers = edge.dims() && edge.dims()->size() == 1;
  return machine.make_list({make(sequence, numbers)});
}

Result<std::optional<Value>> graph_list_op(Machine& machine, const std::string& name, std::vector<Value>& args,
                                           aten::NamedValues& kwargs) {
  const auto list = args.empty() ? nullptr : graph_list(args[0]);
  if (!list) return std::optional<Value>();
  GraphBuilder& graph = builder(machine);
  if (name == "aten::len") {
    THANE_ASSIGN(const Edge length, graph_list_length(machine, *list));
    return std::optional(machine.context().scalar(length));
  }
  if (name == "aten::__getitem__" && args.size() == 2) {
    THANE_ASSIGN(Value item, graph_list_item(machine, *list, args[1]));
    return std::optional(std::move(item));
  }
  if (name == "aten::append" && args.size() == 2) {
    THANE_ASSIGN(const Edge item, item_edge(machine, args[1]));
    THANE_ASSIGN(const Edge longer, graph.emit("SequenceInsert", {list->edge, item}));
    THANE_TRY(replace(machine, args[0], make(longer, list->numbers)));
    return std::optional(args[0]);
  }
  if (name == "aten::insert" && args.size() == 3) {
    THANE_ASSIGN(const Edge item, item_edge(machine, args[2]));
    THANE_ASSIGN(const Edge position, scalar_edge(machine, args[1]));
    THANE_ASSIGN(const Edge longer, graph.emit("SequenceInsert", {list->edge, item, position}));
    THANE_TRY(replace(machine, args[0], make(longer, list->numbers)));
    return std::optional(Value());
  }
  if (name == "aten::pop") {
    const Value index = args.size() > 1 ? args[1] : Value(-1);
    THANE_ASSIGN(Value item, graph_list_item(machine, *list, index));
    THANE_ASSIGN(const Edge position, scalar_edge(machine, index));
    THANE_ASSIGN(const Edge shorter, graph.emit("SequenceErase", {list->edge, position}));
    THANE_TRY(replace(machine, args[0], make(shorter, list->numbers)));
    return std::optional(std::move(item));
  }
  if (name == "aten::_set_item" && args.size() == 3) {
    THANE_ASSIGN(const Edge position, scalar_edge(machine, args[1]));
    THANE_ASSIGN(const Edge item, item_edge(machine, args[2]));
    THANE_ASSIGN(const Edge shorter, graph.emit("SequenceErase", {list->edge, position}));
    THANE_ASSIGN(const Edge changed, graph.emit("SequenceInsert", {shorter, item, position}));
    THANE_TRY(replace(machine, args[0], make(changed, list->numbers)));
    return std::optional(args[0]);
  }
  if (name == "aten::cat" || name == "aten::stack" || name == "aten::concat") {
    return join(machine, name, *list, args, kwargs);
  }
  if (name == "aten::tensor" && list->numbers) {
    THANE_ASSIGN(const Edge edge,
                 graph.emit("ConcatFromSequence", {list->edge}, {{"axis", int64_t{0}}, {"new_axis", int64_t{1}}}));
    const Value tensor(machine.context().tensor(edge));
    for (const auto& [key, value] : kwargs) {
      if (key != "dtype" || !value.is_int()) continue;
      THANE_ASSIGN(Value cast, machine.op("aten::to", {tensor, value}, {}));
      return std::optional(std::move(cast));
    }
    return std::optional(tensor);
  }
  return unsupported(format("{} on a list whose length depends on data", name)).at(machine.place());
}

}  // namespace thane::torchscript
