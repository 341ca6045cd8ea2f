// Loops whose number of rounds depends on data. The body runs first into a throwaway builder, to see what it changes;
// that is carried from round to round. What changes its type on the way is carried as a wider one.
#include "base/format.h"
#include "formats/torch/script/control.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

constexpr int kMostTries = 8;

// One edge that goes round.
struct Carried {
  Edge initial;
  Type type;
};

class LoopWriter {
 public:
  LoopWriter(GraphDomain& domain, Machine& machine, Frame& frame, const Stmt& statement, const Value& source)
      : domain_(domain),
        machine_(machine),
        frame_(frame),
        statement_(statement),
        source_(source),
        graph_(machine.context().builder()) {}

  Result<Flow> run() {
    THANE_TRY(prepare());
    for (int attempt = 0; attempt < kMostTries; ++attempt) {
      GraphBuilder body(graph_);
      THANE_ASSIGN(const bool settled, round(body));
      if (settled) return finish(body);
    }
    return unsupported("a loop whose variables never settle on types").at(machine_.place());
  }

 private:
  bool is_for() const { return statement_.kind == Stmt::Kind::kFor; }

  Status prepare() {
    if (!is_for()) {
      THANE_ASSIGN(condition_, condition_edge(machine_, source_));
    } else if (const auto list = graph_list(source_)) {
      THANE_ASSIGN(trips_, graph_list_length(machine_, *list));
    } else if (source_.is_tensor()) {
      THANE_ASSIGN(const Value rows, machine_.op("aten::size", {source_, Value(0)}, {}));
      THANE_ASSIGN(trips_, scalar_edge(machine_, rows));
    } else {
      THANE_ASSIGN(trips_, scalar_edge(machine_, source_));
    }
    return ok();
  }

  Result<Value> item(const Edge& number) {
    const Value index = machine_.context().scalar(number);
    if (const auto list = graph_list(source_)) return graph_list_item(machine_, *list, index);
    if (source_.is_tensor()) return machine_.op("aten::select", {source_, Value(0), index}, {});
    return index;
  }

  // Runs the body once with what is known to be carried. True when that was all there is to carry, with these types.
  Result<bool> round(GraphBuilder& body) {
    const Edge number = body.input("round", Type::tensor(DType::kInt64, SymDims{}));
    body.input("continue", Type::tensor(DType::kBool, SymDims{}));
    std::vector<Edge> inputs;
    for (size_t i = 0; i < carried_.size(); ++i)
      inputs.push_back(body.input(format("carried_{}", i), carried_[i].type));
    Value again;
    const auto steps = [&]() -> Result<Flow> {
      for (const auto& [tensor, slot] : writes_) THANE_TRY(machine_.context().write(tensor, inputs[slot]));
      for (const Pending& change : pending_) apply(machine_, frame_, change, inputs);
      if (is_for()) {
        THANE_ASSIGN(Value value, item(number));
        THANE_TRY(machine_.assign(*statement_.targets[0], std::move(value), frame_));
      }
      THANE_ASSIGN(const Flow flow, machine_.run(statement_.body, frame_));
      if (flow != Flow::kNext) {
        return unsupported("leaving a loop that depends on data from its middle").at(machine_.place());
      }
      if (!is_for()) {
        THANE_ASSIGN(const Value value, machine_.evaluate(*statement_.value, frame_));
        THANE_ASSIGN(const auto known, machine_.truth(value));
        if (known) {
          again = *known;
        } else {
          THANE_ASSIGN(const Edge edge, condition_edge(machine_, value));
          again = Symbol{edge};
        }
      }
      return flow;
    };
    THANE_ASSIGN(outcome_, domain_.run_in_body(machine_, body, frame_, steps, [](std::string_view) { return true; }));
    if (outcome_.raised) {
      return unsupported(format("a loop that ends by raising {}: {}", outcome_.raised->type, outcome_.raised->message))
          .at(machine_.place());
    }
    again_ = std::move(again);
    results_.assign(carried_.size(), Edge{});
    bool settled = true;
    THANE_TRY(check_variables(body, settled));
    THANE_TRY(check_entries(body, settled));
    THANE_TRY(check_writes(settled));
    THANE_TRY(check_checks(body, settled));
    return settled;
  }

  // --- what there is to carry ---

