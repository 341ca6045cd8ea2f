// What Python's own names in a pickle mean: containers are made, the rest stays inert.
#pragma once

#include <string>
#include <string_view>

#include "formats/containers/pickle.h"

namespace thane {

// One spelling for names that moved: "__builtin__.set" → "builtins.set", "numpy._core…" → "numpy.core…".
std::string canonical_global(std::string_view module, std::string_view name);
// Null when `name` is no container of Python's. A row without `make` stays inert, but is nothing foreign.
const PickleConstructor* python_constructor(std::string_view name);

}  // namespace thane
