// Inputs that are shapes, axes, sizes or indices: what inference knows of them, and their numbers at run time.
#pragma once

#include <optional>
#include <string_view>

#include "ir/context.h"

namespace thane {

// The numbers in input i, or nothing when it is absent or not known yet. Known contents that are no list (rank above 1,
// more than 4096 elements) are an error naming `what`, so that at run time, when everything is known, there is always
// an answer.
Result<std::optional<Dims>> known_ints(const InferContext& context, size_t i, std::string_view what);
// The same with symbolic elements allowed.
Result<std::optional<DimValues>> known_dims(const InferContext& context, size_t i, std::string_view what);
// Exactly one number.
Result<std::optional<int64_t>> known_int(const InferContext& context, size_t i, std::string_view what);

// The number of elements of input i when its shape tells; nothing also when it is absent.
std::optional<size_t> known_length(const InferContext& context, size_t i);

// All elements of an integer (or bool) tensor. Floats are truncated, and clamped to the range of int64.
Dims ints_of(const Tensor& tensor);

// Outputs must have numbers for dimensions once the inputs have. Arithmetic on dimensions turns overflow into
// "unknown", which is fine for symbols and an error for numbers: this is where it becomes one.
Status check_sizes(const InferContext& context, const SymDims& dims);

}  // namespace thane
