// Sliding windows as loops: a lattice of output positions, each reading the input under a set of taps. A Conv or a
// pooling is one lattice; a ConvTranspose is one per phase of its strides, each with the taps that meet that phase.
#pragma once

#include <vector>

#include "ops/layout.h"
#include "ops/window.h"

namespace thane {

// Kernel element `kernel_index` reads input position q·step + offset at lattice position q.
struct Tap {
  int64_t kernel_index;
  int64_t offset;
};

struct LatticeAxis {
  int64_t count = 0;       // lattice positions
  int64_t in = 0;          // input positions
  int64_t step = 1;        // input positions between neighbours of the lattice
  int64_t in_stride = 1;   // elements between neighbouring input positions
  int64_t out_stride = 1;  // elements between outputs of neighbouring lattice positions
  std::vector<Tap> taps;

  int64_t num_taps() const { return static_cast<int64_t>(taps.size()); }
};

struct Lattice {
  int64_t batch = 0;
  int64_t group = 1;
  int64_t in_channels = 0;   // of one group
  int64_t out_channels = 0;  // of one group
  int64_t in_batch_stride = 0, in_channel_stride = 0;
  int64_t out_batch_stride = 0, out_channel_stride = 0;
  int64_t out_offset = 0;
  std::vector<LatticeAxis> axes;  // at least one

  int64_t positions() const;
  int64_t taps() const;
};

// A neighbour run: `count` lattice positions along the last axis.
struct LatticeRun {
  int64_t column;  // of the first, counted from the start of the tile
  int64_t count;
  int64_t inner;       // its index along the last axis
  int64_t out_offset;  // of its output, relative to image and channel
  int64_t outer;       // index of its outer coordinates in LatticeRuns::outer
};

// The runs of a range of lattice positions.
struct LatticeRuns {
  LatticeRuns(const Lattice& lattice, int64_t begin, int64_t end);
  std::vector<LatticeRun> runs;
  std::vector<int64_t> outer;  // per run: coordinates along all axes but the last
};

enum class TapChoice : uint8_t {
  kAll,
  kMeeting,  // leaves out taps too far off the input to meet it from any window: pooling kernels may be of any size
};

// The lattice of all windows. Channels are those of all groups.
Lattice window_lattice(const std::vector<WindowAxis>& axes, DataLayout layout, int64_t batch, int64_t in_channels,
                       int64_t out_channels, int64_t group, TapChoice choice);

// Where the taps of one patch row meet the input: relative to image and channel.
struct TapRow {
  TapRow(const Lattice& lattice, int64_t tap);
  // Element offset of the outer coordinates, or -1 when they are in the padding.
  int64_t base(const Lattice& lattice, const int64_t* outer) const;
  std::vector<int64_t> offsets;  // per axis
  int64_t first, last;           // lattice positions of the last axis whose input exists: [first, last)
};

// For kernels that go by tables: element offsets within one image (of one channel, or of the first of a pixel's) of
// every tap of every position, -1 in the padding; and of every position's output. offsets_fit says whether 32 bits
// suffice.
bool offsets_fit(const Lattice& lattice);
std::vector<int32_t> tap_offsets(const Lattice& lattice);
std::vector<int32_t> out_offsets(const Lattice& lattice);

}  // namespace thane
