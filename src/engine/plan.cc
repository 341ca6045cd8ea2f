#include "engine/plan.h"

#include <algorithm>
#include <numeric>

#include "base/format.h"
#include "engine/choose_kernel.h"
#include "engine/memory_plan.h"
#include "ir/unaligned.h"
#include "ops/infer.h"

namespace thane {

// Builds a Plan in the order of its methods.
class Planner {
 public:
  Planner(const Graph& graph, const SessionOptions& options, const Plan::Common& common)
      : graph_(graph), options_(options), common_(common), plan_(std::make_unique<Plan>()) {}

  Result<std::unique_ptr<Plan>> run(std::span<const Type> inputs) {
    std::vector<Fact> input_facts;
    for (const Type& type : inputs) input_facts.push_back({type, std::nullopt, std::nullopt});
    THANE_ASSIGN(facts_, infer_graph(graph_, input_facts));
    for (ValueId id = 0; id < graph_.values.size(); ++id) {  // inference passes by large constants that lie unaligned
      if (!facts_[id].value && graph_.constant(id)) facts_[id].value = *graph_.constant(id);
    }
    find_needed_nodes();
    count_readers();
    assign_slots();
    THANE_TRY(make_steps());
    alias_storage();
    THANE_TRY(assign_memory());
    find_releases();
    return std::move(plan_);
  }

 private:
  bool known(ValueId id) const { return id == kNoValue || facts_[id].value.has_value(); }

  // A node is needed when one of its outputs is, and is not known already.
  void find_needed_nodes() {
    std::vector<bool> needed(graph_.values.size(), false);
    for (ValueId id : graph_.all_outputs()) needed[id] = !known(id);
    node_needed_.assign(graph_.nodes.size(), false);
    for (size_t n = graph_.nodes.size(); n-- > 0;) {
      const Node& node = graph_.nodes[n];
      const bool wanted = std::any_of(node.outputs.begin(), node.outputs.end(),
                                      [&](ValueId id) { return id != kNoValue && needed[id]; });
      if (!wanted && !node.op->has(kStateful)) continue;
      node_needed_[n] = true;
      for (ValueId id : node.inputs) {
        if (!known(id)) needed[id] = true;
      }
      for (const Subgraph& subgraph : node.subgraphs) {
        for (ValueId id : subgraph.captures) {
          if (!known(id)) needed[id] = true;
        }
      }
    }
  }

