#include "engine/session.h"

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/format.h"
#include "engine/choose_kernel.h"
#include "engine/plan.h"
#include "engine/states.h"
#include "ir/unaligned.h"
#include "ops/evaluate.h"

namespace thane {
namespace {

constexpr size_t kMostPlans = 32;

using ShapeKey = std::vector<int64_t>;

// The concrete types of a set of inputs, as a key.
ShapeKey shape_key(std::span<const Value> inputs) {
  constexpr size_t kUsual = 8;  // numbers per input
  ShapeKey key;
  key.reserve(kUsual * inputs.size());
  for (const Value& value : inputs) {
    if (!value.is_tensor()) {
      key.push_back(-1);
      continue;
    }
    key.push_back(static_cast<int64_t>(value.tensor().dtype()));
    key.push_back(static_cast<int64_t>(value.tensor().rank()));
    key.insert(key.end(), value.tensor().dims().begin(), value.tensor().dims().end());
  }
  return key;
}

class SessionImpl : public Session {
 public:
  SessionImpl(Graph graph, SessionOptions options)
      : graph_(std::move(graph)), options_(std::move(options)), forms_(weight_bytes(graph_)) {}

  Status prepare() {
    all_inputs_ = graph_.all_inputs();
    reset_states();
    // No pass needs to have run. What is larger, plans align where a step asks for it.
    THANE_TRY(copy_unaligned_constants(graph_, options_.keeps_weights ? INT64_MAX : kSmallConstant));
    for (const Node& node : graph_.nodes) {
      auto& bodies = bodies_.emplace_back();
      for (const Subgraph& subgraph : node.subgraphs) {
        bodies.push_back(std::make_unique<SessionImpl>(subgraph.graph->clone(), options_));
        THANE_TRY(bodies.back()->prepare());
      }
    }
    return ok();
  }

  // Called for sessions whose inputs are checked, which those of bodies are not: where they can be of one shape only,
  // there is one plan only.
  void drop_weights_if_one_plan() {
    drops_weights_ = !options_.keeps_weights && std::ranges::all_of(all_inputs_, [&](ValueId id) {
      const Type& type = graph_.values[id].type;
      return type.is_tensor() && type.dtype != DType::kUndefined && type.has_concrete_dims();
    });
  }

  Result<std::vector<Value>> run(std::span<const Value> inputs) const override {
    if (graph_.states.empty()) return run_explicit(inputs);
    if (inputs.size() != graph_.inputs.size()) return wrong_count(inputs.size(), graph_.inputs.size());
    return states_.run(inputs, graph_.outputs.size(), [&](std::span<const Value> all) { return run_explicit(all); });
  }

  void reset_states() const override { states_.reset(graph_); }

  Result<std::vector<Value>> run_explicit(std::span<const Value> inputs) const override {
    const ShapeKey key = shape_key(inputs);
    std::shared_ptr<const Plan> plan = made_plan(key);
    // Those of a plan were checked before it was made; but a key tells nothing of sequences and maps.
    if (!plan || !std::ranges::all_of(inputs, &Value::is_tensor)) THANE_TRY(check_inputs(inputs));
    RandomSource random{options_.seed};
    auto outputs = execute(inputs, key, std::move(plan), random);
    // Files use one name for dimensions that may differ, so that alone is no error; but it explains one.
    if (!outputs.ok()) THANE_TRY(check_symbols(inputs));
    return outputs;
  }

  const Graph& graph() const override { return graph_; }

 private:
  static size_t weight_bytes(const Graph& graph) {
    size_t bytes = 0;
    for (const ValueInfo& value : graph.values) bytes += value.constant ? value.constant->size_bytes() : 0;
    return bytes;
  }

  // Hands a node's bodies their captures.
  class BodyRunner : public SubgraphRunner {
   public:
    BodyRunner(const SessionImpl& session, const Plan& plan, const Step& step, const Frame& frame, RandomSource& random)
        : session_(session), plan_(plan), step_(step), frame_(frame), random_(random) {}

    Result<std::vector<Value>> run(size_t index, std::span<const Value> inputs) override {
      std::vector<Value> all(inputs.begin(), inputs.end());
      for (ValueId id : step_.node->subgraphs[index].captures) {
        all.push_back(frame_.slots[plan_.value_slots()[id]]);
      }
      return session_.bodies_[step_.node_index][index]->run_body(all, random_);
    }

