#include "formats/torch/script/control.h"

#include "base/format.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {

std::optional<Edge> GraphDomain::Outcome::written(const TensorPtr& tensor) const {
  for (const auto& change : changes) {
    if (change.tensor == tensor) return change.after;
  }
  return std::nullopt;
}

const Journal::Entry* GraphDomain::Outcome::entry(const Journal::Entry& like) const {
  for (const Journal::Entry& entry : journal.entries) {
    if (entry.list == like.list && entry.dict == like.dict && entry.instance == like.instance &&
        entry.attribute == like.attribute) {
      return &entry;
    }
  }
  return nullptr;
}

Result<Edge> condition_edge(Machine& machine, const Value& condition) {
  Edge edge;
  if (condition.is_symbol()) {
    edge = condition.symbol();
  } else {
    THANE_ASSIGN(edge, machine.context().read(condition.tensor()));
  }
  GraphBuilder& graph = machine.context().builder();
  if (!edge.dims() || !edge.dims()->empty()) {
    THANE_ASSIGN(edge, graph.emit("Reshape", {edge, graph.int64s({})}));
  }
  if (edge.dtype() == DType::kBool) return edge;
  return graph.emit("Cast", {edge}, {{"to", static_cast<int64_t>(DType::kBool)}});
}

Result<GraphDomain::Outcome> GraphDomain::run_in_body(Machine& machine, GraphBuilder& body, Frame& frame,
                                                      const std::function<Result<Flow>()>& steps, const Live& live) {
  Outcome outcome;
  const Locals before = frame.locals;
  machine.context().enter(body);
  machine.open_journal();
  checks_.emplace_back();
  auto flow = steps();
  Status settled;
  if (flow.ok()) {
    outcome.flow = *flow;
    for (const auto& [name, value] : frame.locals) {
      if (settled.ok() && live(name)) settled = outcome.snapshot.take(machine, value);
    }
    if (settled.ok()) settled = outcome.snapshot.take(machine, frame.result);
  }
  // What changed is known only now, but must be read before the body is left.
  if (flow.ok() && settled.ok()) settled = machine.read_changes(outcome.snapshot);
  outcome.journal = machine.close_journal();
  outcome.changes = machine.context().leave();
  outcome.checks = std::move(checks_.back());
  checks_.pop_back();
  outcome.locals = std::move(frame.locals);
  outcome.result = std::move(frame.result);
  frame.locals = before;
  frame.result = {};
  if (!flow.ok()) {
    if (!machine.raised()) return std::move(flow).error();
    outcome.raised = std::move(machine.raised());
    machine.raised().reset();
    return outcome;
  }
  if (!settled.ok()) return std::move(settled).error();
  return outcome;
}

void apply(Machine& machine, Frame& frame, const Pending& pending, const std::vector<Edge>& outputs) {
  std::vector<Value> values;
  for (const Pattern& pattern : pending.patterns) values.push_back(build(machine, pattern, outputs));
  if (!pending.entry) {
    frame.locals[pending.name] = std::move(values[0]);
  } else if (pending.entry->list) {
    machine.change(pending.entry->list) = std::move(values);
  } else if (pending.entry->dict) {
    auto& pairs = machine.change(pending.entry->dict);
    pairs.clear();
    for (size_t i = 0; i < values.size(); ++i) pairs.emplace_back(pending.keys[i], std::move(values[i]));
  } else {
    machine.change(pending.entry->instance, pending.entry->attribute);
    pending.entry->instance->attributes[pending.entry->attribute] = std::move(values[0]);
  }
}

std::vector<Value> contents(const Journal::Entry& like, const Journal::Entry* entry) {
  if (like.list) return entry ? entry->values : like.list->items;
  if (like.instance) {
    if (entry) return entry->values;
    const auto found = like.instance->attributes.find(like.attribute);
    return found == like.instance->attributes.end() ? std::vector<Value>{} : std::vector<Value>{found->second};
  }
  std::vector<Value> values;
  for (const auto& [key, value] : entry ? entry->pairs : like.dict->items) values.push_back(value);
  return values;
}

// --- if --------------------------------------------------------------------------------------------------------------

