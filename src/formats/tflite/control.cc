// Operators that run subgraphs.
#include <algorithm>

#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/import.h"

namespace thane::tflite {
namespace control_ops {
namespace {

using Passed = Importer::Passed;

size_t subgraph_at(Op& op, int slot) {
  const auto index = op.options().number<int32_t>(slot, -1);
  return index < 0 ? SIZE_MAX : static_cast<size_t>(index);
}

std::vector<Passed> operands(Op& op, size_t first) {
  std::vector<Passed> values;
  for (size_t i = first; i < op.num_inputs(); ++i) {
    Resource* resource = op.has(i) ? op.scope().resource(op.info().inputs[i]) : nullptr;
    values.push_back({resource ? Edge{} : op.raw(i), resource});
  }
  return values;
}

std::vector<Passed> call(Op& op, GraphBuilder& builder, size_t subgraph, const std::vector<Passed>& inputs) {
  if (op.failed()) return {};
  auto outputs = op.scope().importer().call(builder, subgraph, inputs, op.scope().depth());
  if (outputs.ok()) return std::move(*outputs);
  op.fail(std::move(outputs).error());
  return {};
}

void set_results(Op& op, const std::vector<Passed>& values) {
  if (op.failed() || op.scope().importer().any_unsupported()) return;
  if (!op.check(values.size() >= op.num_outputs(), "the subgraph delivers fewer values than the operator")) return;
  for (size_t i = 0; i < op.num_outputs(); ++i) {
    if (!op.wants(i)) continue;
    if (values[i].resource)
      op.scope().set(op.info().outputs[i], values[i].resource);
    else
      op.set_raw(i, values[i].edge);
  }
}

void lower_call(Op& op) { set_results(op, call(op, op.build(), subgraph_at(op, 0), operands(op, 0))); }

void lower_composite(Op& op) { set_results(op, call(op, op.build(), subgraph_at(op, 1), operands(op, 0))); }

// The file runs it before anything else, and once.
void lower_call_once(Op& op) {
  Importer& importer = op.scope().importer();
  const size_t subgraph = subgraph_at(op, 0);
  if (!importer.once(subgraph)) return;
  importer.begin_initialising();
  call(op, importer.root(), subgraph, {});
  importer.end_initialising();
}

// --- variables as values that bodies carry

// The variables that have values now; what a body does to them shows by comparing.
std::vector<std::pair<Resource*, Edge>> present_variables(Importer& importer) {
  std::vector<std::pair<Resource*, Edge>> present;
  for (const auto& [key, resource] : importer.resources()) {
    if (resource->kind == Resource::Kind::kVariable && resource->value.present())
      present.emplace_back(resource.get(), resource->value);
  }
  return present;
}

// Reads every variable that the model has met, so that bodies find them as values from outside. The subgraphs a
// control-flow operator runs may be the first to touch one; then its first appearance there must be a state of the
// model, which read_variable makes at the root.
class Variables {
 public:
  explicit Variables(Importer& importer) : importer_(importer), before_(present_variables(importer)) {}

  void restore() const {
    for (const auto& [key, resource] : importer_.resources()) {
      if (resource->state.present() && resource->kind == Resource::Kind::kVariable) resource->value = resource->state;
    }
    for (const auto& [resource, edge] : before_) resource->value = edge;
  }
  // Those that differ from what they were: assigned inside.
  std::vector<Resource*> changed() const {
    std::vector<Resource*> list;
    for (const auto& [key, resource] : importer_.resources()) {
      if (resource->kind != Resource::Kind::kVariable || !resource->value.present()) continue;
      const auto found = std::find_if(before_.begin(), before_.end(),
                                      [&, mine = resource.get()](const auto& old) { return old.first == mine; });
      const Edge old = found == before_.end() ? resource->state : found->second;
      if (!(resource->value == old)) list.push_back(resource.get());
    }
    return list;
  }

