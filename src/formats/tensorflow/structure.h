// Structured control flow made of either kind of TensorFlow's: what runs in a branch or an iteration comes as a
// function that fills a builder.
#pragma once

#include <functional>

#include "formats/tensorflow/import.h"

namespace thane::tensorflow {

// Of control flow of the first kind.
inline bool is_merge(std::string_view op) { return op == "Merge" || op == "RefMerge"; }
inline bool is_exit(std::string_view op) { return op == "Exit" || op == "RefExit"; }

struct BranchBody {
  int64_t value;  // of the condition or index; the last branch also takes what is out of range
  std::function<Result<std::vector<Item>>(GraphBuilder& builder, StateScope& scope)> fill;
};

// An If (or, for an index, a chain of them). All branches deliver the same number of items; variables assigned in any
// of them are assigned after it. A bool condition takes the branches 0 and 1.
Result<std::vector<Item>> emit_branches(Frame& frame, const Edge& condition, const std::vector<BranchBody>& bodies,
                                        const std::string& name);

struct LoopBody {
  std::function<Result<Item>(GraphBuilder& builder, StateScope& scope, const std::vector<Item>& values)> condition;
  std::function<Result<std::vector<Item>>(GraphBuilder& builder, StateScope& scope, const std::vector<Item>& values)>
      step;
  // Values that come around unchanged, as far as that shows without translating: they stay what they are, and what is
  // known of them stays known. One entry per value.
  std::vector<bool> invariant;
};

// A Loop that runs `step` while `condition` holds. Handles among the values must come around unchanged.
Result<std::vector<Item>> emit_loop(Frame& frame, const std::vector<Item>& initial, const LoopBody& body,
                                    const std::string& name);

}  // namespace thane::tensorflow
