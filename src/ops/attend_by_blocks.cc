#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cmath>

#include "ir/tensor.h"
#include "kernels/gemm/gemm.h"
#include "kernels/map/map.h"
#include "kernels/rows/rows.h"
#include "ops/attend.h"

namespace thane {
namespace {

// Rows of one key head that are worked on together; with fewer than this, packing would take longer than the products.
constexpr int64_t kFewRows = 6;
constexpr int64_t kManyQueries = 16;                // enough to pack keys and values anew for each query head
constexpr int64_t kMostRows = 72, kMostKeys = 512;  // whose scores are held; rows are whole tiles of any set
constexpr int64_t kDepth = 256;                     // keys whose values' panel stays in L1 while rows pass by
constexpr int64_t kScores = 26 * 1024;              // floats of them
// Rows of scores begin with a cache line, and as many floats more apart: at a distance of a power of two they would
// share a few sets of the first-level cache.
constexpr int64_t kAligned = 16;

class Blocks {
 public:
  Blocks(const Attend& a, Isa isa)
      : a_(a),
        gemm_(gemm_kernel(isa)),
        rows_(row_kernels(isa)),
        maps_(map_kernels(isa)),
        heads_(a.queries >= kManyQueries ? 1 : a.heads / a.kv_heads),
        is_few_(heads_ * a.queries < kFewRows),
        keys_at_once_(is_few_ ? a.keys : part_of(a.keys)),
        stride_((keys_at_once_ + kAligned - 1) / kAligned * kAligned + kAligned),
        at_once_(is_few_ ? 1 : rows_at_once()),
        k_floats_(is_few_ ? 0 : a.head_size * gemm_.packed_columns(a.keys)),
        v_floats_(is_few_ ? 0 : a.keys * gemm_.packed_columns(a.value_size)) {}

  // A job: the queries of `heads_` heads that share a key head.
  int64_t jobs() const { return a_.batch * a_.heads / heads_; }
  int64_t grain() const {
    const int64_t flops = 2 * heads_ * a_.queries * a_.keys * (a_.head_size + a_.value_size);
    return 250000 / std::max<int64_t>(flops, 1) + 1;
  }
  int64_t scratch_floats() const { return k_floats_ + v_floats_ + at_once_ * (stride_ + a_.head_size + a_.value_size); }

  void run(int64_t job, float* scratch) const {
    Work w;
    w.b = job * heads_ / a_.heads;
    w.first_head = job * heads_ % a_.heads;
    w.kv = w.first_head / (a_.heads / a_.kv_heads);
    w.keys = scratch;
    w.values = w.keys + k_floats_;
    w.scores = w.values + v_floats_;
    w.q = w.scores + at_once_ * stride_;
    w.out = w.q + at_once_ * a_.head_size;
    w.seen = seen_by(w.b, 0, a_.queries);
    if (w.seen.begin < w.seen.end && !is_few_) {
      pack_b(gemm_, a_.head_size, length(w.seen), a_.k.at(w.b, w.kv, w.seen.begin), 1, a_.k.row, 1.0f, w.keys);
      pack_b(gemm_, length(w.seen), a_.value_size, a_.v.at(w.b, w.kv, w.seen.begin), a_.v.row, 1, 1.0f, w.values);
    }
    const int64_t rows = heads_ * a_.queries;
    for (int64_t first = 0; first < rows; first += at_once_) {
      is_few_ ? single_row(w, first) : block(w, first, std::min(at_once_, rows - first));
    }
  }

 private:
  struct Work {
    int64_t b, first_head, kv;
    KeyRange seen;  // by any of the job's queries: what is packed
    float *keys, *values, *scores, *q, *out;
  };
  static int64_t length(const KeyRange& range) { return range.end - range.begin; }
  int64_t head_of(const Work& w, int64_t row) const { return w.first_head + row / a_.queries; }
  int64_t query_of(int64_t row) const { return row % a_.queries; }

