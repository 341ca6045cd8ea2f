// Walking several tensors of different shapes in step, as NumPy broadcasts them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>

#include "ir/tensor.h"

namespace thane {

// How K operands map onto one output: the output's dimensions with neighbours merged wherever no operand minds, and
// each operand's strides over them, in elements. Innermost strides are 0 (one element repeated) or 1.
template <size_t K>
struct BroadcastWalk {
  int64_t size = 1;   // output elements
  int64_t inner = 1;  // length of the innermost dimension
  std::array<int64_t, K> inner_strides{};
  Dims outer;  // the other dimensions, outermost first
  std::array<Dims, K> strides;

  // Every operand's dims must broadcast to `out`.
  BroadcastWalk(const Dims& out, std::array<const Dims*, K> operands);

  // Calls row(offsets, at, n) for runs that cover the output elements [begin, end): the run starts at output element
  // `at` and at element offsets[k] of operand k.
  template <class Row>
  void for_rows(int64_t begin, int64_t end, const Row& row) const;
};

template <size_t K>
BroadcastWalk<K>::BroadcastWalk(const Dims& out, std::array<const Dims*, K> operands) {
  Dims merged;  // innermost first while building
  std::array<Dims, K> merged_strides;
  std::array<int64_t, K> running;
  running.fill(1);
  for (size_t from_end = 0; from_end < out.size(); ++from_end) {
    const int64_t dim = out[out.size() - 1 - from_end];
    size *= dim;
    std::array<int64_t, K> stride{};
    for (size_t k = 0; k < K; ++k) {
      const Dims& dims = *operands[k];
      const int64_t own = from_end < dims.size() ? dims[dims.size() - 1 - from_end] : 1;
      stride[k] = own == 1 ? 0 : running[k];
      running[k] *= own;
    }
    if (dim == 1) continue;
    bool merges = !merged.empty();
    for (size_t k = 0; k < K; ++k) merges &= !merged.empty() && stride[k] == merged_strides[k].back() * merged.back();
    if (merges) {
      merged.back() *= dim;
    } else {
      merged.push_back(dim);
      for (size_t k = 0; k < K; ++k) merged_strides[k].push_back(stride[k]);
    }
  }
  if (merged.empty()) return;
  inner = merged.front();
  outer.assign(merged.rbegin(), merged.rend() - 1);
  for (size_t k = 0; k < K; ++k) {
    inner_strides[k] = merged_strides[k].front();
    strides[k].assign(merged_strides[k].rbegin(), merged_strides[k].rend() - 1);
  }
}

template <size_t K>
template <class Row>
void BroadcastWalk<K>::for_rows(int64_t begin, int64_t end, const Row& row) const {
  if (begin >= end) return;
  int64_t column = begin % inner;
  Dims index(outer.size());
  std::array<int64_t, K> base{};
  int64_t rest = begin / inner;
  for (size_t axis = outer.size(); axis-- > 0;) {
    index[axis] = rest % outer[axis];
    rest /= outer[axis];
    for (size_t k = 0; k < K; ++k) base[k] += index[axis] * strides[k][axis];
  }
  for (int64_t at = begin; at < end;) {
    const int64_t n = std::min(inner - column, end - at);
    std::array<int64_t, K> offsets;
    for (size_t k = 0; k < K; ++k) offsets[k] = base[k] + column * inner_strides[k];
    row(offsets, at, n);
    at += n;
    column = 0;
    for (size_t axis = outer.size(); axis-- > 0;) {
      for (size_t k = 0; k < K; ++k) base[k] += strides[k][axis];
      if (++index[axis] < outer[axis]) break;
      for (size_t k = 0; k < K; ++k) base[k] -= strides[k][axis] * outer[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace thane
