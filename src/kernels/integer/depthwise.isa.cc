// Two vectors of channels of a few neighbouring outputs at a time; the weights of a pair of taps stay in registers for
// all of them.
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

// P outputs from `first` on; what the epilogue makes of them goes to `to`, from its column `column` on.
template <class Byte, bool kWhole, int P>
void tile(const IntegerDepthwiseRun& run, const Block& block, int64_t first, const IntegerEpilogue& epilogue,
          int64_t column, void* to, int64_t stride) {
  IntVec sums[P][2];
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) sums[p][0] = sums[p][1] = IntVec{};
  const IntegerTap* tap = run.taps;
  const int32_t* weights = block.weights;
  for (int64_t pair = 0; pair < run.pairs; ++pair, tap += 2, weights += kBlock) {
    const IntVec low = load_as<IntVec>(weights), high = load_as<IntVec>(weights + kLanes);
    const uint8_t* const* a = run.lines[tap[0].line] + first * run.stride + tap[0].column;
    const uint8_t* const* b = run.lines[tap[1].line] + first * run.stride + tap[1].column;
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) {
      const PairsOfLanes both(channels_of<Byte, kWhole>(a[p * run.stride] + block.start, block.count),
                              channels_of<Byte, kWhole>(b[p * run.stride] + block.start, block.count));
      sums[p][0] += dot_pairs(both.low, low);
      sums[p][1] += dot_pairs(both.high, high);
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) restore_order(sums[p][0], sums[p][1]);
  finish_tile<P, 2>(epilogue, column, sums, to, stride);
}

// Blocks that channels do not fill, of which a line has one at most, go pixel by pixel: their code stays small.
template <bool kWhole>
constexpr int kMostPixels = kWhole ? kPixels : 1;

template <class Byte, bool kWhole, int P = kMostPixels<kWhole>>
THANE_INLINE void tile_of(int64_t count, const IntegerDepthwiseRun& run, const Block& block, int64_t first,
                          const IntegerEpilogue& epilogue, int64_t column, void* to, int64_t stride) {
  if (count == P) return tile<Byte, kWhole, P>(run, block, first, epilogue, column, to, stride);
  if constexpr (P > 1) tile_of<Byte, kWhole, P - 1>(count, run, block, first, epilogue, column, to, stride);
}

template <class Byte, bool kWhole>
void run_block(const IntegerDepthwiseRun& run, const Block& block) {
  int8_t* y = static_cast<int8_t*>(run.y) + block.start;
  if (finishes_tiles(run.epilogue, block.count, kBlock)) {
    for_each_tile(run.pixels, kMostPixels<kWhole>, [&](int64_t first, int64_t count) {
      tile_of<Byte, kWhole>(count, run, block, first, run.epilogue, block.start, y + first * run.channels,
                            run.channels);
    });
    return;
  }
  int32_t sums[kHeldRows * kBlock];
  for_each_tile(run.pixels, kHeldRows, [&](int64_t begin, int64_t pixels) {
    for_each_tile(pixels, kMostPixels<kWhole>, [&](int64_t first, int64_t count) {
      tile_of<Byte, kWhole>(count, run, block, begin + first, {}, 0, sums + first * kBlock, kBlock);
    });
    finish_rows(run.epilogue, block.start, sums, kBlock, pixels, block.count, y + begin * run.channels, run.channels);
  });
}

template <class Byte>
void run_blocks(const IntegerDepthwiseRun& run) {
  if (run.channels < kBlock) return run_block<Byte, false>(run, {run.weights, 0, run.channels});
  for (int64_t i = 0; i < blocks_of(run.channels); ++i) {
    run_block<Byte, true>(run, {run.weights + i * run.pairs * kBlock, block_start(i, run.channels), kBlock});
  }
}

void run_line(const IntegerDepthwiseRun& run) noexcept {
  run.is_signed ? run_blocks<int8_t>(run) : run_blocks<uint8_t>(run);
}

void pack(int64_t channels, int64_t taps, const int16_t* weights, int32_t* packed) noexcept {
  for (int64_t i = 0; i < blocks_of(channels); ++i) {
    const int64_t start = block_start(i, channels);
    for (int64_t t = 0; t < taps; t += 2, packed += kBlock) {
      for (int lane = 0; lane < kBlock; ++lane) {
        const int64_t c = start + lane_of_low_pair(lane % kLanes) + (lane < kLanes ? 0 : 4);
        const auto weight = [&](int64_t tap) {
          return static_cast<uint16_t>(c < channels && tap < taps ? weights[c * taps + tap] : 0);
        };
        packed[lane] = static_cast<int32_t>(uint32_t{weight(t + 1)} << 16 | weight(t));
      }
    }
  }
}

}  // namespace

extern const IntegerDepthwise kIntegerDepthwise;
const IntegerDepthwise kIntegerDepthwise = {kBlock, run_line, pack};

}  // namespace thane::THANE_ISA
