// Two vectors of channels of a few neighbouring outputs at a time. Kernels of three columns, which are nearly all there
// are, load each pair of pixels once for all outputs that it counts for.
#include "kernels/integer/depthwise.h"

#include "kernels/integer/finish.h"
#include "kernels/register_tile.h"

namespace thane::THANE_ISA {
namespace {

constexpr int kBlock = 2 * kLanes;  // channels
constexpr int kPixels = 4;          // outputs

constexpr int64_t block_start(int64_t block, int64_t channels) {
  return (block + 1) * kBlock <= channels || channels < kBlock ? block * kBlock : channels - kBlock;
}
constexpr int64_t blocks_of(int64_t channels) { return (channels + kBlock - 1) / kBlock; }

// A block's channels of a pixel, `count` of which exist; kWhole: all.
template <class Byte, bool kWhole>
THANE_INLINE ShortVec channels_of(const uint8_t* pixel, int64_t count) {
  if constexpr (kWhole) return widened(load_as<HalfBytes<Byte>>(pixel));
#if defined(__AVX512BW__)
  return widened(reinterpret_cast<HalfBytes<Byte>>(_mm256_maskz_loadu_epi8((1u << count) - 1, pixel)));
#else
  HalfBytes<Byte> some{};
  __builtin_memcpy(&some, pixel, static_cast<size_t>(count));
  return widened(some);
#endif
}

struct Block {
  const int32_t* weights;
  int64_t start, count;  // channels
};

constexpr int kSharedColumns = 3;

// P outputs from `first` on; what the epilogue makes of them goes to `to`, from its column `column` on. kShared: the
// stride, where kernels have kSharedColumns columns side by side; 0: whatever they have.
template <class Byte, bool kWhole, int P, int kShared>
void tile(const IntegerDepthwiseRun& run, const Block& block, int64_t first, const IntegerEpilogue& epilogue,
          int64_t column, void* to, int64_t stride) {
  IntVec sums[P][2];
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) sums[p][0] = sums[p][1] = IntVec{};
  const int32_t* weights = block.weights;
  for (int64_t row = 0; row < run.rows; row += 2, weights += run.columns * kBlock) {
    const uint8_t* const* a = run.lines[row] + first * run.stride;
    const uint8_t* const* b = run.lines[row + 1 < run.rows ? row + 1 : row] + first * run.stride;  // a again: times 0
    const auto pair = [&](int64_t i) {
      return PairsOfLanes(channels_of<Byte, kWhole>(a[i] + block.start, block.count),
                          channels_of<Byte, kWhole>(b[i] + block.start, block.count));
    };
    const auto add = [&](int p, const PairsOfLanes& both, int64_t kernel_column) {
      const int32_t* at = weights + kernel_column * kBlock;
      sums[p][0] += dot_pairs(both.low, load_as<IntVec>(at));
      sums[p][1] += dot_pairs(both.high, load_as<IntVec>(at + kLanes));
    };
    if constexpr (kShared == 0) {
      for (int64_t c = 0; c < run.columns; ++c) {
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) add(p, pair(p * run.stride + c * run.dilation), c);
      }
    } else {
#pragma GCC unroll 9
      for (int i = 0; i < (P - 1) * kShared + kSharedColumns; ++i) {
        const PairsOfLanes both = pair(i);
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) {
          if (const int c = i - p * kShared; c >= 0 && c < kSharedColumns) add(p, both, c);
        }
      }
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) restore_order(sums[p][0], sums[p][1]);
  finish_tile<P == kPixels>(epilogue, column, sums, to, stride);
}

using Tile = void (*)(const IntegerDepthwiseRun& run, const Block& block, int64_t first,
                      const IntegerEpilogue& epilogue, int64_t column, void* to, int64_t stride);
// Short lines go pixel by pixel, as do blocks that channels do not fill, of which a line has one at most: their code
// stays small.
struct Tiles {
  int64_t pixels;
  Tile tile;
};

template <class Byte>
Tiles tiles_of(const IntegerDepthwiseRun& run) {
  if (run.pixels < kPixels) return {1, tile<Byte, true, 1, 0>};
  if (run.columns == kSharedColumns && run.dilation == 1) {
    if (run.stride == 1) return {kPixels, tile<Byte, true, kPixels, 1>};
    if (run.stride == 2) return {kPixels, tile<Byte, true, kPixels, 2>};
  }
  return {kPixels, tile<Byte, true, kPixels, 0>};
}