  Result<size_t> add(const Value& before, const Type& after, DType number) {
    Carried carried;
    if (as<Uninitialized>(before)) {
      THANE_ASSIGN(const Edge zero, graph_.scalar(0, after.dtype));
      Dims shape;
      if (after.dims) {
        for (const Dim& dim : *after.dims) shape.push_back(dim.is_number() ? dim.number() : 0);
      }
      THANE_ASSIGN(carried.initial, graph_.emit("Expand", {zero, graph_.int64s(shape)}));
    } else if (before.is_tensor()) {
      THANE_ASSIGN(carried.initial, machine_.context().read(before.tensor()));
    } else {
      Snapshot none;
      THANE_ASSIGN(carried.initial, none.edge(machine_, before, graph_, number));
    }
    carried.type = join(carried.initial.type(), after);
    carried_.push_back(std::move(carried));
    return carried_.size() - 1;
  }

  // How `before` becomes `after` by carrying.
  Result<Pattern> plan(const Value& before, const Value& after, GraphBuilder& body, int depth = 0) {
    if (depth > kMostValueNesting) return conflict(before, after);
    Pattern pattern;
    pattern.value = before;
    if (same(before, after) || as<Unknown>(after) || as<Unknown>(before)) return pattern;
    const bool fresh = as<Uninitialized>(before) != nullptr;
    if (after.is_tensor() && (before.is_tensor() || fresh)) {
      THANE_ASSIGN(const Edge edge, outcome_.snapshot.edge(machine_, after, body, DType::kUndefined));
      if (before.is_tensor()) {
        THANE_ASSIGN(const Edge start, machine_.context().read(before.tensor()));
        if (start.dtype() != edge.dtype()) return conflict(before, after);
      }
      pattern.kind = Pattern::Kind::kTensor;
      pattern.value = after;
      THANE_ASSIGN(pattern.slot, add(before, edge.type(), DType::kUndefined));
      return pattern;
    }
    if (number_type(before) && number_type(after)) {
      const DType x = *number_type(before), y = *number_type(after);
      const DType type = x == y ? x : DType::kFloat64;
      pattern.kind = Pattern::Kind::kNumber;
      THANE_ASSIGN(pattern.slot, add(before, Type::tensor(type, SymDims{}), type));
      return pattern;
    }
    const auto *first = before.items(), *second = after.items();
    const bool lists = before.is_list() && after.is_list();
    if (first && second && before.is_list() == after.is_list() && !graph_list(before) && !graph_list(after) &&
        first->size() == second->size()) {
      pattern.kind = lists ? Pattern::Kind::kList : Pattern::Kind::kTuple;
      for (size_t i = 0; i < first->size(); ++i) {
        THANE_ASSIGN(Pattern item, plan((*first)[i], (*second)[i], body, depth + 1));
        pattern.items.push_back(std::move(item));
      }
      return pattern;
    }
    if (lists) return plan_sequence(before, after, body);
    return conflict(before, after);
  }

  Result<Pattern> plan_sequence(const Value& before, const Value& after, GraphBuilder& body) {
    auto start = graph_list(before);
    const auto end = graph_list(after);
    if (!end && after.list()->items.empty()) return conflict(before, after);
    Type element;  // of what the body puts in
    if (end) {
      if (end->edge.type().element) element = *end->edge.type().element;
    } else {
      const auto& items = after.list()->items;
      const auto type = number_type(items.back());
      if (!type && !items.back().is_tensor()) return conflict(before, after);
      THANE_ASSIGN(const Edge edge, outcome_.snapshot.edge(machine_, items.back(), body, type.value_or(DType::kInt64)));
      element = edge.type();
    }
    if (!start) {
      // An empty list starts with the type of what the body puts in.
      Value example;
      const bool numbers = !end ? number_type(after.list()->items.back()).has_value() : end->numbers;
      if (!numbers && element.is_tensor() && element.dtype != DType::kUndefined) {
        example = Value(machine_.context().tensor(graph_.constant(Tensor::must_allocate(element.dtype, {0}))));
      } else if (numbers) {
        example = element.dtype == DType::kInt64     ? Value(0)
                  : element.dtype == DType::kFloat64 ? Value(0.0)
                                                     : Value(false);
      }
      const auto& items = before.list()->items;
      THANE_ASSIGN(const auto made, to_graph_list(machine_, items, &example));
      if (!made) return conflict(before, after);
      start = graph_list(*made);
      if (!items.empty() && start->edge.type().element) element = join(element, *start->edge.type().element);
    } else if (start->edge.type().element) {
      element = join(element, *start->edge.type().element);
    }
    carried_.push_back({start->edge, Type::sequence(std::move(element))});
    return Pattern{Pattern::Kind::kGraphList, before, carried_.size() - 1, start->numbers, {}};
  }

