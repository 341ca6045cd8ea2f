// Tokens into the syntax tree.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "formats/torch/script/ast.h"

namespace thane::torchscript {

// How deep expressions and blocks may nest: what walks the tree may recurse.
inline constexpr int kMostNesting = 300;

// `source` must outlive the unit. `budget` is how many nodes may still be made, over all units of a file.
Result<std::unique_ptr<Unit>> parse_unit(std::string_view source, size_t& budget);

}  // namespace thane::torchscript
