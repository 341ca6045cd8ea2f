// One vector of channels of a few neighbouring pixels of one or two lines at a time: an input vector, once loaded,
// meets every tap that wants it, and a row's weights stay in registers for all pixels of the block.
#include "kernels/depthwise/depthwise.h"
#include "kernels/simd.h"

namespace thane::THANE_ISA {

extern const MapKernels kMaps;

namespace {

THANE_INLINE void skip_lines(int64_t count, DepthwiseRun& run) {
  const int64_t elements = count * run.pixels * run.channels;
  run.y += elements;
  if (run.residual) run.residual += elements;
  run.lines += count;
  run.out_lines -= count;
}

#if defined(__AVX512F__) || defined(__aarch64__)  // 32 registers
constexpr int kLinesTogether = 2;
#else
constexpr int kLinesTogether = 1;
#endif

// P pixels of L lines, kernels of K columns without dilation, stride S; one vector of channels from c.
template <int K, int S, int P, int L>
class Block {
 public:
  THANE_INLINE Block(const DepthwiseRun& run, int64_t first, int64_t c)
      : run_(run), part_(run.channels - c), first_(first), c_(c) {
    const Vec bias = run.bias ? part_.load(run.bias + c) : Vec{};
#pragma GCC unroll 16
    for (int i = 0; i < L * P; ++i) sums_[i / P][i % P] = bias;
  }

  // What a line of input brings to the lines From ≤ l < To of outputs, for which it lies under row `line - l` of taps.
  template <int From, int To>
  THANE_INLINE void add(int64_t line) {
    Vec w[To - From][K];
#pragma GCC unroll 16
    for (int i = 0; i < (To - From) * K; ++i) {
      w[i / K][i % K] = part_.load(run_.weights + ((line - From - i / K) * K + i % K) * run_.channels + c_);
    }
    const float* const* columns = run_.lines[line] + first_ * S;
    asm("" : "+r"(columns));  // or GCC keeps an offset for each of the columns, and spills them
#pragma GCC unroll 32
    for (int x = 0; x < (P - 1) * S + K; ++x) {
      const Vec in = part_.load(columns[x] + c_);
#pragma GCC unroll 2
      for (int l = From; l < To; ++l) {
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) {
          const int t = x - p * S;
          if (t >= 0 && t < K) sums_[l][p] += in * w[l - From][t];
        }
      }
    }
  }

  THANE_INLINE void finish() {
    const Vec low = splat(run_.low), high = splat(run_.high);
#pragma GCC unroll 2
    for (int l = 0; l < L; ++l) {
      const int64_t at = (l * run_.pixels + first_) * run_.channels + c_;
      if (run_.residual) {
#pragma GCC unroll 8
        for (int p = 0; p < P; ++p) sums_[l][p] += part_.load(run_.residual + at + p * run_.channels);
      }
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) part_.store(run_.y + at + p * run_.channels, min(high, max(low, sums_[l][p])));
    }
  }

 private:
  const DepthwiseRun& run_;
  const Part part_;
  const int64_t first_, c_;
  Vec sums_[L][P];
};

template <int K, int S, int P, int L>
THANE_INLINE void block(const DepthwiseRun& run, int64_t first, int64_t c) {
  Block<K, S, P, L> block(run, first, c);
  if constexpr (L == 2) block.template add<0, 1>(0);
  for (int64_t line = L - 1; line < run.rows; ++line) block.template add<0, L>(line);
  if constexpr (L == 2) block.template add<1, 2>(run.rows);
  block.finish();
}

// Whole vectors of channels; blocks of P pixels, then of fewer. Returns how many pixels are done.
template <int K, int S, int P, int L>
THANE_INLINE int64_t pixels(const DepthwiseRun& run, int64_t first, int64_t end) {
  for (; first + P <= run.pixels; first += P) {
    for (int64_t c = 0; c < end; c += kLanes) block<K, S, P, L>(run, first, c);
  }
  return first;
}
// Leaves `run` at the lines that are not done.
template <int K, int S, int L>
void lines(DepthwiseRun& given, int64_t end) {
  for (; given.out_lines >= L; skip_lines(L, given)) {
    const DepthwiseRun run = given;  // a copy nobody else sees: stores to y leave it alone
    // Common widths are multiples of 7, and 7 sums, a row of weights and an operand fit 16 registers up to K = 7.
    int64_t first = pixels<K, S, 7, L>(run, 0, end);
    first = pixels<K, S, 3, L>(run, first, end);
    pixels<K, S, 1, L>(run, first, end);
  }
}
template <int K, int S>
void blocks(DepthwiseRun run, int64_t end) {
  if constexpr (S == 1) lines<K, S, kLinesTogether>(run, end);
  lines<K, S, 1>(run, end);
}

struct Full {
  static THANE_INLINE Vec get(const float* from, int64_t n) { return Part(n).load(from); }
  static THANE_INLINE void put(float* to, Vec v, int64_t n) { Part(n).store(to, v); }
};
struct Some {
  static THANE_INLINE Vec get(const float* from, int64_t n) { return load_some(from, n); }
  static THANE_INLINE void put(float* to, Vec v, int64_t n) { store_some(to, v, n); }
};

// Any kernel, one pixel of the first line at a time; n channels from c.
template <class Access>
THANE_INLINE void any_pixel(const DepthwiseRun& run, int64_t pixel, int64_t c, int64_t n) {
  Vec sum = run.bias ? Access::get(run.bias + c, n) : Vec{};
  const float* weights = run.weights + c;
  for (int64_t row = 0; row < run.rows; ++row) {
    const float* const* columns = run.lines[row] + pixel * run.stride;
    for (int64_t t = 0; t < run.kernel; ++t, weights += run.channels) {
      sum += Access::get(columns[t * run.dilation] + c, n) * Access::get(weights, n);
    }
  }
  const int64_t at = pixel * run.channels + c;
  if (run.residual) sum += Access::get(run.residual + at, n);
  Access::put(run.y + at, min(splat(run.high), max(splat(run.low), sum)), n);
}

template <class Access>
void any(DepthwiseRun run, int64_t begin, int64_t end) {
  for (; begin < end && run.out_lines > 0; skip_lines(1, run)) {
    for (int64_t p = 0; p < run.pixels; ++p) {
      for (int64_t c = begin; c < end; c += kLanes) any_pixel<Access>(run, p, c, end - c);
    }
  }
}

void run_kernel(const DepthwiseRun& run) noexcept {
  const int64_t shape = run.dilation == 1 && run.stride <= 2 ? run.kernel * 10 + run.stride : 0;
  const int64_t rest = kHasMasks ? 0 : run.channels % kLanes, end = run.channels - rest;
  switch (shape) {
    case 31: blocks<3, 1>(run, end); break;
    case 32: blocks<3, 2>(run, end); break;
    case 51: blocks<5, 1>(run, end); break;
    case 52: blocks<5, 2>(run, end); break;
    case 71: blocks<7, 1>(run, end); break;
    case 72: blocks<7, 2>(run, end); break;
    default: any<Full>(run, 0, end);
  }
  any<Some>(run, end, run.channels);
  if (run.map.op != MapOp::kCopy) kMaps.run(run.map, run.out_lines * run.pixels * run.channels, run.y, run.y);
}

}  // namespace

extern const DepthwiseKernel kDepthwise;
const DepthwiseKernel kDepthwise = {run_kernel};

}  // namespace thane::THANE_ISA