  static Pattern conflict(const Value& before, const Value& after) {
    auto value = std::make_shared<Conflict>();
    value->what =
        format("a variable that is {} before a loop and {} in it, as data decide", before.kind(), after.kind());
    Pattern pattern;
    pattern.value = Value(ObjectPtr(value));
    return pattern;
  }

  // --- whether the body left what was planned ---

  // Finds the edge of every leaf of `pattern` in what the body left. False when something has another form.
  Result<bool> collect(const Pattern& pattern, const Value& after, GraphBuilder& body, bool& settled) {
    switch (pattern.kind) {
      case Pattern::Kind::kSame: return as<Conflict>(pattern.value) || same(pattern.value, after);
      case Pattern::Kind::kTensor:
        if (!after.is_tensor()) return false;
        break;
      case Pattern::Kind::kNumber:
        if (!number_type(after)) return false;
        break;
      case Pattern::Kind::kGraphList:
      case Pattern::Kind::kGraphListItem: {
        const auto list = graph_list(after);
        if (!list) return false;
        return widen(pattern.slot, list->edge, settled);
      }
      default: {
        const auto* items = after.items();
        if (!items || items->size() != pattern.items.size()) return false;
        for (size_t i = 0; i < items->size(); ++i) {
          THANE_ASSIGN(const bool fits, collect(pattern.items[i], (*items)[i], body, settled));
          if (!fits) return false;
        }
        return true;
      }
    }
    THANE_ASSIGN(const Edge edge, outcome_.snapshot.edge(machine_, after, body, carried_[pattern.slot].type.dtype));
    return widen(pattern.slot, edge, settled);
  }

  bool widen(size_t slot, const Edge& edge, bool& settled) {
    results_[slot] = edge;
    Type& type = carried_[slot].type;
    if (edge.dtype() != type.dtype) return false;
    Type wider = join(type, edge.type());
    if (wider.to_string() != type.to_string()) {
      type = std::move(wider);
      settled = false;
    }
    return true;
  }

  Error no_fit() const {
    return unsupported("a loop whose variables change their form from round to round").at(machine_.place());
  }

  Status check_variables(GraphBuilder& body, bool& settled) {
    for (const auto& [name, before] : frame_.locals) {
      const auto found = outcome_.locals.find(name);
      if (found == outcome_.locals.end()) continue;
      const Pending* known = nullptr;
      for (const Pending& change : pending_) {
        if (!change.entry && change.name == name) known = &change;
      }
      if (known) {
        THANE_ASSIGN(const bool fits, collect(known->patterns[0], found->second, body, settled));
        if (!fits) return no_fit();
        continue;
      }
      if (same(before, found->second)) continue;
      Pending change{name, nullptr, {}, {}};
      THANE_ASSIGN(Pattern pattern, plan(before, found->second, body));
      change.patterns.push_back(std::move(pattern));
      pending_.push_back(std::move(change));
      settled = false;
    }
    return ok();
  }

  Status check_entries(GraphBuilder& body, bool& settled) {
    for (const Journal::Entry& entry : outcome_.journal.entries) {
      const std::vector<Value> after = contents(entry, &entry);
      const Pending* known = nullptr;
      for (const Pending& change : pending_) {
        if (change.entry && change.entry->list == entry.list && change.entry->dict == entry.dict &&
            change.entry->instance == entry.instance && change.entry->attribute == entry.attribute) {
          known = &change;
        }
      }
      if (known) {
        if (known->patterns.size() != after.size()) return no_fit();
        for (size_t i = 0; i < after.size(); ++i) {
          THANE_ASSIGN(const bool fits, collect(known->patterns[i], after[i], body, settled));
          if (!fits) return no_fit();
        }
        continue;
      }
      THANE_TRY(plan_entry(entry, after, body));
      settled = false;
    }
    return ok();
  }