  // Blocks of about one height, of whole tiles.
  int64_t rows_at_once() const {
    const int64_t rows = heads_ * a_.queries, most = std::min(kScores / stride_, kMostRows);
    const int64_t blocks = (rows + most - 1) / most, tiles = blocks * gemm_.rows;
    return std::min(rows, (rows + tiles - 1) / tiles * gemm_.rows);
  }

  // Whole panels in parts of about one size.
  int64_t part_of(int64_t keys) const {
    const int64_t parts = (keys + kMostKeys - 1) / kMostKeys;
    return (keys + parts * gemm_.columns - 1) / (parts * gemm_.columns) * gemm_.columns;
  }

  // By queries [first, first + count) of sample b, which may begin anew with the next head.
  KeyRange seen_by(int64_t b, int64_t first, int64_t count) const {
    KeyRange seen{a_.keys, 0};
    for (int64_t i = 0; i < std::min(count, a_.queries); ++i) {
      const KeyRange& range = a_.visible_to(b, query_of(first + i));
      if (range.begin >= range.end) continue;
      seen = {std::min(seen.begin, range.begin), std::max(seen.end, range.end)};
    }
    return seen;
  }

  // Keys go by parts whose scores stay in L2, each row's softmax with them: what earlier parts gave is scaled down when
  // a part has the largest score so far (Milakov, Gimelshein 2018), and the sum of exponentials is divided by at the
  // end.
  void block(const Work& w, int64_t first, int64_t count) const {
    const KeyRange seen = seen_by(w.b, first, count);
    if (seen.begin >= seen.end) {
      for (int64_t r = first; r < first + count; ++r) see_nothing(w, r);
      return;
    }
    // The rows of one head follow each other in memory; those of several are brought together.
    const bool gathers = heads_ > 1;
    const int64_t size = a_.head_size, value_size = a_.value_size;
    for (int64_t r = 0; gathers && r < count; ++r) std::copy_n(q_of(w, first + r), size, w.q + r * size);
    const float* q = gathers ? w.q : q_of(w, first);
    float* out = gathers ? w.out : out_of(w, first);
    const int64_t q_row = gathers ? size : a_.q.row, out_row = gathers ? value_size : a_.out.row;

    assert(count <= kMostRows);
    std::array<RowState, kMostRows> states;
    for (int64_t r = 0; r < count; ++r) states[static_cast<size_t>(r)] = initial(w, first + r);
    // Whole panels of keys, counted from what is packed.
    const int64_t columns = gemm_.columns, start = (seen.begin - w.seen.begin) / columns * columns;
    const int64_t stop = std::min(length(w.seen), (seen.end - w.seen.begin + columns - 1) / columns * columns);
    for (int64_t begin = start; begin < stop; begin += keys_at_once_) {
      const int64_t n = std::min(keys_at_once_, stop - begin);
      product({.m = count, .n = n, .k = size, .a = q, .lda = q_row, .b = w.keys, .c = w.scores, .ldc = stride_}, size,
              begin, 0);
      const KeyRange part{w.seen.begin + begin, w.seen.begin + begin + n};
      // All rows' tops before any exponential: the next row's need not wait for this one's.
      for (int64_t r = 0; r < count; ++r) {
        const float earlier = raise_top(w, first + r, part, w.scores + r * stride_, states[static_cast<size_t>(r)]);
        if (begin > start && earlier != 1) multiply(earlier, value_size, out + r * out_row);
      }
      for (int64_t r = 0; r < count; ++r)
        exponentials(w, first + r, part, w.scores + r * stride_, states[static_cast<size_t>(r)]);
      product({.m = count,
               .n = value_size,
               .k = n,
               .a = w.scores,
               .lda = stride_,
               .b = w.values,
               .c = out,
               .ldc = out_row,
               .is_first = begin == start},
              length(w.seen), 0, begin);
    }
    for (int64_t r = 0; r < count; ++r) {
      divide(w, first + r, states[static_cast<size_t>(r)], out + r * out_row);
      if (gathers) std::copy_n(out + r * out_row, value_size, out_of(w, first + r));
    }
  }

