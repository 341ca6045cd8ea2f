// A plan: a graph specialised to concrete input types. Everything that can be decided is decided here: constants
// folded, kernels chosen and their weights packed, memory assigned. Running it is a walk over a flat array of steps.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/result_pool.h"
#include "engine/session.h"
#include "ir/context.h"
#include "ir/graph.h"
#include "ir/kernel.h"

namespace thane {

// Index into a frame. The outputs of one node have consecutive slots, so that a kernel sees them as one span.
using SlotId = uint32_t;
inline constexpr SlotId kNoSlot = 0xffffffffu;

struct Slot {
  enum class Kind : uint8_t {
    kInput,     // given by the caller
    kConstant,  // a weight, or folded
    kArena,     // at `offset` in the arena
    kView,      // the elements of slot `source` under another shape
    kResult,    // a graph output: fresh memory for each run
    kDynamic,   // made while running: its shape or kind is not known before
  };
  Kind kind = Kind::kDynamic;
  DType dtype = DType::kUndefined;
  Dims dims;
  int64_t offset = 0;
  SlotId source = kNoSlot;
  Tensor constant;
  Type expected;  // of a dynamic slot: what was inferred, checked when it is there
};

struct Step {
  const Node* node = nullptr;
  size_t node_index = 0;
  bool dynamic = false;        // shapes are inferred again from the actual inputs
  std::vector<SlotId> inputs;  // kNoSlot: absent
  SlotId first_output = 0;
  uint32_t output_count = 0;
  std::unique_ptr<PreparedKernel> kernel;  // null: the reference, or of a dynamic step the one chosen for each run
  std::string_view kernel_name = "reference";
  std::vector<std::string> refusals;  // "gemm.packed: dtype is not float32"
  std::vector<SlotId> release;        // dynamic slots nobody needs after this step
};

// The memory of one run in progress; reused by later runs.
struct Frame {
  std::shared_ptr<Buffer> arena;
  std::vector<Value> slots;
  std::vector<const Value*> operands;  // of the step at hand
};

class Plan {
 public:
  // What plans of one session have in common.
  struct Common {
    SharedForms* forms = nullptr;
    // Called with each constant that no step looks at any more, because kernels keep it in a form of their own; the
    // plan has let go of it. Empty: all constants stay.
    std::function<void(ValueId)> spent = {};
    // Called with the copy of each constant that a step needs aligned and that is not.
    std::function<void(ValueId, const Tensor&)> aligned = {};
  };

  // `inputs` are the concrete types of graph.all_inputs(). The graph must outlive the plan.
  static Result<std::unique_ptr<Plan>> create(const Graph& graph, std::span<const Type> inputs,
                                              const SessionOptions& options, const Common& common);

  // Memory for a kResult slot.
  Result<Tensor> allocate_result(const Slot& slot) const { return results_->allocate(slot.dtype, slot.dims); }
  std::unique_ptr<Frame> take_frame() const;  // null when memory is short
  void give_back(std::unique_ptr<Frame> frame) const;

  std::span<const Step> steps() const { return steps_; }
  std::span<const Slot> slots() const { return slots_; }
  std::span<const SlotId> input_slots() const { return input_slots_; }
  std::span<const SlotId> output_slots() const { return output_slots_; }
  std::span<const SlotId> value_slots() const { return value_slots_; }  // by ValueId
  int64_t arena_bytes() const { return arena_bytes_; }

 private:
  friend class Planner;
  std::vector<Step> steps_;
  std::vector<Slot> slots_;
  std::vector<SlotId> input_slots_;
  std::vector<SlotId> output_slots_;
  std::vector<SlotId> value_slots_;
  int64_t arena_bytes_ = 0;
  std::shared_ptr<ResultPool> results_ = std::make_shared<ResultPool>();

  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Frame>> idle_;
};

}  // namespace thane
