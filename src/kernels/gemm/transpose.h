// From the way weights lie in files, every output's one after the other, to the way panels hold them: an input's for
// all outputs side by side.
#pragma once

#include <cstdint>

namespace thane {

// Column j of `columns` is from[j·stride …], rows · taps numbers that may lie unaligned: `taps` for each row. Number t
// of row i goes to to[(t·rows + i)·width + j], times `scale`; the columns up to `width` are 0.
void transpose_columns(int64_t rows, int64_t taps, int64_t columns, const float* from, int64_t stride, float scale,
                       float* to, int64_t width);

}  // namespace thane