  // Of panels of keys or values, `depth` deep, the part from column `column` and row `top` on: C = A · B, or added to
  // C.
  void product(GemmPanel whole, int64_t depth, int64_t column, int64_t top) const {
    const float* packed = whole.b;
    const int64_t n = whole.n, k = whole.k;
    const bool is_first = whole.is_first;
    for (int64_t i = 0; i < n; i += gemm_.columns) {
      GemmPanel panel = whole;
      panel.n = std::min<int64_t>(gemm_.columns, n - i);
      panel.c = whole.c + i;
      const int64_t width = gemm_.panel_width(panel.n);
      for (int64_t first = 0; first < k; first += kDepth) {
        panel.k = std::min(kDepth, k - first);
        panel.a = whole.a + first;
        panel.b = packed + (column + i) * depth + (top + first) * width;
        panel.is_first = is_first && first == 0;
        gemm_.panel(panel);
      }
    }
  }

  // Keys and values are read where they lie.
  void single_row(const Work& w, int64_t row) const {
    const KeyRange range = a_.visible_to(w.b, query_of(row));
    if (range.begin >= range.end) return see_nothing(w, row);
    rows_.dots(length(range), a_.head_size, q_of(w, row), a_.k.at(w.b, w.kv, range.begin), a_.k.row, w.scores);
    RowState state = initial(w, row);
    raise_top(w, row, range, w.scores, state);
    exponentials(w, row, range, w.scores, state);
    rows_.mix(length(range), a_.value_size, w.scores, a_.v.at(w.b, w.kv, range.begin), a_.v.row, out_of(w, row));
    divide(w, row, state, out_of(w, row));
  }

  // Of a row, as far as its keys were seen: the largest logit and the sum of exponentials.
  struct RowState {
    float top = -HUGE_VALF, sum = 0;
  };
  // A sink is a key without a value.
  RowState initial(const Work& w, int64_t row) const {
    return a_.sinks ? RowState{a_.sinks[head_of(w, row)], 1} : RowState{};
  }

  void multiply(float factor, int64_t n, float* x) const { maps_.run({MapOp::kAffine, factor, 0}, n, x, x); }

  // What is added to the row's scores of the keys in `range`; null: nothing.
  struct Terms {
    const float *bias, *mask;
  };
  Terms terms_of(const Work& w, int64_t row, const KeyRange& range) const {
    return {a_.bias.data ? a_.bias.at(w.b, head_of(w, row), query_of(row)) + range.begin : nullptr,
            a_.mask.data ? a_.mask.at(w.b, 0, query_of(row)) + range.begin : nullptr};
  }

  KeyRange visible_in(const KeyRange& part, const Work& w, int64_t row) const {
    const KeyRange& visible = a_.visible_to(w.b, query_of(row));
    return {std::clamp(visible.begin, part.begin, part.end), std::clamp(visible.end, part.begin, part.end)};
  }

  // Of scores that have been capped, where there is a cap.
  float scale_left() const { return a_.softcap > 0 ? a_.softcap : a_.scale; }

  // What is left for the softmax to do to scores once raise_top() has seen them.
  struct Logits {
    float scale;
    const float* term;  // null: none
  };
  Logits logits_of(const Work& w, int64_t row, const KeyRange& range) const {
    const auto [bias, mask] = terms_of(w, row, range);
    if (bias && mask) return {1, nullptr};
    return {scale_left(), mask ? mask : bias};
  }

