// Lists whose length depends on data: sequences in the graph. A Python list that becomes one (because a loop appends to
// it) keeps its identity and holds one item, the GraphList.
#pragma once

#include "formats/torch/script/machine.h"

namespace thane::torchscript {

// The sequence a value is, or the one its list has become; null otherwise.
std::shared_ptr<GraphList> graph_list(const Value& value);
bool mentions_graph_list(const std::vector<Value>& args);

// len, append, getitem, cat, stack and so on; nothing for other ops.
Result<std::optional<Value>> graph_list_op(Machine& machine, const std::string& name, std::vector<Value>& args,
                                           aten::NamedValues& kwargs);
Result<Value> graph_list_item(Machine& machine, const GraphList& list, const Value& index);
Result<Edge> graph_list_length(Machine& machine, const GraphList& list);
// A list of numbers or tensors as a sequence; nothing when its items are neither, or empty and of unknown type.
Result<std::optional<Value>> to_graph_list(Machine& machine, const std::vector<Value>& items, const Value* example);
// The rows of a tensor of rank 1 whose length is not known, as numbers.
Result<Value> graph_list_of_rows(Machine& machine, const Value& tensor);
// A number as an edge of rank 0; a Symbol's own.
Result<Edge> scalar_edge(Machine& machine, const Value& value);

}  // namespace thane::torchscript
