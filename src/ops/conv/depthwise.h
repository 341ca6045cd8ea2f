// What the kernels of depthwise convolution share.
#pragma once

#include <algorithm>

#include "kernels/depthwise/depthwise.h"
#include "ops/conv/conv.h"

namespace thane {

// Weights [channels][1][kernel…], at any address, as [kernel…][channels].
Result<Tensor> pack_depthwise(const Tensor& weights);

// A row of outputs of this convolution, but for the pointers to its data. `weights` are packed and must outlive it.
DepthwiseRun depthwise_run(const ConvShape& shape, const Tensor& weights, const Activation& activation);

// The axis along which lines follow each other; a single line has one all the same.
inline WindowAxis row_axis(const ConvShape& shape) {
  return shape.axes.size() > 1 ? shape.axes[shape.axes.size() - 2] : WindowAxis{.in = 1, .out = 1};
}

// Lines of outputs that go together: neighbours that read the same lines of input but one.
inline int64_t lines_together(const ConvShape& shape) {
  const bool share = shape.axes.size() == 2 && shape.axes[0].stride == 1 && shape.axes[0].dilation == 1;
  return share && shape.axes[1].stride == 1 ? kDepthwiseLines : 1;
}

// Pixels of input that a line of outputs reaches over.
inline int64_t reach(const WindowAxis& axis) {
  return (std::max<int64_t>(axis.out, 1) - 1) * axis.stride + axis.extent();
}
// Kernels keep a place for each pixel of the lines under their taps: whether those are too many.
inline bool is_wide(const ConvShape& shape) {
  constexpr int64_t kMostPixels = 1 << 22;
  int64_t pixels = reach(shape.axes.back());
  for (size_t i = shape.axes.size() - 1; i-- > 0 && pixels <= kMostPixels;) {
    const int64_t lines = shape.axes[i].extent();
    if (lines > kMostPixels) return true;
    pixels *= lines;
  }
  return pixels > kMostPixels;
}

// Pointers to those pixels; `outside` in the padding. `line` is where a line of the input starts.
template <class T>
void find_columns(const WindowAxis& axis, const T* line, int64_t channels, const T* outside, const T** columns) {
  const int64_t count = reach(axis);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = i - axis.pad_begin;
    columns[i] = at >= 0 && at < axis.in ? line + at * channels : outside;
  }
}

// The lines of input that a line of outputs reads, or a few that go together do. A line that stays while the window
// moves on keeps its pointers.
template <class T>
class LineWindow {
 public:
  LineWindow(const WindowAxis& rows, const WindowAxis& pixels, int64_t channels, const T* outside,
             int64_t out_lines = 1)
      : rows_(rows),
        pixels_(pixels),
        channels_(channels),
        outside_(outside),
        held_(static_cast<size_t>(rows.extent() + out_lines - 1), -1),
        columns_(held_.size() * static_cast<size_t>(reach(pixels))),
        nothing_(static_cast<size_t>(reach(pixels)), outside) {}

  int64_t size() const { return static_cast<int64_t>(held_.size()); }
  // Of a line of the image.
  int64_t slot(int64_t line) const { return line % size(); }

  // Sets lines[0 … kernel + out_lines - 2] to the pointers under the taps of outputs from `row` of an image on. Where a
  // line of it starts, enter(line) says, which is called once when the line enters the window. A negative image lies in
  // the padding as a whole.
  template <class Enter>
  void find(int64_t image, int64_t row, int64_t out_lines, const Enter& enter, const T* const** lines) {
    for (int64_t t = 0; t < rows_.kernel + out_lines - 1; ++t) {
      const int64_t line = rows_.start(row) + t * rows_.dilation;
      lines[t] = nothing_.data();
      if (image < 0 || line < 0 || line >= rows_.in) continue;
      const T** columns = columns_.data() + slot(line) * reach(pixels_);
      if (int64_t& held = held_[static_cast<size_t>(slot(line))]; held != image * rows_.in + line) {
        find_columns(pixels_, enter(line), channels_, outside_, columns);
        held = image * rows_.in + line;
      }
      lines[t] = columns;
    }
  }

 private:
  WindowAxis rows_, pixels_;
  int64_t channels_;
  const T* outside_;
  std::vector<int64_t> held_;      // the line of all images in each slot
  std::vector<const T*> columns_;  // [slots][reach]
  std::vector<const T*> nothing_;
};

}  // namespace thane
