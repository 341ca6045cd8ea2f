// Making tensors that are views of others.
#pragma once

#include <functional>

#include "formats/torch/aten/lowering.h"

namespace thane::aten {

// Where the elements of a tensor lie, as PyTorch would have them: it decides what is a view and what a copy.
struct Placement {
  Dims dims, strides;
  int64_t offset = 0;
};

// Nothing when the shape is not known.
std::optional<Placement> placement_of(const Call& c, const TensorPtr& box);

using ViewFormula = std::function<Edge(const Ops&, const Edge& parent)>;
using WriteFormula = std::function<Edge(const Ops&, const Edge& parent, const Edge& changed)>;
// `placement`: of the result; nothing when unknown.
TensorPtr make_view(Call& c, const TensorPtr& parent, ViewFormula view, WriteFormula write,
                    const std::optional<Placement>& placement);

TensorPtr slice_view(Call& c, const TensorPtr& x, int64_t axis, const Edge& begin, const Edge& end, int64_t step);
TensorPtr slice_view(Call& c, const TensorPtr& x, int64_t axis, int64_t begin, int64_t end, int64_t step = 1);
TensorPtr select_view(Call& c, const TensorPtr& x, int64_t axis, const Value& index);
TensorPtr permute_view(Call& c, const TensorPtr& x, const Dims& perm);
// The same elements in the same order. What would be a copy in PyTorch is one here unless `always`.
TensorPtr reshape_view(Call& c, const TensorPtr& x, const Edge& shape, bool always = false);
// Any elements of x: `indices` into its flattened form, of the result's shape.
TensorPtr indexed_view(Call& c, const TensorPtr& x, thane::Tensor indices, const std::optional<Placement>& placement);

// `x` with `changed` written to positions begin, begin + step, … of an axis.
Edge write_slice(const Ops& ops, const Edge& x, const Edge& changed, int64_t axis, const Edge& begin, const Edge& end,
                 int64_t step);

}  // namespace thane::aten
