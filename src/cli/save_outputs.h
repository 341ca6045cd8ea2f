// Results as files: one per tensor, and outputs.json that lists them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/value.h"

namespace thane::cli {

// Writes each output into `folder` (made if needed) as NAME.npy, or NAME.pb with `as_pb`, and outputs.json:
//   {"outputs": [{"name", "file", "dtype", "shape"}]}
// in order. Strings in .npy also have "lengths". As .npy, a sequence has "items" and a map "keys" and "values" instead
// of a file of its own, each with its files inside; an optional without a value has "kind": "none" and no file. As .pb,
// sequences and maps are one file each. Names that make no file name are changed, and numbered where two would
// coincide.
Status save_outputs(const std::string& folder, std::span<const std::string> names, std::span<const Value> values,
                    bool as_pb);

}  // namespace thane::cli
