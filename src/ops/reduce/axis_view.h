// A tensor seen along one axis: element (o, i, k) of [outer, n, inner] lies at (o * n + i) * inner + k.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ir/context.h"

namespace thane {

struct AxisView {
  int64_t outer = 1;
  int64_t n = 1;
  int64_t inner = 1;

  AxisView(const Dims& dims, size_t axis) : n(dims[axis]) {
    for (size_t i = 0; i < axis; ++i) outer *= dims[i];
    for (size_t i = axis + 1; i < dims.size(); ++i) inner *= dims[i];
  }
};

// Lines along the axis that lie side by side are worked on together, so that memory is read in order.
inline constexpr int64_t kColumns = 64;

// Calls body(first, width) for every block of at most kColumns neighbouring lines; `first` is the index of the block's
// first element, the next elements of its lines follow `inner` further on each. Elements per range about 16384.
template <class Body>
void for_column_blocks(const AxisView& view, ThreadPool& threads, const Body& body) {
  const int64_t blocks = (view.inner + kColumns - 1) / kColumns;
  const int64_t elements = std::max<int64_t>(1, view.n * std::min(view.inner, kColumns));
  threads.parallel_for(view.outer * blocks, 16384 / elements + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t column = i % blocks * kColumns;
      body(i / blocks * view.n * view.inner + column, std::min(kColumns, view.inner - column));
    }
  });
}

}  // namespace thane
