#include <algorithm>
#include <atomic>
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
constexpr int64_t kLeastRows = 8, kMostRows = 128;  // whose scores are held
constexpr int64_t kAligned = 16;                    // floats; no row of scores begins in the middle of a cache line
constexpr int64_t kScores = 24 * 1024;              // floats of them, where that allows kLeastRows

class Blocks {
 public:
  Blocks(const Attend& a, Isa isa)
      : a_(a),
        gemm_(gemm_kernel(isa)),
        rows_(row_kernels(isa)),
        maps_(map_kernels(isa)),
        heads_(a.queries >= kManyQueries ? 1 : a.heads / a.kv_heads),
        is_few_(heads_ * a.queries < kFewRows),
        stride_((a.keys + (a.sinks ? 1 : 0) + kAligned - 1) / kAligned * kAligned),
        at_once_(std::min(heads_ * a.queries, std::clamp(kScores / stride_, kLeastRows, kMostRows))),
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
      block(w, first, std::min(at_once_, rows - first));
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

  void block(const Work& w, int64_t first, int64_t count) const {
    const KeyRange seen = seen_by(w.b, first, count);
    if (seen.begin >= seen.end) {
      for (int64_t r = first; r < first + count; ++r) see_nothing(w, r);
      return;
    }
    if (is_few_) return few_rows(w, first, count);
    // Whole panels of keys, counted from what is packed.
    const int64_t columns = gemm_.columns, begin = (seen.begin - w.seen.begin) / columns * columns;
    const int64_t end = std::min(length(w.seen), (seen.end - w.seen.begin + columns - 1) / columns * columns);
    const int64_t size = a_.head_size, value_size = a_.value_size, n = end - begin;
    // The rows of one head follow each other in memory; those of several are brought together.
    const bool gathers = heads_ > 1;
    for (int64_t r = 0; gathers && r < count; ++r) std::copy_n(q_of(w, first + r), size, w.q + r * size);
    product(count, n, size, gathers ? w.q : q_of(w, first), gathers ? size : a_.q.row, w.keys + begin * size, size, 0,
            w.scores, stride_);
    for (int64_t r = 0; r < count; ++r) {
      const KeyRange range = a_.visible_to(w.b, query_of(first + r));
      float* row = w.scores + r * stride_;
      const int64_t from = std::max<int64_t>(0, range.begin - w.seen.begin - begin), sees = length(range);
      finish(w, first + r, range, row + from);
      std::fill_n(row, from, 0.0f);
      if (from + sees < n) std::fill(row + from + std::max<int64_t>(sees, 0), row + n, 0.0f);
    }
    float* out = gathers ? w.out : out_of(w, first);
    const int64_t out_row = gathers ? value_size : a_.out.row;
    product(count, value_size, n, w.scores, stride_, w.values, length(w.seen), begin, out, out_row);
    for (int64_t r = 0; r < count; ++r) {
      const KeyRange range = a_.visible_to(w.b, query_of(first + r));
      if (range.begin >= range.end)
        see_nothing(w, first + r);
      else if (gathers)
        std::copy_n(w.out + r * value_size, value_size, out_of(w, first + r));
    }
  }

  // C[m × n] = A[m × k] · panels that are `depth` deep, from row `first` of theirs on.
  void product(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, int64_t depth,
               int64_t first, float* c, int64_t ldc) const {
    for (int64_t column = 0; column < n; column += gemm_.columns) {
      const int64_t width = std::min<int64_t>(gemm_.columns, n - column);
      gemm_.panel({.m = m,
                   .n = width,
                   .k = k,
                   .a = a,
                   .lda = lda,
                   .b = packed + column * depth + first * gemm_.panel_width(width),
                   .c = c + column,
                   .ldc = ldc});
    }
  }

  // Keys and values are read where they lie.
  void few_rows(const Work& w, int64_t first, int64_t count) const {
    for (int64_t r = 0; r < count; ++r) {
      const KeyRange range = a_.visible_to(w.b, query_of(first + r));
      if (range.begin >= range.end) {
        see_nothing(w, first + r);
        continue;
      }
      rows_.dots(length(range), a_.head_size, q_of(w, first + r), a_.k.at(w.b, w.kv, range.begin), a_.k.row, w.scores);
      finish(w, first + r, range, w.scores);
      rows_.mix(length(range), a_.value_size, w.scores, a_.v.at(w.b, w.kv, range.begin), a_.v.row,
                out_of(w, first + r));
    }
  }

  // Scores of the keys in `range` become probabilities; with sinks, scores[length] is free.
  void finish(const Work& w, int64_t row, const KeyRange& range, float* scores) const {
    const int64_t n = length(range), head = head_of(w, row), query = query_of(row);
    if (n <= 0) return;
    const float* terms[] = {a_.bias.data ? a_.bias.at(w.b, head, query) + range.begin : nullptr,
                            a_.mask.data ? a_.mask.at(w.b, 0, query) + range.begin : nullptr};
    float scale = a_.scale;
    const auto multiply = [&](float factor) { maps_.run({MapOp::kAffine, factor, 0}, n, scores, scores); };
    if (a_.softcap > 0) {
      multiply(scale / a_.softcap);
      maps_.run({MapOp::kTanh}, n, scores, scores);
      scale = a_.softcap;
    }
    if (a_.sinks || (terms[0] && terms[1])) {  // softmax takes one term, and nothing behind it
      multiply(scale);
      for (const float* term : terms) {
        if (term) maps_.run(ZipOp::kAdd)(n, scores, 1, term, 1, scores);
      }
      if (a_.sinks) scores[n] = a_.sinks[head];
      rows_.softmax(n + (a_.sinks ? 1 : 0), 1.0f, scores, nullptr, scores);
    } else {
      rows_.softmax(n, scale, scores, terms[0] ? terms[0] : terms[1], scores);
    }
    if ((terms[0] || terms[1]) && std::isnan(scores[0]) && forbids_all(terms, n)) {
      std::fill_n(scores, n, a_.unseeing);
    }
  }

  static bool forbids_all(const float* const (&terms)[2], int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      if ((terms[0] ? terms[0][i] : 0) + (terms[1] ? terms[1][i] : 0) != -HUGE_VALF) return false;
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
  int64_t stride_, at_once_, k_floats_, v_floats_;
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
