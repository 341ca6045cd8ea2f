// A vector of channels of a few neighbouring outputs at a time; a row's weights stay in registers for all of them.
#include "kernels/integer/depthwise.h"

#include "kernels/integer/finish.h"

namespace thane::THANE_ISA {
namespace {

constexpr int kPixels = 6;  // outputs of a block

// N pairs a row; 0: as many as the run says.
template <int N, int P>
THANE_INLINE void block(const IntegerDepthwiseRun& run, int64_t first, int64_t c) {
  IntVec tile[P][1];
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) tile[p][0] = IntVec{};
  const DepthwisePairs& pairs = run.pairs;
  const int64_t output = pairs.per_output * run.padded, pair = pairs.per_pair * run.padded;
  const int32_t* weights = run.weights + c;
  for (int64_t row = 0; row < run.rows; ++row) {
    const int32_t* line = run.lines[row] + first * output + c;
    if constexpr (N > 0) {
      IntVec w[N];
      for (int t = 0; t < N; ++t, weights += run.padded) w[t] = load_as<IntVec>(weights);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
#pragma GCC unroll 4
        for (int t = 0; t < N; ++t) tile[p][0] += dot_pairs(load_as<IntVec>(line + p * output + t * pair), w[t]);
      }
    } else {
      for (int64_t t = 0; t < pairs.pairs; ++t, weights += run.padded) {
        const IntVec w = load_as<IntVec>(weights);
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) tile[p][0] += dot_pairs(load_as<IntVec>(line + p * output + t * pair), w);
      }
    }
  }
  IntegerEpilogue epilogue = run.epilogue.from(c);
  auto* corner = static_cast<int8_t*>(run.y) + first * run.channels + c;
  const int64_t rest = run.channels - c;
  finish_tile<P, 1>(epilogue, tile, rest < kLanes ? rest : kLanes, corner, run.channels);
}

template <int N, int P>
void pixels(const IntegerDepthwiseRun& run, int64_t first) {
  for (int64_t c = 0; c < run.channels; c += kLanes) block<N, P>(run, first, c);
}

template <int N, int P>
THANE_INLINE void up_to(int64_t count, const IntegerDepthwiseRun& run, int64_t first) {
  if (count == P) return pixels<N, P>(run, first);
  if constexpr (P > 1) up_to<N, P - 1>(count, run, first);
}

// Blocks of nearly equal size.
template <int N>
void blocks(const IntegerDepthwiseRun& run) {
  const int64_t count = (run.pixels + kPixels - 1) / kPixels;
  int64_t first = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t size = run.pixels / count + (i < run.pixels % count);
    up_to<N, kPixels>(size, run, first);
    first += size;
  }
}

void run_line(const IntegerDepthwiseRun& run) noexcept {
  switch (run.pairs.pairs) {
    case 2: return blocks<2>(run);
    case 3: return blocks<3>(run);
    default: return blocks<0>(run);
  }
}

void pair_up(const DepthwisePairs& pairs, const void* line, int64_t in, int64_t channels, int64_t padded,
             bool is_signed, int32_t zero, int32_t* entries) noexcept {
  const auto* pixels = static_cast<const uint8_t*>(line);
  const uint8_t flip = is_signed ? 0x80 : 0;
  const int32_t shifted = zero + (is_signed ? 128 : 0);
  for (int64_t i = 0; i < pairs.entries; ++i, entries += padded) {
    const int64_t at = i * pairs.step - pairs.pad, next = at + pairs.dilation;
    const uint8_t* a = at >= 0 && at < in ? pixels + at * channels : nullptr;
    const uint8_t* b = next >= 0 && next < in ? pixels + next * channels : nullptr;
    const auto vector = [&](const uint8_t* from, int64_t c) {
      if (!from) return IntVec{};
      return to_ints(load_as<NarrowVec<uint8_t>>(from + c) ^ flip) - shifted;
    };
    int64_t c = 0;
    for (; c + kLanes <= channels; c += kLanes) {
      store_as(entries + c, (vector(b, c) << 16) | (vector(a, c) & 0xffff));
    }
    for (; c < channels; ++c) {
      const auto flipped = [&](const uint8_t* from) {
        return from ? int32_t{static_cast<uint8_t>(from[c] ^ flip)} - shifted : 0;
      };
      entries[c] = static_cast<int32_t>((static_cast<uint32_t>(flipped(b)) << 16) | static_cast<uint16_t>(flipped(a)));
    }
    for (; c < padded; ++c) entries[c] = 0;
  }
}

}  // namespace

extern const IntegerDepthwise kIntegerDepthwise;
const IntegerDepthwise kIntegerDepthwise = {kLanes, run_line, pair_up};

}  // namespace thane::THANE_ISA