  void count_readers() {
    readers_.assign(graph_.values.size(), 0);
    const auto count = [&](std::span<const ValueId> ids) {
      for (ValueId id : ids) {
        if (id != kNoValue) ++readers_[id];
      }
    };
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!node_needed_[n]) continue;
      count(graph_.nodes[n].inputs);
      for (const Subgraph& subgraph : graph_.nodes[n].subgraphs) count(subgraph.captures);
    }
    count(graph_.all_outputs());
  }

  // For a step that reads the value as what it is.
  Status align(ValueId id) {
    if (id == kNoValue || !facts_[id].value || facts_[id].value->aligned()) return ok();
    const Tensor original = *facts_[id].value;
    THANE_ASSIGN(facts_[id].value, original.copy());
    if (plan_->value_slots_[id] != kNoSlot) plan_->slots_[plan_->value_slots_[id]].constant = *facts_[id].value;
    if (common_.aligned && graph_.constant(id)) common_.aligned(id, *facts_[id].value);
    original.unload();
    return ok();
  }

  // `packs`: bits of inputs that need not be aligned.
  Status align_inputs(const Node& node, uint32_t packs) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool packed = i < 32 && (packs >> i & 1) != 0;
      if (!packed && !takes_any_alignment(node, i)) THANE_TRY(align(node.inputs[i]));
    }
    return ok();
  }

  // Lets go of constants that were for this step's kernel alone, which has packed them.
  void drop_spent_constants(const Step& step) {
    if (!step.kernel || !common_.spent) return;
    for (size_t i = 0; i < step.node->inputs.size(); ++i) {
      const ValueId id = step.node->inputs[i];
      if (id == kNoValue || !graph_.constant(id) || step.kernel->reads(i) || --readers_[id] > 0) continue;
      Tensor hollow = facts_[id].value->hollow();
      plan_->slots_[plan_->value_slots_[id]].constant = hollow;
      facts_[id].value = std::move(hollow);
      common_.spent(id);
    }
  }

  SlotId add_slot(Slot slot) {
    plan_->slots_.push_back(std::move(slot));
    return static_cast<SlotId>(plan_->slots_.size() - 1);
  }

  SlotId slot_of(ValueId id) {
    if (id == kNoValue) return kNoSlot;
    SlotId& slot = plan_->value_slots_[id];
    if (slot == kNoSlot) {  // a constant, or folded
      const Tensor& tensor = *facts_[id].value;
      slot =
          add_slot({.kind = Slot::Kind::kConstant, .dtype = tensor.dtype(), .dims = tensor.dims(), .constant = tensor});
    }
    return slot;
  }

  void assign_slots() {
    plan_->value_slots_.assign(graph_.values.size(), kNoSlot);
    for (ValueId id : graph_.all_inputs()) {
      const SlotId slot = add_slot({.kind = Slot::Kind::kInput});
      plan_->value_slots_[id] = slot;
      plan_->input_slots_.push_back(slot);
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!node_needed_[n]) continue;
      for (ValueId id : graph_.nodes[n].outputs) {
        Slot slot;
        if (id != kNoValue) {
          const Type& type = facts_[id].type;
          slot.expected = type;
          if (type.has_concrete_dims() && type.dtype != DType::kUndefined && type.dtype != DType::kString) {
            slot.kind = Slot::Kind::kArena;
            slot.dtype = type.dtype;
            slot.dims = to_numbers(*type.dims);
          }
        }
        const SlotId index = add_slot(std::move(slot));
        if (id != kNoValue)
          plan_->value_slots_[id] = index;
        else
          unnamed_.push_back(index);
      }
    }
    for (ValueId id : graph_.all_outputs()) plan_->output_slots_.push_back(slot_of(id));
  }

  Status make_steps() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!node_needed_[n]) continue;
      const Node& node = graph_.nodes[n];
      Step step;
      step.node = &node;
      step.node_index = n;
      for (ValueId id : node.inputs) step.inputs.push_back(slot_of(id));
      for (const Subgraph& subgraph : node.subgraphs) {
        for (ValueId id : subgraph.captures) {
          slot_of(id);
          THANE_TRY(align(id));
        }
      }
      step.output_count = static_cast<uint32_t>(node.outputs.size());
      step.first_output = next_output_slot(node);
      bool all_static = node.subgraphs.empty() && !node.op->has(kStateful);
      for (uint32_t i = 0; i < step.output_count; ++i) {
        all_static &= plan_->slots_[step.first_output + i].kind == Slot::Kind::kArena;
      }
      // An op may know its output's shape without knowing its inputs' (Reshape to constants). What it could not check
      // yet it must check when they are there.
      for (SlotId in : step.inputs) {
        if (in == kNoSlot) continue;
        const Slot& slot = plan_->slots_[in];
        const bool known = slot.expected.has_concrete_dims() && slot.expected.dtype != DType::kUndefined;
        all_static &= slot.kind != Slot::Kind::kDynamic || known;
      }
      if (all_static) THANE_TRY(choose_kernel_of(step));
      if (!step.kernel) THANE_TRY(align_inputs(node, 0));
      if (all_static) {
        drop_spent_constants(step);
      } else {
        step.dynamic = true;
        for (uint32_t i = 0; i < step.output_count; ++i) {
          plan_->slots_[step.first_output + i].kind = Slot::Kind::kDynamic;
        }
      }
      plan_->steps_.push_back(std::move(step));
    }
    return ok();
  }

  // The outputs' slots are consecutive, so the first named or unnamed one gives the place.
  SlotId next_output_slot(const Node& node) {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) return plan_->value_slots_[node.outputs[i]] - static_cast<SlotId>(i);
    }
    return unnamed_.empty() ? 0 : unnamed_.front();
  }

  Status choose_kernel_of(Step& step) {
    const Node& node = *step.node;
    if (node.op->kernels.empty()) return ok();
    std::vector<const Type*> inputs(node.inputs.size(), nullptr);
    std::vector<const Tensor*> constants(node.inputs.size(), nullptr);
    bool are_weights = true;  // not folded from the shapes of this plan
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      const Fact& fact = facts_[node.inputs[i]];
      if (!fact.type.has_concrete_dims()) return ok();  // the output's shape is known, an input's is not
      inputs[i] = &fact.type;
      if (!fact.value) continue;
      constants[i] = &*fact.value;
      are_weights &= graph_.constant(node.inputs[i]) != nullptr;
    }
    std::vector<Type> outputs;
    for (ValueId id : node.outputs) outputs.push_back(id == kNoValue ? Type{} : facts_[id].type);
    const KernelQuery query{node,
                            inputs,
                            outputs,
                            constants,
                            options_.isa,
                            options_.precision,
                            options_.pool ? options_.pool->size() : options_.threads,
                            are_weights ? common_.forms : nullptr};
    THANE_ASSIGN(KernelChoice choice,
                 choose_kernel(query, [&](const Kernel& kernel) { return align_inputs(node, kernel.any_alignment); }));
    step.kernel = std::move(choice.kernel);
    step.kernel_name = choice.name;
    step.refusals = std::move(choice.refusals);
    return ok();
  }

  SlotId root(SlotId slot) const {
    while (root_[slot] != slot) slot = root_[slot];
    return slot;
  }

  // Slots that share memory: views with their source, in-place results with the operand they overwrite.
  void alias_storage() {
    auto& slots = plan_->slots_;
    const auto& steps = plan_->steps_;
    root_.resize(slots.size());
    std::iota(root_.begin(), root_.end(), SlotId{0});
    std::vector<bool> is_result(slots.size(), false);
    for (SlotId slot : plan_->output_slots_) {
      if (slots[slot].kind == Slot::Kind::kArena) is_result[slot] = true;
    }
    last_use_.assign(slots.size(), -1);
    for (size_t s = 0; s < steps.size(); ++s) {
      for (SlotId slot : uses(steps[s])) last_use_[slot] = static_cast<int32_t>(s);
    }
    for (size_t s = 0; s < steps.size(); ++s) {
      const Step& step = steps[s];
      if (step.dynamic || step.output_count == 0 || step.inputs.empty() || step.inputs[0] == kNoSlot) continue;
      Slot& out = slots[step.first_output];
      const SlotId in = step.inputs[0];
      if (step.node->op->has(kView) && step.output_count == 1) {
        out.kind = Slot::Kind::kView;
        out.source = in;
        merge(step.first_output, in);
      } else if (step.node->op->has(kInPlace) && !is_result[step.first_output] && can_overwrite(step, s, is_result)) {
        overwrites_.push_back({step.first_output, in});
        merge(step.first_output, in);
      }
    }
    for (SlotId slot = 0; slot < slots.size(); ++slot) {
      if (is_result[slot] && slots[slot].kind == Slot::Kind::kArena) slots[slot].kind = Slot::Kind::kResult;
    }
  }

  void merge(SlotId slot, SlotId onto) {
    const SlotId r = root(onto);
    root_[slot] = r;
    last_use_[r] = std::max(last_use_[r], last_use_[slot]);
  }

  bool can_overwrite(const Step& step, size_t s, const std::vector<bool>& is_result) const {
    const auto& slots = plan_->slots_;
    const SlotId in = step.inputs[0];
    const SlotId r = root(in);
    if (slots[r].kind != Slot::Kind::kArena || is_result[r]) return false;
    const Slot& out = slots[step.first_output];
    if (slots[in].dtype != out.dtype || slots[in].dims != out.dims) return false;
    if (last_use_[r] > static_cast<int32_t>(s) || is_result_view(r)) return false;
    for (size_t i = 1; i < step.inputs.size(); ++i) {
      const SlotId other = step.inputs[i];
      if (other != kNoSlot && root(other) == r) return false;
    }
    return true;
  }

  // Whether a graph output shows this memory under another shape.
  bool is_result_view(SlotId r) const {
    return std::any_of(plan_->output_slots_.begin(), plan_->output_slots_.end(),
                       [&](SlotId slot) { return root(slot) == r; });
  }

  std::vector<SlotId> uses(const Step& step) const {
    std::vector<SlotId> slots;
    for (SlotId slot : step.inputs) {
      if (slot != kNoSlot) slots.push_back(slot);
    }
    for (const Subgraph& subgraph : step.node->subgraphs) {
      for (ValueId id : subgraph.captures) slots.push_back(plan_->value_slots_[id]);
    }
    return slots;
  }

  Status assign_memory() {
    auto& slots = plan_->slots_;
    std::vector<LiveRange> ranges;
    std::vector<SlotId> owners;
    for (size_t s = 0; s < plan_->steps_.size(); ++s) {
      const Step& step = plan_->steps_[s];
      for (uint32_t i = 0; i < step.output_count; ++i) {
        const SlotId slot = step.first_output + i;
        if (slots[slot].kind != Slot::Kind::kArena || root(slot) != slot) continue;
        const auto bytes = byte_count(slots[slot].dtype, slots[slot].dims);
        if (!bytes) return resource_limit(format("an intermediate of shape {}", to_string(slots[slot].dims)));
        const auto first = static_cast<int32_t>(s);
        const bool shown = is_result_view(slot);
        const int32_t last = shown ? static_cast<int32_t>(plan_->steps_.size()) : std::max(first, last_use_[slot]);
        ranges.push_back({static_cast<int64_t>(*bytes), first, last});
        owners.push_back(slot);
      }
    }
    const MemoryPlan memory = plan_memory(ranges);
    if (memory.arena_bytes < 0) return resource_limit("the intermediates do not fit in memory");
    for (size_t i = 0; i < owners.size(); ++i) slots[owners[i]].offset = memory.offsets[i];
    for (const auto& [slot, onto] : overwrites_) slots[slot].offset = slots[root(onto)].offset;
    plan_->arena_bytes_ = memory.arena_bytes;
    return ok();
  }

  // Dynamic values are dropped after the last step that sees them (through views too).
  void find_releases() {
    const auto& slots = plan_->slots_;
    std::vector<bool> kept(slots.size(), false);
    for (SlotId slot : plan_->output_slots_) kept[root(slot)] = true;
    for (SlotId slot = 0; slot < slots.size(); ++slot) {
      if (slots[slot].kind != Slot::Kind::kDynamic || kept[slot] || last_use_[slot] < 0) continue;
      plan_->steps_[static_cast<size_t>(last_use_[slot])].release.push_back(slot);
    }
  }

  const Graph& graph_;
  const SessionOptions& options_;
  const Plan::Common& common_;
  std::unique_ptr<Plan> plan_;
  std::vector<Fact> facts_;
  std::vector<int32_t> readers_;  // of each value: steps and the caller
  std::vector<bool> node_needed_;
  std::vector<SlotId> unnamed_;
  std::vector<SlotId> root_;
  std::vector<int32_t> last_use_;  // of a root: including what shares its memory
  std::vector<std::pair<SlotId, SlotId>> overwrites_;
};

