// x[indices] with tensors, masks and gaps, as PyTorch's advanced indexing means it.
#pragma once

#include "formats/torch/aten/lowering.h"

namespace thane::aten {

struct Indices {
  Dims axes;                  // of the tensor, one per index
  std::vector<Edge> indices;  // int64, of one shape
  size_t rank = 0;            // of each
  bool adjacent = false;      // whether the axes are neighbours
  Dims perm;                  // the indexed axes first, then the others
};
// Absent edges stand for whole axes. Masks become positions.
Indices normalise_indices(Call& c, const Edge& x, const std::vector<Edge>& given);
// […, number of indices]
Edge joint_index(Call& c, const Indices& where);
Edge read_indices(Call& c, const Edge& x, const Indices& where);
Dims inverse_of(const Dims& perm);

}  // namespace thane::aten