 private:
  Importer& importer_;
  std::vector<std::pair<Resource*, Edge>> before_;
};

// --- IF

struct Branch {
  std::vector<Passed> outputs;
  std::vector<std::pair<Resource*, Edge>> assigned;
};

Branch run_branch(Op& op, GraphBuilder& body, size_t subgraph, const std::vector<Passed>& inputs,
                  const Variables& variables) {
  Branch branch{call(op, body, subgraph, inputs), {}};
  for (Resource* resource : variables.changed()) branch.assigned.emplace_back(resource, resource->value);
  variables.restore();
  return branch;
}

void lower_if(Op& op) {
  Importer& importer = op.scope().importer();
  const Edge condition = op.reshape(op.cast(op.raw(0), DType::kBool), Dims{});
  const std::vector<Passed> inputs = operands(op, 1);
  if (op.failed()) return;
  GraphBuilder bodies[2] = {GraphBuilder(op.build()), GraphBuilder(op.build())};
  Branch branches[2];
  for (int i : {0, 1}) {
    const Variables variables(importer);
    branches[i] = run_branch(op, bodies[i], subgraph_at(op, i), inputs, variables);
  }
  if (op.failed() || importer.any_unsupported()) return;
  if (!op.check(branches[0].outputs.size() == branches[1].outputs.size(),
                "branches that deliver different counts of values"))
    return;
  std::vector<Resource*> assigned;
  for (const Branch& branch : branches) {
    for (const auto& [resource, edge] : branch.assigned) {
      if (std::find(assigned.begin(), assigned.end(), resource) == assigned.end()) assigned.push_back(resource);
    }
  }
  size_t count = 0;
  for (int i : {0, 1}) {
    count = 0;
    const auto deliver = [&](const Edge& edge) {
      ++count;
      if (auto status = bodies[i].output(edge); !status.ok()) op.fail(std::move(status).error());
    };
    for (const Passed& value : branches[i].outputs) {
      if (!value.resource) deliver(value.edge);
    }
    for (Resource* resource : assigned) {
      const auto& own = branches[i].assigned;
      const auto found = std::find_if(own.begin(), own.end(), [&](const auto& pair) { return pair.first == resource; });
      deliver(found == own.end() ? resource->value : found->second);
    }
  }
  if (count == 0) return set_results(op, branches[0].outputs);
  const auto results =
      op.many({.op = "If", .inputs = {condition}, .outputs = count, .bodies = {&bodies[0], &bodies[1]}});
  size_t next = 0;
  std::vector<Passed> values = branches[0].outputs;
  for (Passed& value : values) {
    if (!value.resource) value.edge = results[next++];
  }
  for (Resource* resource : assigned) resource->value = results[next++];
  set_results(op, values);
}

// --- WHILE

// What a body's carried value may be over all rounds: the dims that change become unknown, or its rank does.
Type relaxed(const Type& first, const Type& next) {
  if (!first.dims || !next.dims || first.dims->size() != next.dims->size()) return Type::tensor(first.dtype);
  SymDims dims = *first.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!(dims[i] == (*next.dims)[i])) dims[i] = Dim::unknown();
  }
  return Type::tensor(first.dtype, std::move(dims));
}

class While {
 public:
  While(Op& op, size_t condition, size_t body, std::vector<Passed> inputs)
      : op_(op), importer_(op.scope().importer()), condition_(condition), body_(body), inputs_(std::move(inputs)) {}

  void run() {
    for (const Passed& input : inputs_) {
      if (!input.resource) types_.push_back(input.edge.type());
    }
    // Which variables the loop assigns, and which dimensions change, shows by building it.
    constexpr int kMostRounds = 6;
    for (int round = 0; round < kMostRounds && !op_.failed(); ++round) {
      if (build()) return;
      if (importer_.any_unsupported()) return;
    }
    if (!op_.failed()) op_.fail(unsupported("a loop whose values keep changing their types"));
  }

 private:
  // True when the loop stands; false when it must be built again with types_ and carried_ as they are now.
  bool build() {
    const Variables variables(importer_);
    std::vector<Edge> initial;
    for (const Passed& input : inputs_) {
      if (!input.resource) initial.push_back(input.edge);
    }
    for (Resource* resource : carried_) initial.push_back(resource->value);
    const auto first = run_condition(op_.build(), values_of(initial));
    if (op_.failed() || importer_.any_unsupported()) return true;

    GraphBuilder body(op_.build());
    body.input("iteration", Type::tensor(DType::kInt64, SymDims{}));
    body.input("go on", Type::tensor(DType::kBool, SymDims{}));
    std::vector<Edge> formal;
    for (size_t i = 0; i < initial.size(); ++i)
      formal.push_back(body.input("carried", i < types_.size() ? types_[i] : initial[i].type()));
    const std::vector<Passed> next = call(op_, body, body_, values_of(formal));
    const auto changed = variables.changed();
    if (op_.failed() || importer_.any_unsupported()) return true;
    if (!op_.check(next.size() == inputs_.size(), "the body delivers another count of values than it takes"))
      return true;
    std::vector<Edge> carried_next;
    for (size_t i = 0; i < next.size(); ++i) {
      if (!inputs_[i].resource) carried_next.push_back(next[i].edge);
    }
    bool stands = true;
    for (Resource* resource : changed) {
      if (std::find(carried_.begin(), carried_.end(), resource) != carried_.end()) continue;
      carried_.push_back(resource);
      stands = false;
    }
    for (Resource* resource : carried_) carried_next.push_back(resource->value);
    stands &= settle_types(carried_next);
    if (!stands) {
      variables.restore();
      return false;
    }
    const auto again = run_condition(body, next_values(next, carried_next));
    if (op_.failed() || importer_.any_unsupported()) return true;
    variables.restore();
    deliver(body, again);
    for (const Edge& edge : carried_next) deliver(body, edge);
    std::vector<Edge> operands = {Edge{}, first};
    operands.insert(operands.end(), initial.begin(), initial.end());
    if (initial.empty()) return true;
    const auto results = op_.many({.op = "Loop", .inputs = operands, .outputs = initial.size(), .bodies = {&body}});
    finish(results);
    return true;
  }

