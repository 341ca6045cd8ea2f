#include "ops/lattice.h"

#include <algorithm>
#include <limits>

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

bool offsets_fit(const Lattice& lattice) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  return lattice.in_batch_stride <= kMost && lattice.out_batch_stride <= kMost &&
         lattice.positions() <= kMost / std::max<int64_t>(1, lattice.taps());
}

std::vector<int32_t> tap_offsets(const Lattice& lattice) {
  const int64_t positions = lattice.positions(), taps = lattice.taps();
  std::vector<int32_t> offsets(static_cast<size_t>(positions * taps));
  std::vector<TapRow> rows;
  for (int64_t tap = 0; tap < taps; ++tap) rows.emplace_back(lattice, tap);
  const LatticeRuns runs(lattice, 0, positions);
  const LatticeAxis& inner = lattice.axes.back();
  for (const LatticeRun& run : runs.runs) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      const TapRow& row = rows[static_cast<size_t>(tap)];
      const int64_t base = row.base(lattice, runs.outer.data() + run.outer);
      for (int64_t i = 0; i < run.count; ++i) {
        const int64_t at = (run.inner + i) * inner.step + row.offsets.back();
        const bool inside = base >= 0 && at >= 0 && at < inner.in;
        offsets[static_cast<size_t>((run.column + i) * taps + tap)] =
            inside ? static_cast<int32_t>(base + at * inner.in_stride) : -1;
      }
    }
  }
  return offsets;
}

std::vector<int32_t> out_offsets(const Lattice& lattice) {
  std::vector<int32_t> offsets;
  offsets.reserve(static_cast<size_t>(lattice.positions()));
  const LatticeRuns runs(lattice, 0, lattice.positions());
  for (const LatticeRun& run : runs.runs) {
    for (int64_t i = 0; i < run.count; ++i) {
      offsets.push_back(static_cast<int32_t>(run.out_offset + i * lattice.axes.back().out_stride));
    }
  }
  return offsets;
}

}  // namespace thane
