// Ops that were experimental in ai.onnx until opset 9 and then went; converters of Core ML and Caffe2 models used them.
// (Those that are sums and products only are in microsoft.cc.)
// Source: ONNX 1.4, docs/Operators.md, "experimental".
#include <algorithm>
#include <limits>

#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {
// Cuts left, top, right and bottom borders off height and width, or takes `scale` (height, width) from the left and top
// on.
Status crop(Rewrite& r) {
  THANE_ASSIGN(const Dims border, r.take_or("border", Dims{}));
  THANE_ASSIGN(const auto size, r.take<Dims>("scale"));
  if (border.size() != 4 || (size && size->size() != 2)) {
    return invalid_model("attribute 'border' or 'scale' has the wrong length").expecting("4 and 2 numbers");
  }
  for (int64_t b : border) {
    if (b < 0 || b > std::numeric_limits<int32_t>::max()) return invalid_model("a border out of range");
  }
  const auto end = [&](int64_t start, int64_t cut, size_t axis) {
    if (size) return start + std::min<int64_t>((*size)[axis], std::numeric_limits<int32_t>::max());
    return cut > 0 ? -cut : std::numeric_limits<int64_t>::max();
  };
  const Dims starts = {border[1], border[0]}, ends = {end(border[1], border[3], 0), end(border[0], border[2], 1)};
  r.become("Slice", {r.input(0), r.int64s(starts), r.int64s(ends), r.int64s({2, 3})});
  return ok();
}

Status mean_variance_axes(Rewrite& r) {
  THANE_ASSIGN(const int64_t across_channels, r.take_or<int64_t>("across_channels", 0));
  THANE_ASSIGN(const int64_t normalize_variance, r.take_or<int64_t>("normalize_variance", 1));
  if (!normalize_variance) return unsupported("normalize_variance=0");
  r.set("axes", across_channels ? Dims{0, 1, 2, 3} : Dims{0, 2, 3});
  return ok();
}

}  // namespace thane::onnx
