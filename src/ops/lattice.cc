#include "ops/lattice.h"

#include <algorithm>

namespace thane {

int64_t Lattice::positions() const {
  int64_t count = 1;
  for (const LatticeAxis& axis : axes) count *= axis.count;
  return count;
}

int64_t Lattice::taps() const {
  int64_t count = 1;
  for (const LatticeAxis& axis : axes) count *= axis.num_taps();
  return count;
}

LatticeRuns::LatticeRuns(const Lattice& lattice, int64_t begin, int64_t end) {
  const size_t rank = lattice.axes.size();
  const int64_t inner = lattice.axes.back().count;
  for (int64_t position = begin; position < end;) {
    LatticeRun run;
    run.column = position - begin;
    run.inner = position % inner;
    run.count = std::min(inner - run.inner, end - position);
    run.out_offset = run.inner * lattice.axes.back().out_stride;
    run.outer = static_cast<int64_t>(outer.size());
    outer.resize(outer.size() + rank - 1);
    int64_t rest = position / inner;
    for (size_t axis = rank - 1; axis-- > 0;) {
      const int64_t coordinate = rest % lattice.axes[axis].count;
      rest /= lattice.axes[axis].count;
      outer[static_cast<size_t>(run.outer) + axis] = coordinate;
      run.out_offset += coordinate * lattice.axes[axis].out_stride;
    }
    position += run.count;
    runs.push_back(run);
  }
}

TapRow::TapRow(const Lattice& lattice, int64_t tap) : offsets(lattice.axes.size()) {
  for (size_t axis = lattice.axes.size(); axis-- > 0;) {
    const LatticeAxis& a = lattice.axes[axis];
    offsets[axis] = a.taps[static_cast<size_t>(tap % a.num_taps())].offset;
    tap /= a.num_taps();
  }
  const LatticeAxis& inner = lattice.axes.back();
  const int64_t offset = offsets.back();
  first = offset >= 0 ? 0 : (-offset + inner.step - 1) / inner.step;
  last = offset >= inner.in ? 0 : (inner.in - 1 - offset) / inner.step + 1;
}

int64_t TapRow::base(const Lattice& lattice, const int64_t* outer) const {
  int64_t base = 0;
  for (size_t axis = 0; axis + 1 < lattice.axes.size(); ++axis) {
    const LatticeAxis& a = lattice.axes[axis];
    const int64_t position = outer[axis] * a.step + offsets[axis];
    if (position < 0 || position >= a.in) return -1;
    base += position * a.in_stride;
  }
  return base;
}

namespace {

std::vector<Tap> taps_of(const WindowAxis& axis, TapChoice choice) {
  int64_t first = 0, last = axis.kernel;
  if (choice == TapChoice::kMeeting) {
    // t·dilation ≥ -start of the last window; t·dilation < in - start of the first.
    const int64_t least = -axis.start(axis.out - 1), end = axis.in - axis.start(0);
    if (least > 0) first = (least + axis.dilation - 1) / axis.dilation;
    last = std::min(last, (end + axis.dilation - 1) / axis.dilation);
  }
  std::vector<Tap> taps;
  for (int64_t t = first; t < last; ++t) taps.push_back({t, t * axis.dilation - axis.pad_begin});
  return taps;
}

}  // namespace

Lattice window_lattice(const std::vector<WindowAxis>& axes, DataLayout layout, int64_t batch, int64_t in_channels,
                       int64_t out_channels, int64_t group, TapChoice choice) {
  Lattice lattice;
  lattice.batch = batch;
  lattice.group = group;
  lattice.in_channels = in_channels / group;
  lattice.out_channels = out_channels / group;
  const bool first = layout == DataLayout::kChannelsFirst;
  int64_t in_stride = first ? 1 : in_channels;
  int64_t out_stride = first ? 1 : out_channels;
  lattice.axes.resize(axes.size());
  for (size_t i = axes.size(); i-- > 0;) {
    const WindowAxis& axis = axes[i];
    LatticeAxis& a = lattice.axes[i];
    a.count = axis.out;
    a.in = axis.in;
    a.step = axis.stride;
    a.in_stride = in_stride;
    a.out_stride = out_stride;
    a.taps = taps_of(axis, choice);
    in_stride *= axis.in;
    out_stride *= axis.out;
  }
  lattice.in_channel_stride = first ? in_stride : 1;
  lattice.out_channel_stride = first ? out_stride : 1;
  lattice.in_batch_stride = first ? in_stride * in_channels : in_stride;
  lattice.out_batch_stride = first ? out_stride * out_channels : out_stride;
  return lattice;
}

}  // namespace thane