  // Takes products with the keys in `part` into the row's top. What was made with the earlier one is to be multiplied
  // by the number returned.
  float raise_top(const Work& w, int64_t row, const KeyRange& part, float* products, RowState& state) const {
    const KeyRange range = visible_in(part, w, row);
    const int64_t n = length(range);
    if (n <= 0) return 1;
    float* scores = products + (range.begin - part.begin);
    const auto [bias, mask] = terms_of(w, row, range);
    if (a_.softcap > 0) {
      multiply(a_.scale / a_.softcap, n, scores);
      maps_.run({MapOp::kTanh}, n, scores, scores);
    }
    if (bias && mask) {  // softmax takes one term
      multiply(scale_left(), n, scores);
      maps_.run(ZipOp::kAdd)(n, scores, 1, bias, 1, scores);
      maps_.run(ZipOp::kAdd)(n, scores, 1, mask, 1, scores);
    }
    const Logits logits = logits_of(w, row, range);
    const float top = rows_.top(n, logits.scale, scores, logits.term);
    if (!(top > state.top)) return 1;
    const float earlier = std::exp(state.top - top);
    state = {top, state.sum * earlier};
    return earlier;
  }

  // Products that raise_top() has seen become exponentials, and 0 for keys that the row does not see.
  void exponentials(const Work& w, int64_t row, const KeyRange& part, float* scores, RowState& state) const {
    const KeyRange range = visible_in(part, w, row);
    float *begin = scores + (range.begin - part.begin), *end = scores + (range.end - part.begin);
    std::fill(scores, begin, 0.0f);
    std::fill(end, scores + length(part), 0.0f);
    if (begin == end) return;
    const Logits logits = logits_of(w, row, range);
    state.sum += rows_.exponentials(length(range), logits.scale, begin, logits.term, state.top, begin);
  }

  // The row of sums of exponentials times values becomes the answer.
  void divide(const Work& w, int64_t row, const RowState& state, float* out) const {
    const KeyRange range = a_.visible_to(w.b, query_of(row));
    if (range.begin >= range.end || (state.sum == 0 && forbids_all(w, row, range)))
      std::fill_n(out, a_.value_size, a_.unseeing);
    else
      multiply(1 / state.sum, a_.value_size, out);
  }

  bool forbids_all(const Work& w, int64_t row, const KeyRange& range) const {
    const auto [bias, mask] = terms_of(w, row, range);
    if (!bias && !mask) return false;
    for (int64_t i = 0; i < length(range); ++i) {
      if ((bias ? bias[i] : 0) + (mask ? mask[i] : 0) != -HUGE_VALF) return false;
    }
    return true;
  }

  const float* q_of(const Work& w, int64_t row) const { return a_.q.at(w.b, head_of(w, row), query_of(row)); }
  float* out_of(const Work& w, int64_t row) const { return a_.out.at(w.b, head_of(w, row), query_of(row)); }
  void see_nothing(const Work& w, int64_t row) const { std::fill_n(out_of(w, row), a_.value_size, a_.unseeing); }

  const Attend& a_;
  const GemmKernel& gemm_;
  const RowKernels& rows_;
  const MapKernels& maps_;
  int64_t heads_;
  bool is_few_;
  int64_t keys_at_once_, stride_, at_once_, k_floats_, v_floats_;
};

}  // namespace

Status attend_by_blocks(const Attend& a, Isa isa, ScratchPool& scratch, ThreadPool& threads) {
  if (a.batch * a.heads * a.queries * a.value_size == 0) return ok();
  if (a.qk || a.keys == 0) return attend_plainly(a, threads);
  const Blocks blocks(a, isa);
  std::atomic<bool> short_of_memory{false};
  threads.parallel_for(blocks.jobs(), blocks.grain(), [&](int64_t begin, int64_t end) {
    const auto lease = scratch.take(blocks.scratch_floats());
    if (!lease.ok()) {
      short_of_memory = true;
      return;
    }
    for (int64_t job = begin; job < end; ++job) blocks.run(job, lease->data());
  });
  return short_of_memory ? Status(resource_limit("no memory for attention scores")) : ok();
}

}  // namespace thane