Result<std::unique_ptr<Plan>> Plan::create(const Graph& graph, std::span<const Type> inputs,
                                           const SessionOptions& options, const Common& common) {
  return Planner(graph, options, common).run(inputs);
}

std::unique_ptr<Frame> Plan::take_frame() const {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto frame = std::move(idle_.back());
      idle_.pop_back();
      return frame;
    }
  }
  auto frame = std::make_unique<Frame>();
  auto arena = allocate_buffer(static_cast<size_t>(arena_bytes_));
  if (!arena.ok()) return nullptr;
  frame->arena = std::move(*arena);
  frame->slots.resize(slots_.size());
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.kind == Slot::Kind::kConstant) frame->slots[i] = Value(slot.constant);
    if (slot.kind == Slot::Kind::kArena) {
      frame->slots[i] = Value(Tensor::borrow(slot.dtype, slot.dims, frame->arena->data() + slot.offset));
    }
  }
  return frame;
}

void Plan::give_back(std::unique_ptr<Frame> frame) const {
  // Nothing of the caller's, and no result, may stay alive in an idle frame.
  for (size_t i = 0; i < slots_.size(); ++i) {
    const auto kind = slots_[i].kind;
    if (kind != Slot::Kind::kConstant && kind != Slot::Kind::kArena) frame->slots[i] = Value();
  }
  constexpr size_t kMostIdle = 8;
  std::lock_guard lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(frame));
}

}  // namespace thane