   private:
    const SessionImpl& session_;
    const Plan& plan_;
    const Step& step_;
    const Frame& frame_;
    RandomSource& random_;
  };

  static Error wrong_count(size_t given, size_t wanted) {
    return invalid_argument(format("{} inputs given", given)).expecting(std::to_string(wanted));
  }

  Status check_inputs(std::span<const Value> inputs) const {
    if (inputs.size() != all_inputs_.size()) return wrong_count(inputs.size(), all_inputs_.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      const ValueInfo& info = graph_.values[all_inputs_[i]];
      if (auto status = check_input(info.type, inputs[i]); !status.ok()) {
        return std::move(status).error().at(format("input '{}'", info.name));
      }
    }
    return ok();
  }

  static Status check_input(const Type& declared, const Value& value) {
    if (value.empty()) {
      if (declared.kind == TypeKind::kOptional || !declared.known()) return ok();
      return invalid_argument("no value given").expecting(declared.to_string());
    }
    const Type& type = declared.kind == TypeKind::kOptional && declared.element ? *declared.element : declared;
    const Type found = value.type();
    const auto mismatch = [&] {
      return invalid_argument(format("got {}", found.to_string())).expecting(type.to_string());
    };
    if (!type.known()) return ok();
    if (type.kind != found.kind) return mismatch();
    if (type.dtype != DType::kUndefined && type.dtype != found.dtype) return mismatch();
    if (!type.is_tensor() || !type.dims) return ok();
    if (type.dims->size() != found.dims->size()) return mismatch();
    for (size_t axis = 0; axis < type.dims->size(); ++axis) {
      const Dim& want = (*type.dims)[axis];
      const int64_t have = (*found.dims)[axis].number();
      if (want.is_number() && want.number() != have) return mismatch();
    }
    return ok();
  }

  // Dimensions with the same name have the same size in all inputs.
  Status check_symbols(std::span<const Value> inputs) const {
    std::map<std::string, int64_t> sizes;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const ValueInfo& info = graph_.values[all_inputs_[i]];
      if (!info.type.is_tensor() || !info.type.dims || !inputs[i].is_tensor()) continue;
      for (size_t axis = 0; axis < info.type.dims->size(); ++axis) {
        const Dim& dim = (*info.type.dims)[axis];
        const int64_t have = inputs[i].tensor().dim(axis);
        if (!dim.is_symbolic()) continue;
        const auto [place, fresh] = sizes.emplace(dim.to_string(), have);
        if (fresh || place->second == have) continue;
        return invalid_argument(format("dimension '{}' is {}", dim.to_string(), have))
            .expecting(format("{}, as in an earlier input", place->second))
            .at(format("input '{}'", info.name));
      }
    }
    return ok();
  }

  std::shared_ptr<const Plan> made_plan(const ShapeKey& key) const {
    std::lock_guard lock(mutex_);
    for (auto entry = plans_.begin(); entry != plans_.end(); ++entry) {
      if (entry->first != key) continue;
      plans_.splice(plans_.begin(), plans_, entry);  // most recently used first
      return entry->second;
    }
    return nullptr;
  }

  // A weight that a plan has packed takes no memory beside its packed form: it is dropped where no other plan can come,
  // and else, if it lies in a file, left there.
  void let_go(ValueId id) const {
    std::optional<Tensor>& constant = graph_.values[id].constant;
    constant->unload();
    if (drops_weights_) constant = constant->hollow();
  }

  Result<std::shared_ptr<const Plan>> make_plan(std::span<const Value> inputs, const ShapeKey& key) const {
    std::lock_guard planning(planning_mutex_);
    if (auto plan = made_plan(key)) return plan;  // by another thread, meanwhile
    if (failure_) return *failure_;
    std::vector<Type> types;
    for (const Value& value : inputs) types.push_back(value.type());
    for (size_t i = 0; i < types.size(); ++i) {  // an empty optional or sequence knows less than its declaration
      if (!inputs[i].is_tensor()) types[i] = graph_.values[all_inputs_[i]].type;
    }
    auto made = Plan::create(graph_, types, options_,
                             {.forms = &forms_,
                              .spent = [&](ValueId id) { let_go(id); },
                              .aligned = [&](ValueId id, const Tensor& copy) { graph_.values[id].constant = copy; }});
    if (!made.ok()) {
      if (drops_weights_) failure_ = made.error();  // weights are gone: there is no second try
      return made.error();
    }
    std::shared_ptr<const Plan> plan = std::move(*made);
    std::lock_guard lock(mutex_);
    plans_.emplace_front(key, plan);
    if (plans_.size() > kMostPlans) plans_.pop_back();
    return plan;
  }

