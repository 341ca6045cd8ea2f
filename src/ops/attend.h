// Scaled dot-product attention over raw float memory: what all attention ops come down to.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/isa.h"
#include "base/result.h"
#include "base/threads.h"
#include "ir/scratch_pool.h"

namespace thane {

// Element (b, n, s, i) of a [batch, heads, rows, size] tensor lies at data[b·batch + n·head + s·row + i].
template <class T>
struct BasicHeadView {
  T* data = nullptr;
  int64_t batch = 0, head = 0, row = 0;

  T* at(int64_t b, int64_t n, int64_t s) const { return data + b * batch + n * head + s * row; }
  // [batch, rows, heads, size], dense. `stride`: elements between rows, when other things lie between them.
  static BasicHeadView rows_first(T* data, int64_t rows, int64_t heads, int64_t size, int64_t stride = 0) {
    if (stride == 0) stride = heads * size;
    return {data, rows * stride, size, stride};
  }
  // [batch, heads, rows, size], dense.
  static BasicHeadView heads_first(T* data, int64_t heads, int64_t rows, int64_t size) {
    return {data, heads * rows * size, rows * size, size};
  }
};
using HeadView = BasicHeadView<const float>;

// The keys a query sees: [begin, end), somewhere in [0, keys).
struct KeyRange {
  int64_t begin = 0, end = 0;
};

// Of each query, [batch · queries]: all `keys`, or where attention is causal the `past` ones, its own, and those
// between.
std::vector<KeyRange> visible_keys(int64_t batch, int64_t queries, int64_t past, int64_t keys, bool causal);

enum class QkOutput : uint8_t { kNone, kScores, kProbabilities };

// out[b, n, s, :] = Σ_t softmax_t(softcap(scale · q · k_t) + masks) · v_t, with query head n reading key head n /
// (heads / kv_heads).
struct Attend {
  int64_t batch = 0, heads = 0, kv_heads = 0, queries = 0, keys = 0, head_size = 0, value_size = 0;
  HeadView q, k, v;
  float scale = 1;
  float softcap = 0;              // 0: none
  std::vector<KeyRange> visible;  // [batch · queries]
  HeadView bias;                  // added to the scores; rows of `keys`; null data: none. Strides may be 0 to broadcast
  HeadView mask;                  // a second such term, the same for all heads
  const float* sinks = nullptr;   // [heads]: a logit that takes its share of each softmax and gives nothing
  float unseeing = 0;             // what a query gets that sees no key, or scores all of them -∞
  BasicHeadView<float> out;
  float* qk = nullptr;  // [batch, heads, queries, keys]
  QkOutput qk_output = QkOutput::kNone;
  float qk_unseen = 0;  // stands in qk for keys that a query does not see

  const KeyRange& visible_to(int64_t b, int64_t s) const { return visible[static_cast<size_t>(b * queries + s)]; }
  // Plain loops.
  void run(ThreadPool& threads) const;
};

// How an op has its attention computed.
using AttendBy = std::function<Status(const Attend&, ThreadPool&)>;
inline Status attend_plainly(const Attend& attend, ThreadPool& threads) {
  attend.run(threads);
  return ok();
}
// By matrix products on blocks of rows whose scores stay in the second-level cache, with the kernels that `isa` allows.
// Fails for lack of memory only. `scratch` is what runs after each other share.
Status attend_by_blocks(const Attend& attend, Isa isa, ScratchPool& scratch, ThreadPool& threads);

}  // namespace thane