namespace {

// The names that code outside of a statement reads.
std::function<bool(std::string_view)> read_elsewhere(const Frame& frame, const Stmt& statement) {
  Reads all, inside;
  if (frame.function) count_reads(frame.function->definition->body, all);
  count_reads(statement.body, inside);
  count_reads(statement.orelse, inside);
  if (statement.value) count_reads(*statement.value, inside);
  return [all = std::move(all), inside = std::move(inside)](std::string_view name) {
    const auto total = all.find(name);
    if (total == all.end()) return false;
    const auto within = inside.find(name);
    return total->second > (within == inside.end() ? 0 : within->second);
  };
}

bool same_keys(const std::vector<std::pair<Value, Value>>& a, const std::vector<std::pair<Value, Value>>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i].first, b[i].first)) return false;
  }
  return true;
}

Result<Pending> merge_entry(Machine& machine, Alternatives& both, const Journal::Entry& like,
                            const GraphDomain::Outcome& a, const GraphDomain::Outcome& b) {
  const Journal::Entry *x = a.entry(like), *y = b.entry(like);
  Pending pending;
  pending.entry = &like;
  const std::vector<Value> first = contents(like, x), second = contents(like, y);
  if (like.list) {
    const Value left = Value::list(first), right = Value::list(second);
    THANE_ASSIGN(Pattern whole, both.merge(left, right));
    if (whole.kind == Pattern::Kind::kList) {
      pending.patterns = std::move(whole.items);
    } else if (whole.kind == Pattern::Kind::kGraphList) {
      pending.patterns.push_back(std::move(whole));
      pending.patterns.back().kind = Pattern::Kind::kGraphListItem;
    } else {
      return unsupported("a list whose items depend on data in a way that thane cannot follow").at(machine.place());
    }
    return pending;
  }
  if (like.dict) {
    const auto& left = x ? x->pairs : like.dict->items;
    const auto& right = y ? y->pairs : like.dict->items;
    if (!same_keys(left, right)) return unsupported("a dict whose keys depend on data").at(machine.place());
    for (const auto& [key, value] : left) pending.keys.push_back(key);
  }
  if (first.size() != second.size()) return unsupported("an attribute that exists as data decide").at(machine.place());
  for (size_t i = 0; i < first.size(); ++i) {
    THANE_ASSIGN(Pattern pattern, both.merge(first[i], second[i]));
    pending.patterns.push_back(std::move(pattern));
  }
  return pending;
}

Result<std::vector<Edge>> emit_if(GraphBuilder& graph, const Edge& condition, GraphBuilder (&bodies)[2],
                                  const std::vector<std::pair<Edge, Edge>>& leaves) {
  if (leaves.empty()) return std::vector<Edge>();
  for (const auto& [first, second] : leaves) {
    THANE_TRY(bodies[0].output(first));
    THANE_TRY(bodies[1].output(second));
  }
  return graph.emit({.op = "If", .inputs = {condition}, .outputs = leaves.size(), .bodies = {&bodies[0], &bodies[1]}});
}

}  // namespace

Status GraphDomain::expect(Machine& machine, const Edge& condition, bool holds, const Raised& otherwise) {
  Edge edge = condition;
  if (!holds) {
    THANE_ASSIGN(edge, context_.builder().emit("Not", {condition}));
  }
  checks().push_back({edge, format("{}: the model raises {}: {}", machine.place(), otherwise.type, otherwise.message)});
  return ok();
}

Result<GraphDomain::Check> GraphDomain::all_of(GraphBuilder& builder, const std::vector<Check>& checks) {
  if (checks.empty()) return Check{builder.constant(Tensor::scalar(true)), {}};
  Check all = checks[0];
  for (size_t i = 1; i < checks.size(); ++i) {
    THANE_ASSIGN(all.holds, builder.emit("And", {all.holds, checks[i].holds}));
  }
  if (checks.size() > 1) all.message += format(" (or one of {} other checks failed)", checks.size() - 1);
  return all;
}