  Status plan_entry(const Journal::Entry& entry, const std::vector<Value>& after, GraphBuilder& body) {
    entries_.push_back(std::make_unique<Journal::Entry>(entry));
    Pending change{{}, entries_.back().get(), {}, {}};
    const std::vector<Value> before = contents(entry, nullptr);
    if (entry.list) {
      THANE_ASSIGN(Pattern whole, plan(Value::list(before), Value::list(after), body));
      if (whole.kind == Pattern::Kind::kList) {
        change.patterns = std::move(whole.items);
      } else if (whole.kind == Pattern::Kind::kGraphList) {
        whole.kind = Pattern::Kind::kGraphListItem;
        change.patterns.push_back(std::move(whole));
      } else {
        return no_fit();
      }
    } else {
      if (before.size() != after.size()) return no_fit();
      for (size_t i = 0; i < before.size(); ++i) {
        if (entry.dict) change.keys.push_back(entry.pairs[i].first);
        THANE_ASSIGN(Pattern pattern, plan(before[i], after[i], body));
        change.patterns.push_back(std::move(pattern));
      }
    }
    pending_.push_back(std::move(change));
    return ok();
  }

  Status check_writes(bool& settled) {
    for (const auto& change : outcome_.changes) {
      bool known = false;
      for (const auto& [tensor, slot] : writes_) {
        if (tensor != change.tensor) continue;
        known = true;
        if (!widen(slot, change.after, settled)) return no_fit();
      }
      if (known) continue;
      THANE_ASSIGN(const size_t slot, add(Value(change.tensor), change.after.type(), DType::kUndefined));
      writes_.emplace_back(change.tensor, slot);
      settled = false;
    }
    return ok();
  }

  // Checks in the body: whether all have held so far goes round, too.
  Status check_checks(GraphBuilder& body, bool& settled) {
    if (outcome_.checks.empty()) return ok();
    if (!passed_) {
      carried_.push_back({graph_.constant(Tensor::scalar(true)), Type::tensor(DType::kBool, SymDims{})});
      passed_ = carried_.size() - 1;
      settled = false;
      return ok();
    }
    THANE_ASSIGN(const GraphDomain::Check all, GraphDomain::all_of(body, outcome_.checks));
    const Edge so_far{&body, body.graph().inputs[2 + *passed_]};
    THANE_ASSIGN(results_[*passed_], body.emit("And", {so_far, all.holds}));
    message_ = all.message;
    return ok();
  }

  Result<Flow> finish(GraphBuilder& body) {
    Edge again = body.constant(Tensor::scalar(true));
    if (again_.is_bool()) again = body.constant(Tensor::scalar(again_.boolean()));
    if (again_.is_symbol()) again = again_.symbol();
    THANE_TRY(body.output(again));
    std::vector<Edge> inputs = {trips_, condition_};
    for (size_t i = 0; i < carried_.size(); ++i) {
      THANE_TRY(body.output(results_[i].present() ? results_[i] : Edge{&body, body.graph().inputs[2 + i]}));
      inputs.push_back(carried_[i].initial);
    }
    if (carried_.empty()) return Flow::kNext;
    THANE_ASSIGN(
        const std::vector<Edge> outputs,
        graph_.emit({.op = "Loop", .inputs = std::move(inputs), .outputs = carried_.size(), .bodies = {&body}}));
    // Inference starts from the initial values and cannot know that an empty sequence has items of some rank.
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (carried_[i].type.kind == TypeKind::kSequence) graph_.declare(outputs[i], carried_[i].type);
    }
    for (const auto& [tensor, slot] : writes_) THANE_TRY(machine_.context().write(tensor, outputs[slot]));
    for (const Pending& change : pending_) apply(machine_, frame_, change, outputs);
    if (passed_) domain_.checks().push_back({outputs[*passed_], message_});
    return Flow::kNext;
  }

  GraphDomain& domain_;
  Machine& machine_;
  Frame& frame_;
  const Stmt& statement_;
  const Value source_;
  GraphBuilder& graph_;
  Edge trips_, condition_;

  std::vector<Carried> carried_;
  std::vector<Pending> pending_;
  std::vector<std::unique_ptr<Journal::Entry>> entries_;
  std::vector<std::pair<TensorPtr, size_t>> writes_;
  std::optional<size_t> passed_;
  std::string message_;

  // Of the last round.
  GraphDomain::Outcome outcome_;
  Value again_;
  std::vector<Edge> results_;
};

}  // namespace

Result<Flow> GraphDomain::loop(Machine& machine, Frame& frame, const Stmt& statement, const Value& source) {
  if (as<Unknown>(source)) {
    THANE_TRY(missing());
    return unsupported("a loop over something that is not known").at(machine.place());
  }
  return LoopWriter(*this, machine, frame, statement, source).run();
}

}  // namespace thane::torchscript