  // For the session of a body, whose inputs a planned step gives.
  Result<std::vector<Value>> run_body(std::span<const Value> inputs, RandomSource& random) const {
    const ShapeKey key = shape_key(inputs);
    return execute(inputs, key, made_plan(key), random);
  }

  // plan: that of the key; null: it is to be made.
  Result<std::vector<Value>> execute(std::span<const Value> inputs, const ShapeKey& key,
                                     std::shared_ptr<const Plan> plan, RandomSource& random) const {
    if (!plan) {
      THANE_ASSIGN(plan, make_plan(inputs, key));
    }
    auto frame = plan->take_frame();
    if (!frame) return resource_limit(format("cannot allocate {} bytes for intermediates", plan->arena_bytes()));
    auto outputs = walk(*plan, *frame, inputs, random);
    plan->give_back(std::move(frame));
    return outputs;
  }

  Result<std::vector<Value>> walk(const Plan& plan, Frame& frame, std::span<const Value> inputs,
                                  RandomSource& random) const {
    for (size_t i = 0; i < inputs.size(); ++i) {
      Value& slot = frame.slots[plan.input_slots()[i]];
      slot = inputs[i];
      if (slot.is_tensor() && !slot.tensor().aligned()) {
        THANE_ASSIGN(slot, slot.tensor().copy());
      }
    }
    for (SlotId id : plan.output_slots()) {
      const Slot& slot = plan.slots()[id];
      if (slot.kind != Slot::Kind::kResult || !frame.slots[id].empty()) continue;
      THANE_ASSIGN(Tensor fresh, plan.allocate_result(slot));
      frame.slots[id] = Value(std::move(fresh));
    }
    std::vector<const Value*>& operands = frame.operands;
    for (const Step& step : plan.steps()) {
      operands.clear();
      for (SlotId id : step.inputs) operands.push_back(id == kNoSlot ? nullptr : &frame.slots[id]);
      const double start = options_.observer ? monotonic_seconds() : 0;
      auto status = run_step(plan, step, frame, operands, random);
      if (options_.observer) options_.observer({graph_, plan, step, start, monotonic_seconds() - start});
      if (!status.ok()) return std::move(status).error().at(step.node->label(graph_));
      for (SlotId id : step.release) frame.slots[id] = Value();
    }
    std::vector<Value> outputs;
    outputs.reserve(plan.output_slots().size());
    for (SlotId id : plan.output_slots()) THANE_TRY(deliver(plan, frame, id, outputs));
    return outputs;
  }

  // Adds the output in a slot to those before it.
  static Status deliver(const Plan& plan, Frame& frame, SlotId id, std::vector<Value>& outputs) {
    if (plan.slots()[id].kind != Slot::Kind::kResult) {
      THANE_ASSIGN(Value value, detached(plan, frame.slots[id], id));
      outputs.push_back(std::move(value));
      return ok();
    }
    // Nobody else's, unless an earlier output is the same.
    const auto earlier = plan.output_slots().first(outputs.size());
    const auto same = std::ranges::find(earlier, id);
    if (same == earlier.end())
      outputs.push_back(std::move(frame.slots[id]));
    else
      outputs.push_back(outputs[static_cast<size_t>(same - earlier.begin())]);
    return ok();
  }

  // A result that shares no memory with the arena, the caller's inputs or the weights.
  static Result<Value> detached(const Plan& plan, const Value& value, SlotId id) {
    SlotId source = id;
    while (plan.slots()[source].kind == Slot::Kind::kView) source = plan.slots()[source].source;
    const auto kind = plan.slots()[source].kind;
    if (value.is_tensor() && (kind == Slot::Kind::kInput || kind == Slot::Kind::kConstant)) {
      THANE_ASSIGN(Tensor copy, value.tensor().copy());
      return Value(std::move(copy));
    }
    return value.keep();
  }

