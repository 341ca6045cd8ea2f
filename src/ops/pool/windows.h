// The loop under all poolings: windows reduced tap by tap, one run of neighbouring outputs at a time.
#pragma once

#include <algorithm>

#include "ops/lattice.h"
#include "ops/pool/pool.h"

namespace thane {

// The output shape of a pooling; nothing when the rank is unknown. Checks the attributes.
Result<std::optional<SymDims>> infer_pool_dims(const PoolAttrs& attrs, const SymDims* x);
// The windows over a concrete input.
Result<std::vector<WindowAxis>> resolve_pool(const PoolAttrs& attrs, const Dims& x);
Result<Lattice> pool_lattice(const PoolAttrs& attrs, const std::vector<WindowAxis>& axes, const Dims& x);

// How many elements the mean at an output position is over. With include_pad, padding counts, but not what a last
// window covers beyond it.
class AverageCounts {
 public:
  AverageCounts(const std::vector<WindowAxis>& axes, bool include_pad);
  double at(int64_t position) const;

 private:
  std::vector<std::vector<double>> counts_;  // per axis and position
};

// One run of outputs and one tap: output `first + i` (of `out`, counted from the run's start) meets input element
// `index + i · stride` of the whole tensor, for i in [0, count).
struct TapSpan {
  int64_t first, count;
  int64_t index, stride;
};

// The run being reduced.
struct PoolRun {
  int64_t position;  // of its first output among those of the channel
  int64_t count;
  int64_t offset, stride;  // where the outputs lie in the output tensor
};

inline constexpr int64_t kPoolRunOutputs = 1024;

// For each run of outputs: begin(run), then tap(run, span) for every tap that meets some of them, in ascending order,
// then end(run). `make()` gives a fresh reducer with these three functions for each thread.
template <class Make>
void for_each_window(const Lattice& lattice, ThreadPool& threads, const Make& make) {
  const int64_t positions = lattice.positions(), taps = lattice.taps();
  const int64_t channels = lattice.group * lattice.in_channels;
  const int64_t chunks = (positions + kPoolRunOutputs - 1) / kPoolRunOutputs;
  const LatticeAxis& inner = lattice.axes.back();
  std::vector<TapRow> rows;
  for (int64_t tap = 0; tap < taps; ++tap) rows.emplace_back(lattice, tap);
  const int64_t grain = 1 + 32768 / std::max<int64_t>(1, std::min(positions, kPoolRunOutputs) * taps);
  threads.parallel_for(lattice.batch * channels * chunks, grain, [&](int64_t begin, int64_t end) {
    auto reducer = make();
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first = unit % chunks * kPoolRunOutputs;
      const int64_t channel = unit / chunks % channels, image = unit / chunks / channels;
      const LatticeRuns tile(lattice, first, std::min(first + kPoolRunOutputs, positions));
      const int64_t in = image * lattice.in_batch_stride + channel * lattice.in_channel_stride;
      const int64_t out = image * lattice.out_batch_stride + channel * lattice.out_channel_stride;
      for (const LatticeRun& r : tile.runs) {
        const PoolRun run{first + r.column, r.count, out + r.out_offset, inner.out_stride};
        reducer.begin(run);
        for (const TapRow& row : rows) {
          const int64_t base = row.base(lattice, tile.outer.data() + r.outer);
          const int64_t low = std::max(row.first, r.inner), high = std::min(row.last, r.inner + r.count);
          if (base < 0 || low >= high) continue;
          const int64_t index = in + base + (low * inner.step + row.offsets.back()) * inner.in_stride;
          reducer.tap(run, TapSpan{low - r.inner, high - low, index, inner.step * inner.in_stride});
        }
        reducer.end(run);
      }
    }
  });
}

}  // namespace thane
