#include "ops/window.h"

#include <algorithm>

#include "base/checked.h"
#include "base/format.h"

namespace thane {
namespace {

Status check_list(std::string_view name, const Dims& list, size_t length, int64_t least) {
  if (list.empty()) return ok();
  if (list.size() != length) {
    return invalid_model(format("{} {} has {} values", name, to_string(list), list.size()))
        .expecting(std::to_string(length));
  }
  for (int64_t v : list) {
    if (v < least || v >= kMaxWindowValue) {
      return invalid_model(format("{} {} is out of range", name, to_string(list)))
          .expecting(format("values from {} to {}", least, kMaxWindowValue - 1));
    }
  }
  return ok();
}

// Stride and dilation of one axis, and its explicit padding.
WindowAxis axis_of(const WindowAttrs& attrs, size_t i, size_t rank) {
  WindowAxis axis;
  if (!attrs.strides.empty()) axis.stride = attrs.strides[i];
  if (!attrs.dilations.empty()) axis.dilation = attrs.dilations[i];
  if (attrs.auto_pad == AutoPad::kNotSet && !attrs.pads.empty()) {
    axis.pad_begin = attrs.pads[i];
    axis.pad_end = attrs.pads[rank + i];
  }
  return axis;
}

bool same_padding(AutoPad pad) { return pad == AutoPad::kSameUpper || pad == AutoPad::kSameLower; }

void settle_same(WindowAxis& axis, bool lower) {
  axis.out = axis.in / axis.stride + (axis.in % axis.stride != 0);
  const int64_t pad = std::max<int64_t>(0, (axis.out - 1) * axis.stride + axis.extent() - axis.in);
  axis.pad_begin = lower ? pad - pad / 2 : pad / 2;
  axis.pad_end = pad - axis.pad_begin;
}

Status settle(WindowAxis& axis, AutoPad pad, WindowRounding rounding) {
  if (axis.kernel < 1 || axis.kernel >= kMaxWindowValue) {
    return invalid_model(format("a kernel of {} elements", axis.kernel)).expecting("at least 1, less than 2^31");
  }
  if (axis.in > INT64_MAX / 4) return resource_limit(format("a spatial axis of {} elements", axis.in));
  if (same_padding(pad)) return settle_same(axis, pad == AutoPad::kSameLower), ok();
  const int64_t room = axis.in + axis.pad_begin + axis.pad_end - axis.extent();
  axis.out = room < 0 ? 0 : room / axis.stride + 1;
  // Without padding (VALID) the definition of a pooling rounds down whatever ceil_mode says.
  const bool hangs = pad == AutoPad::kNotSet && rounding == WindowRounding::kCeil && room > -axis.stride;
  if (hangs && room % axis.stride != 0 && axis.out * axis.stride < axis.in + axis.pad_begin) ++axis.out;
  if (axis.out == 0) {
    return invalid_model(format("a window of {} elements ({}, dilation {}) over {} with padding {} and {}",
                                axis.extent(), axis.kernel, axis.dilation, axis.in, axis.pad_begin, axis.pad_end))
        .expecting("a window that fits into the padded input");
  }
  return ok();
}

}  // namespace

Status check_window(const WindowAttrs& attrs, size_t rank) {
  THANE_TRY(check_list("strides", attrs.strides, rank, 1));
  THANE_TRY(check_list("dilations", attrs.dilations, rank, 1));
  if (attrs.auto_pad == AutoPad::kNotSet) THANE_TRY(check_list("pads", attrs.pads, 2 * rank, 0));
  return ok();
}

Result<std::vector<WindowAxis>> resolve_window(const WindowAttrs& attrs, const Dims& in, const Dims& kernel,
                                               WindowRounding rounding) {
  THANE_TRY(check_window(attrs, in.size()));
  if (kernel.size() != in.size()) {
    return invalid_model(format("the kernel {} has {} axes", to_string(kernel), kernel.size()))
        .expecting(format("{}, one per spatial axis", in.size()));
  }
  std::vector<WindowAxis> axes;
  for (size_t i = 0; i < in.size(); ++i) {
    WindowAxis axis = axis_of(attrs, i, in.size());
    axis.in = in[i];
    axis.kernel = kernel[i];
    THANE_TRY(settle(axis, attrs.auto_pad, rounding));
    axes.push_back(axis);
  }
  return axes;
}

Result<SymDims> infer_window(const WindowAttrs& attrs, const SymDims& in, const SymDims& kernel,
                             WindowRounding rounding) {
  THANE_TRY(check_window(attrs, in.size()));
  if (kernel.size() != in.size()) {
    return invalid_model(format("the kernel {} has {} axes", to_string(kernel), kernel.size()))
        .expecting(format("{}, one per spatial axis", in.size()));
  }
  SymDims out;
  for (size_t i = 0; i < in.size(); ++i) {
    WindowAxis axis = axis_of(attrs, i, in.size());
    if (in[i].is_number() && kernel[i].is_number()) {
      axis.in = in[i].number();
      axis.kernel = kernel[i].number();
      THANE_TRY(settle(axis, attrs.auto_pad, rounding));
      out.push_back(axis.out);
    } else if (same_padding(attrs.auto_pad)) {
      out.push_back(Dim::ceil_div(in[i], axis.stride));
    } else if (attrs.auto_pad == AutoPad::kNotSet && rounding == WindowRounding::kCeil && axis.stride != 1) {
      out.push_back(Dim::unknown());  // which of the two formulas holds depends on the size
    } else {
      const Dim extent = (kernel[i] - 1) * axis.dilation + 1;
      const Dim room = in[i] + (axis.pad_begin + axis.pad_end) - extent;
      out.push_back(Dim::floor_div(room, axis.stride) + 1);
    }
  }
  return out;
}

}  // namespace thane