  Status run_step(const Plan& plan, const Step& step, Frame& frame, std::span<const Value* const> inputs,
                  RandomSource& random) const {
    const std::span<Value> outputs(frame.slots.data() + step.first_output, step.output_count);
    if (step.dynamic) return run_dynamic(plan, step, frame, inputs, random);
    if (const Slot& slot = plan.slots()[step.first_output]; slot.kind == Slot::Kind::kView) {
      THANE_ASSIGN(Tensor view, inputs[0]->tensor().reshaped(slot.dims));
      outputs[0] = Value(std::move(view));
      return ok();
    }
    KernelContext context(*step.node, inputs, outputs, *options_.pool, nullptr, &random);
    THANE_TRY(step.kernel ? step.kernel->run(context) : step.node->op->eval(context));
    for (uint32_t i = 0; i < step.output_count; ++i) {
      const Slot& planned = plan.slots()[step.first_output + i];
      // Later steps were planned for this shape: an op must not change its mind.
      if (outputs[i].is_tensor() && outputs[i].tensor().dims() == planned.dims) continue;
      return runtime_error(format("output {} is {}", i, outputs[i].type().to_string()))
          .expecting(to_string(planned.dims) + ", as inferred");
    }
    return ok();
  }

  Status run_dynamic(const Plan& plan, const Step& step, Frame& frame, std::span<const Value* const> inputs,
                     RandomSource& random) const {
    BodyRunner runner(*this, plan, step, frame, random);
    const auto choose = [&](std::span<const Type* const> types, std::span<const Type> outputs) {
      return kernel_for(*step.node, inputs, types, outputs);
    };
    THANE_ASSIGN(std::vector<Value> results,
                 evaluate(*step.node, inputs, *options_.pool, &runner, random,
                          step.node->op->kernels.empty() ? ChooseKernel() : ChooseKernel(choose)));
    for (size_t i = 0; i < results.size(); ++i) {
      const Slot& slot = plan.slots()[step.first_output + i];
      const Type& expected = slot.expected;
      if (expected.is_tensor() && !results[i].empty()) {
        const Type found = results[i].type();
        const bool dtype_ok = expected.dtype == DType::kUndefined || expected.dtype == found.dtype;
        const bool dims_ok = !expected.has_concrete_dims() || (found.dims && *expected.dims == *found.dims);
        if (!dtype_ok || !dims_ok) {
          return runtime_error(format("output {} is {}", i, found.to_string()))
              .expecting(expected.to_string() + ", as inferred");
        }
      }
      frame.slots[step.first_output + i] = std::move(results[i]);
    }
    return ok();
  }

  // For the shapes of one run; what it packs is kept for the next.
  Result<std::unique_ptr<PreparedKernel>> kernel_for(const Node& node, std::span<const Value* const> inputs,
                                                     std::span<const Type* const> types,
                                                     std::span<const Type> outputs) const {
    std::vector<const Tensor*> constants(inputs.size(), nullptr);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] && graph_.constant(node.inputs[i])) constants[i] = &inputs[i]->tensor();
    }
    std::lock_guard planning(planning_mutex_);
    THANE_ASSIGN(KernelChoice choice, choose_kernel({node, types, outputs, constants, options_.isa, options_.precision,
                                                     options_.pool->size(), &forms_}));
    return std::move(choice.kernel);
  }

  mutable Graph graph_;  // its constants alone change, while a plan is made
  SessionOptions options_;
  std::vector<ValueId> all_inputs_;
  bool drops_weights_ = false;
  std::vector<std::vector<std::unique_ptr<SessionImpl>>> bodies_;  // per node

  mutable States states_;

  mutable std::mutex planning_mutex_;     // one plan is made at a time
  mutable SharedForms forms_;             // of plans that are made
  mutable std::optional<Error> failure_;  // of making the only plan
  mutable std::mutex mutex_;              // of plans_
  mutable std::list<std::pair<ShapeKey, std::shared_ptr<const Plan>>> plans_;
};

}  // namespace

Result<std::unique_ptr<Session>> Session::create(Graph graph, SessionOptions options) {
  if (!options.pool) options.pool = std::make_shared<ThreadPool>(options.threads);
  options.threads = options.pool->size();
  auto session = std::make_unique<SessionImpl>(std::move(graph), std::move(options));
  THANE_TRY(session->prepare());
  session->drop_weights_if_one_plan();
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace thane
