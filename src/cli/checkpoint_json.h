// Checkpoints as JSON.
#pragma once

#include "cli/json.h"
#include "formats/lightning/training.h"

namespace thane::cli {

// A pickled value: dicts as objects, lists, tuples and sets as arrays, tensors as {"tensor": dtype, "shape"}, bytes as
// {"bytes": count}, inert names as {"global"} and inert objects as {"class", "args", "kwargs", "state", "dict",
// "items"}. What lies deeper than 64 levels, or leads back to itself, becomes {"cut": true}.
void add_pickled(Json& json, const PickleValue& value);

// Fields of an open object: everything but the manifest.
void add_checkpoint(Json& json, const Checkpoint& checkpoint);

}  // namespace thane::cli