// Calls use(first) for tiles that cover [0, n); the last one may overlap the one before.
template <class Use>
THANE_INLINE void for_each_first(int64_t n, int64_t tile, const Use& use) {
  for (int64_t i = 0; i < n; i += tile) use(i + tile <= n ? i : n - tile);
}

// Whether tiles of a block of so many channels go to where they belong at once.
bool finishes(const IntegerDepthwiseRun& run, int64_t channels, const Tiles& tiles) {
  return finishes_tiles(run.epilogue, channels, kBlock, tiles.pixels == kPixels);
}
void run_tile(const IntegerDepthwiseRun& run, const Block& block, const Tiles& tiles, int64_t first) {
  int8_t* y = static_cast<int8_t*>(run.y) + first * run.channels + block.start;
  tiles.tile(run, block, first, run.epilogue, block.start, y, run.channels);
}

void run_block(const IntegerDepthwiseRun& run, const Block& block, const Tiles& tiles) {
  if (finishes(run, block.count, tiles)) {
    return for_each_first(run.pixels, tiles.pixels, [&](int64_t first) { run_tile(run, block, tiles, first); });
  }
  int8_t* y = static_cast<int8_t*>(run.y) + block.start;
  int32_t sums[kHeldRows * kBlock];
  for_each_tile(run.pixels, kHeldRows, [&](int64_t begin, int64_t pixels) {
    for_each_first(pixels, tiles.pixels,
                   [&](int64_t first) { tiles.tile(run, block, begin + first, {}, 0, sums + first * kBlock, kBlock); });
    finish_rows(run.epilogue, block.start, sums, kBlock, pixels, block.count, y + begin * run.channels, run.channels);
  });
}

// Lines of input up to so many bytes stay in L1 while one block after the other reads them; of longer ones, all
// channels of a few pixels are read at a time.
constexpr int64_t kNearby = 20000;

template <class Byte>
void run_blocks(const IntegerDepthwiseRun& run) {
  if (run.channels < kBlock) {
    return run_block(run, {run.weights, 0, run.channels}, {1, tile<Byte, false, 1, 0>});
  }
  const Tiles tiles = tiles_of<Byte>(run);
  const int64_t size = (run.rows + 1) / 2 * run.columns * kBlock;
  const auto block = [&](int64_t i) { return Block{run.weights + i * size, block_start(i, run.channels), kBlock}; };
  if (!finishes(run, kBlock, tiles) || run.rows * run.pixels * run.stride * run.channels < kNearby) {
    for (int64_t i = 0; i < blocks_of(run.channels); ++i) run_block(run, block(i), tiles);
    return;
  }
  for_each_first(run.pixels, tiles.pixels, [&](int64_t first) {
    for (int64_t i = 0; i < blocks_of(run.channels); ++i) run_tile(run, block(i), tiles, first);
  });
}

void run_line(const IntegerDepthwiseRun& run) noexcept {
  run.is_signed ? run_blocks<int8_t>(run) : run_blocks<uint8_t>(run);
}

void pack(int64_t channels, int64_t rows, int64_t columns, const int16_t* weights, int32_t* packed) noexcept {
  for (int64_t i = 0; i < blocks_of(channels); ++i) {
    const int64_t start = block_start(i, channels);
    for (int64_t tap = 0; tap < (rows + 1) / 2 * columns; ++tap, packed += kBlock) {
      const int64_t row = tap / columns * 2, column = tap % columns;
      for (int lane = 0; lane < kBlock; ++lane) {
        const int64_t c = start + lane_of_low_pair(lane % kLanes) + (lane < kLanes ? 0 : 4);
        const auto weight = [&](int64_t r) {
          return static_cast<uint16_t>(c < channels && r < rows ? weights[(c * rows + r) * columns + column] : 0);
        };
        packed[lane] = static_cast<int32_t>(uint32_t{weight(row + 1)} << 16 | weight(row));
      }
    }
  }
}

}  // namespace

extern const IntegerDepthwise kIntegerDepthwise;
const IntegerDepthwise kIntegerDepthwise = {kBlock, run_line, pack};

}  // namespace thane::THANE_ISA
