// What branches and loops share.
#pragma once

#include "formats/torch/script/graph_domain.h"

namespace thane::torchscript {

// A condition as an edge: bool, rank 0.
Result<Edge> condition_edge(Machine& machine, const Value& condition);

// One change to make after a control-flow node: a variable, or what an attribute, a list or a dict holds.
struct Pending {
  std::string_view name;
  const Journal::Entry* entry = nullptr;
  std::vector<Pattern> patterns;
  std::vector<Value> keys;  // of dicts
};
void apply(Machine& machine, Frame& frame, const Pending& pending, const std::vector<Edge>& outputs);

// What a changed thing holds after a body; what it holds now when `entry` is null.
std::vector<Value> contents(const Journal::Entry& like, const Journal::Entry* entry);

}  // namespace thane::torchscript
