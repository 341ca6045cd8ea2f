// Attributes that a method changes, as state of a session.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "formats/torch/script/graph_domain.h"

namespace thane::torchscript {

// One variable. An attribute that may be None takes two: itself, and whether it is there.
struct StateSlot {
  enum class Kind : uint8_t { kTensor, kNumber, kString, kPresence };
  Kind kind = Kind::kTensor;
  std::string name;  // "decoder.cache"
  std::string path;  // of the module
  std::string attribute;
  Tensor initial;
  bool by_value() const { return kind != Kind::kTensor; }
};

// What the scout found, as far as it can be state: tensors, numbers, strings, optional tensors.
std::vector<StateSlot> describe_states(const std::vector<Unknown::Origin>& changed);

// The module with this path, below `model`; null when there is none.
InstancePtr find_module(const InstancePtr& model, const std::string& path);

// Before the run: attributes get the values that the last one left. `facts` belong to the slots.
Status open_states(const std::vector<StateSlot>& slots, std::span<const Fact> facts, const InstancePtr& model,
                   Machine& machine, GraphBuilder& main, GraphDomain& domain, std::vector<Edge>& edges);
// After it: what the next run shall see.
Status close_states(const std::vector<StateSlot>& slots, const InstancePtr& model, Machine& machine, GraphBuilder& main,
                    const std::vector<Edge>& edges);

}  // namespace thane::torchscript