Result<Flow> GraphDomain::branch(Machine& machine, Frame& frame, const Stmt& statement, const Value& condition) {
  THANE_ASSIGN(const Edge decides, condition_edge(machine, condition));
  const auto live = read_elsewhere(frame, statement);
  const Block* blocks[2] = {&statement.body, &statement.orelse};
  GraphBuilder bodies[2] = {GraphBuilder(context_.builder()), GraphBuilder(context_.builder())};
  Outcome outcomes[2];
  for (size_t i = 0; i < 2; ++i) {
    THANE_ASSIGN(outcomes[i], run_in_body(
                                  machine, bodies[i], frame, [&] { return machine.run(*blocks[i], frame); }, live));
    if (outcomes[i].raised) break;
  }
  // A branch that raises is never taken by a run that ends well: the other one goes on here, behind a check.
  if (outcomes[0].raised || outcomes[1].raised) {
    const size_t raises = outcomes[0].raised ? 0 : 1;
    THANE_TRY(expect(machine, decides, /*holds=*/raises == 1, *outcomes[raises].raised));
    return machine.run(*blocks[1 - raises], frame);
  }
  if (outcomes[0].flow != outcomes[1].flow) {
    return unsupported("a return from inside of a branch that depends on data").at(machine.place());
  }
  Alternatives both{machine, {&bodies[0], &bodies[1]}, {&outcomes[0].snapshot, &outcomes[1].snapshot}, {}};
  std::vector<Pending> pending;
  for (const auto& [name, value] : outcomes[0].locals) {
    const auto other = outcomes[1].locals.find(name);
    if (other == outcomes[1].locals.end() || !live(name)) continue;
    THANE_ASSIGN(Pattern pattern, both.merge(value, other->second));
    pending.push_back({name, nullptr, {}, {}});
    pending.back().patterns.push_back(std::move(pattern));
  }
  std::vector<const Journal::Entry*> entries;
  for (const Outcome& outcome : outcomes) {
    for (const Journal::Entry& entry : outcome.journal.entries) {
      if (&outcome == &outcomes[1] && outcomes[0].entry(entry)) continue;
      entries.push_back(&entry);
    }
  }
  for (const Journal::Entry* entry : entries) {
    THANE_ASSIGN(Pending change, merge_entry(machine, both, *entry, outcomes[0], outcomes[1]));
    pending.push_back(std::move(change));
  }
  std::optional<Pattern> result;
  if (outcomes[0].flow == Flow::kReturn) {
    THANE_ASSIGN(result, both.merge(outcomes[0].result, outcomes[1].result));
  }
  std::vector<std::pair<TensorPtr, size_t>> writes;
  for (const Outcome& outcome : outcomes) {
    for (const auto& change : outcome.changes) {
      if (&outcome == &outcomes[1] && outcomes[0].written(change.tensor)) continue;
      writes.emplace_back(change.tensor, both.leaves.size());
      both.leaves.emplace_back(outcomes[0].written(change.tensor).value_or(change.before),
                               outcomes[1].written(change.tensor).value_or(change.before));
    }
  }
  // Checks made in a branch become one more thing that it delivers.
  std::string message;
  if (!outcomes[0].checks.empty() || !outcomes[1].checks.empty()) {
    THANE_ASSIGN(const Check first, all_of(bodies[0], outcomes[0].checks));
    THANE_ASSIGN(const Check second, all_of(bodies[1], outcomes[1].checks));
    both.leaves.emplace_back(first.holds, second.holds);
    message = outcomes[0].checks.empty() ? second.message : first.message;
  }
  THANE_ASSIGN(const std::vector<Edge> outputs, emit_if(context_.builder(), decides, bodies, both.leaves));
  if (!message.empty()) checks().push_back({outputs.back(), message});
  for (const auto& [tensor, slot] : writes) THANE_TRY(context_.write(tensor, outputs[slot]));
  for (const Pending& change : pending) apply(machine, frame, change, outputs);
  if (result) frame.result = build(machine, *result, outputs);
  return outcomes[0].flow;
}

Result<Value> GraphDomain::select(Machine& machine, const Value& condition, Value yes, Value no) {
  THANE_ASSIGN(const Edge decides, condition_edge(machine, condition));
  GraphBuilder bodies[2] = {GraphBuilder(context_.builder()), GraphBuilder(context_.builder())};
  Snapshot snapshot;
  THANE_TRY(snapshot.take(machine, yes));
  THANE_TRY(snapshot.take(machine, no));
  Alternatives both{machine, {&bodies[0], &bodies[1]}, {&snapshot, &snapshot}, {}};
  THANE_ASSIGN(const Pattern pattern, both.merge(yes, no));
  THANE_ASSIGN(const std::vector<Edge> outputs, emit_if(context_.builder(), decides, bodies, both.leaves));
  return build(machine, pattern, outputs);
}

}  // namespace thane::torchscript
