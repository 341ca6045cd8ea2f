// Sliding windows: what convolutions and poolings share. Formulas: ONNX operators Conv and MaxPool (version 22).
#pragma once

#include <vector>

#include "ir/attrs.h"
#include "ir/dim.h"

namespace thane {

enum class AutoPad : uint8_t { kNotSet, kSameUpper, kSameLower, kValid };
inline constexpr std::string_view kAutoPadNames[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};

// Empty lists take their defaults: 1 for strides and dilations, 0 for pads.
struct WindowAttrs : Attrs {
  AutoPad auto_pad = AutoPad::kNotSet;
  Dims strides;
  Dims dilations;
  Dims pads;  // begins of all axes, then ends; ignored unless auto_pad is kNotSet
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("auto_pad", self.auto_pad, kAutoPadNames);
    v("strides", self.strides);
    v("dilations", self.dilations);
    v("pads", self.pads);
  }
};

// One spatial axis with everything settled. Output position o covers the input positions
// o·stride - pad_begin + t·dilation for t in [0, kernel), of which those outside [0, in) are padding.
struct WindowAxis {
  int64_t in = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;
  int64_t out = 0;

  int64_t extent() const { return (kernel - 1) * dilation + 1; }
  int64_t start(int64_t o) const { return o * stride - pad_begin; }
};

enum class WindowRounding : uint8_t {
  kFloor,
  kCeil,  // a last window may hang over the end, if it starts before the end padding
};

// Numbers from a file stay below this, so that products of two of them fit 64 bits.
inline constexpr int64_t kMaxWindowValue = int64_t{1} << 31;

// Checks lengths and ranges of the lists against `rank` spatial axes.
Status check_window(const WindowAttrs& attrs, size_t rank);

// All axes settled, for concrete inputs and kernels; both of the spatial rank. Checks the attributes.
Result<std::vector<WindowAxis>> resolve_window(const WindowAttrs& attrs, const Dims& in, const Dims& kernel,
                                               WindowRounding rounding = WindowRounding::kFloor);

// The spatial output shape; numbers where input and kernel are numbers.
Result<SymDims> infer_window(const WindowAttrs& attrs, const SymDims& in, const SymDims& kernel,
                             WindowRounding rounding = WindowRounding::kFloor);

}  // namespace thane
