#include "formats/tensorflow/structure.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/limits.h"

namespace thane::tensorflow {
namespace {

constexpr int kMostRounds = 8;  // until the types of what a loop carries settle

struct Filled {
  std::vector<Item> items;
  std::map<uint32_t, Edge> assigned;
};

Error differ() { return unsupported("its branches deliver different resources"); }

// Bool or number → bool, as TensorFlow takes conditions.
Result<Edge> to_bool(GraphBuilder& builder, const Edge& edge) {
  if (edge.dtype() == DType::kBool) return edge;
  if (edge.dtype() == DType::kString) return unsupported("a condition that is a string");
  return builder.emit("Cast", {edge}, {{"to", static_cast<int64_t>(DType::kBool)}});
}

// A condition of one element may have any rank; If and Loop want a scalar.
Result<Edge> to_scalar(GraphBuilder& builder, const Edge& edge) {
  if (edge.dims() && edge.dims()->empty()) return edge;
  return builder.emit("Reshape", {edge, builder.int64s({})});
}

Result<std::vector<Item>> branches_from(Frame& frame, const Edge& condition, std::span<const BranchBody> bodies,
                                        const std::string& name, GraphBuilder& builder, StateScope& scope, int depth) {
  if (depth > kMostNesting) return nested_too_deeply();
  if (bodies.size() == 1) return bodies[0].fill(builder, scope);
  GraphBuilder then_builder(builder), else_builder(builder);
  StateScope then_scope{&scope, {}}, else_scope{&scope, {}};
  Edge chosen;
  std::span<const BranchBody> rest;
  const BranchBody* first;
  if (condition.dtype() == DType::kBool) {
    first = bodies[0].value == 1 ? &bodies[0] : &bodies[1];
    rest = bodies[0].value == 1 ? bodies.subspan(1, 1) : bodies.first(1);
    chosen = condition;
  } else {
    first = &bodies[0];
    rest = bodies.subspan(1);
    THANE_ASSIGN(const Edge value, builder.scalar(static_cast<double>(bodies[0].value), condition.dtype()));
    THANE_ASSIGN(chosen, builder.emit("Equal", {condition, value}));
  }
  THANE_ASSIGN(const std::vector<Item> thens, first->fill(then_builder, then_scope));
  THANE_ASSIGN(const std::vector<Item> elses,
               branches_from(frame, condition, rest, name, else_builder, else_scope, depth + 1));
  if (thens.size() != elses.size()) return invalid_model("its branches deliver different numbers of values");
  std::vector<Item> results(thens.size());
  std::vector<size_t> edges;
  for (size_t i = 0; i < thens.size(); ++i) {
    if (thens[i].kind != elses[i].kind) return differ();
    if (!thens[i].is_edge()) {
      if (thens[i] != elses[i]) return differ();
      results[i] = thens[i];
      continue;
    }
    edges.push_back(i);
    THANE_TRY(then_builder.output(thens[i].edge));
    THANE_TRY(else_builder.output(elses[i].edge));
  }
  std::map<uint32_t, Edge> assigned = then_scope.values;
  assigned.insert(else_scope.values.begin(), else_scope.values.end());
  for (const auto& [id, edge] : assigned) {
    THANE_ASSIGN(const Edge in_then, frame.importer.read(id, then_scope));
    THANE_ASSIGN(const Edge in_else, frame.importer.read(id, else_scope));
    THANE_TRY(then_builder.output(in_then));
    THANE_TRY(else_builder.output(in_else));
  }
  if (edges.empty() && assigned.empty()) return results;
  THANE_ASSIGN(chosen, to_scalar(builder, chosen));
  THANE_ASSIGN(const std::vector<Edge> outputs, builder.emit({.op = "If",
                                                              .inputs = {chosen},
                                                              .outputs = edges.size() + assigned.size(),
                                                              .name = name,
                                                              .bodies = {&then_builder, &else_builder}}));
  for (size_t i = 0; i < edges.size(); ++i) results[edges[i]] = {thens[edges[i]].kind, outputs[i], 0};
  size_t next = edges.size();
  for (const auto& [id, edge] : assigned) frame.importer.assign(id, scope, outputs[next++]);
  return results;
}

}  // namespace

Result<std::vector<Item>> emit_branches(Frame& frame, const Edge& condition, const std::vector<BranchBody>& bodies,
                                        const std::string& name) {
  THANE_ASSIGN(const Edge scalar, to_scalar(frame.builder, condition));
  return branches_from(frame, scalar, bodies, name, frame.builder, frame.scope, frame.depth);
}

Result<std::vector<Item>> emit_loop(Frame& frame, const std::vector<Item>& initial, const LoopBody& body,
                                    const std::string& name) {
  if (frame.depth > kMostNesting) return nested_too_deeply();
  GraphBuilder& outer = frame.builder;
  std::vector<uint32_t> variables;  // that the loop assigns; found by trying
  std::vector<Type> types;
  std::vector<bool> carried;
  for (size_t i = 0; i < initial.size(); ++i) {
    carried.push_back(initial[i].is_edge() && !body.invariant[i]);
    if (carried[i]) types.push_back(initial[i].edge.type());
  }
  const size_t edges = types.size();
  for (int round = 0; round < kMostRounds; ++round) {
    // In the last round nothing is taken for known.
    if (round == kMostRounds - 1) {
      for (Type& type : types) type.dims.reset();
    }
    GraphBuilder inner(outer);
    StateScope scope{&frame.scope, {}};
    inner.input("iteration", Type::tensor(DType::kInt64, SymDims{}));
    inner.input("condition", Type::tensor(DType::kBool, SymDims{}));
    std::vector<Item> values;
    size_t next = 0;
    for (size_t i = 0; i < initial.size(); ++i) {
      values.push_back(carried[i] ? Item{initial[i].kind, inner.input("carried", types[next]), 0} : initial[i]);
      next += carried[i];
    }
    for (uint32_t id : variables) scope.values[id] = inner.input(frame.importer.variable(id).name, types[next++]);
    // Does the first iteration happen?
    std::vector<Edge> inputs = {{}, {}};
    {
      StateScope before{&frame.scope, {}};
      THANE_ASSIGN(const Item first, body.condition(outer, before, initial));
      if (first.kind != Item::Kind::kTensor) return unsupported("the condition of a loop is no tensor");
      if (!before.values.empty()) return unsupported("the condition of a loop assigns variables");
      THANE_ASSIGN(const Edge truth, to_bool(outer, first.edge));
      THANE_ASSIGN(inputs[1], to_scalar(outer, truth));
    }
    THANE_ASSIGN(const std::vector<Item> results, body.step(inner, scope, values));
    if (results.size() != initial.size())
      return invalid_model("the body of a loop delivers other values than it takes");
    // Variables assigned for the first time: once more, with them carried.
    std::vector<uint32_t> found = variables;
    for (const auto& [id, edge] : scope.values) {
      if (std::find(found.begin(), found.end(), id) == found.end()) found.push_back(id);
    }
    if (found.size() != variables.size()) {
      for (size_t i = variables.size(); i < found.size(); ++i) {
        THANE_ASSIGN(const Edge before, frame.importer.read(found[i], frame.scope));
        types.push_back(before.type());
      }
      variables = std::move(found);
      continue;
    }
    THANE_ASSIGN(const Item again, body.condition(inner, scope, results));
    if (again.kind != Item::Kind::kTensor) return unsupported("the condition of a loop is no tensor");
    THANE_ASSIGN(const Edge truth, to_bool(inner, again.edge));
    THANE_ASSIGN(const Edge go_on, to_scalar(inner, truth));
    // What comes around may have another type than what went in: then it was narrower than it may be taken for.
    bool settled = true;
    std::vector<Edge> outputs;
    for (size_t i = 0; i < initial.size(); ++i) {
      if (initial[i].kind != results[i].kind) return unsupported("a loop turns a tensor into a resource");
      if (!carried[i]) {
        if (initial[i] != results[i]) return unsupported("a loop changes which resource a value means");
        continue;
      }
      inputs.push_back(initial[i].edge);
      outputs.push_back(results[i].edge);
    }
    for (uint32_t id : variables) {
      THANE_ASSIGN(const Edge before, frame.importer.read(id, frame.scope));
      inputs.push_back(before);
      outputs.push_back(scope.values.at(id));
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Type joined = join(types[i], outputs[i].type());
      if (joined.to_string() == types[i].to_string()) continue;
      settled = false;
      types[i] = joined;
    }
    if (!settled && round + 1 < kMostRounds) continue;
    THANE_TRY(inner.output(go_on));
    for (const Edge& edge : outputs) THANE_TRY(inner.output(edge));
    THANE_ASSIGN(
        const std::vector<Edge> after,
        outer.emit({.op = "Loop", .inputs = inputs, .outputs = outputs.size(), .name = name, .bodies = {&inner}}));
    std::vector<Item> delivered = initial;
    size_t at = 0;
    for (size_t i = 0; i < delivered.size(); ++i) {
      if (carried[i]) delivered[i].edge = after[at++];
    }
    for (size_t i = 0; i < variables.size(); ++i) frame.importer.assign(variables[i], frame.scope, after[edges + i]);
    return delivered;
  }
  return unsupported("the types of what a loop carries do not settle");
}

}  // namespace thane::tensorflow
