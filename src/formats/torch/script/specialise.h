// One method of an archive, and the graphs made of it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "formats/torch/script/load.h"
#include "formats/torch/script/signature.h"
#include "formats/torch/script/states.h"

namespace thane::torchscript {

// All that is known of a method before its inputs are; shared by the graphs made of it.
struct Method {
  std::shared_ptr<const Loaded> loaded;
  const Function* function = nullptr;
  Inputs inputs;
  OutputSlot output;
  std::vector<const OutputSlot*> outputs;  // leaves of `output`
  std::vector<StateSlot> states;
};

// The graph for these facts about the inputs, then the states (see Model::specialise).
Result<Graph> specialise(const Method& method, std::span<const Fact> facts);

}  // namespace thane::torchscript
