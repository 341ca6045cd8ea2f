// Moving elements between strided places: what Transpose, Slice, Concat, Expand, Tile, Split, … all come down to.
#pragma once

#include <cstdint>
#include <span>

#include "base/dtype.h"
#include "base/threads.h"

namespace thane {

// to[i·to_strides] = from[i·from_strides] for every index i below `dims`. Strides are in elements, of any sign or zero;
// the three spans have one length. The places written must differ from each other and from the places read. Strings are
// assigned, all else is moved by size.
void copy_strided(DType dtype, std::span<const int64_t> dims, const void* from, std::span<const int64_t> from_strides,
                  void* to, std::span<const int64_t> to_strides, ThreadPool& threads);

// `count` consecutive elements. Ranges must not overlap.
void copy_elements(DType dtype, const void* from, void* to, int64_t count);

// `count` copies of the element at `value`, which lies outside the range written.
void fill_elements(DType dtype, const void* value, void* to, int64_t count);
// The same with the dtype's zero ("" for strings).
void fill_zero(DType dtype, void* to, int64_t count);

// Pointer to element `index`.
inline const void* element(DType dtype, const void* base, int64_t index) {
  return static_cast<const char*>(base) + index * static_cast<int64_t>(dtype_size(dtype));
}
inline void* element(DType dtype, void* base, int64_t index) {
  return static_cast<char*>(base) + index * static_cast<int64_t>(dtype_size(dtype));
}

}  // namespace thane