  // Formal types that hold in every round.
  bool settle_types(const std::vector<Edge>& next) {
    bool same = true;
    for (size_t i = 0; i < next.size(); ++i) {
      if (i == types_.size()) types_.push_back(carried_[i - plain_count()]->value.type());
      if (next[i].dtype() != types_[i].dtype) {
        op_.fail(invalid_model("a loop that changes the dtype of a value"));
        return true;
      }
      const Type wide = relaxed(types_[i], next[i].type());
      same &= wide.to_string() == types_[i].to_string();
      types_[i] = wide;
    }
    return same;
  }

  size_t plain_count() const {
    return static_cast<size_t>(
        std::count_if(inputs_.begin(), inputs_.end(), [](const Passed& v) { return !v.resource; }));
  }

  // The subgraph's arguments for these carried values; variables take theirs.
  std::vector<Passed> values_of(const std::vector<Edge>& carried) {
    std::vector<Passed> values = inputs_;
    size_t next = 0;
    for (Passed& value : values) {
      if (!value.resource) value.edge = carried[next++];
    }
    for (Resource* resource : carried_) resource->value = carried[next++];
    return values;
  }
  static std::vector<Passed> next_values(const std::vector<Passed>& next, const std::vector<Edge>&) { return next; }

  Edge run_condition(GraphBuilder& builder, const std::vector<Passed>& values) {
    const auto outputs = call(op_, builder, condition_, values);
    if (op_.failed() || importer_.any_unsupported()) return {};
    if (!op_.check(outputs.size() == 1 && !outputs[0].resource && outputs[0].edge.dtype() == DType::kBool,
                   "a condition that is not one bool"))
      return {};
    const Edge flag = outputs[0].edge;
    if (flag.dims() && flag.dims()->empty()) return flag;
    auto scalar = builder.emit("Reshape", {flag, builder.int64s({})}, {{"allowzero", int64_t{1}}});
    if (scalar.ok()) return *scalar;
    op_.fail(std::move(scalar).error());
    return {};
  }

  void deliver(GraphBuilder& body, const Edge& edge) {
    if (op_.failed()) return;
    if (auto status = body.output(edge); !status.ok()) op_.fail(std::move(status).error());
  }

  void finish(const std::vector<Edge>& results) {
    std::vector<Passed> values = inputs_;
    size_t next = 0;
    for (Passed& value : values) {
      if (!value.resource) value.edge = results[next++];
    }
    for (Resource* resource : carried_) resource->value = results[next++];
    set_results(op_, values);
  }

  Op& op_;
  Importer& importer_;
  size_t condition_, body_;
  std::vector<Passed> inputs_;
  std::vector<Resource*> carried_;  // variables that the loop assigns
  std::vector<Type> types_;         // of the plain values, then of the variables
};

void lower_while(Op& op) {
  std::vector<Passed> inputs = operands(op, 0);
  if (!op.failed()) While(op, subgraph_at(op, 0), subgraph_at(op, 1), std::move(inputs)).run();
}

constexpr Builtin kRows[] = {
    {31, "CALL", 16, lower_call},
    {118, "IF", 92, lower_if},
    {119, "WHILE", 93, lower_while},
    {129, "CALL_ONCE", 103, lower_call_once},
    {200, "STABLEHLO_WHILE", kSecondList + 15, lower_while},
    {206, "STABLEHLO_COMPOSITE", kSecondList + 21, lower_composite},
};

}  // namespace
}  // namespace control_ops

std::span<const Builtin> control_builtins() { return control_ops::kRows; }

}  // namespace thane::tflite
