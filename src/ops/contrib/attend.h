// Scaled dot-product attention over raw float memory: what all attention ops of com.microsoft come down to.
#pragma once

#include <cstdint>
#include <vector>

#include "base/threads.h"
#include "ir/context.h"

namespace thane::contrib {

// Element (b, n, s, i) of a [batch, heads, rows, size] tensor lies at data[b·batch + n·head + s·row + i].
struct HeadView {
  const float* data = nullptr;
  int64_t batch = 0, head = 0, row = 0;

  const float* at(int64_t b, int64_t n, int64_t s) const { return data + b * batch + n * head + s * row; }
  // [batch, rows, heads, size], dense. `stride`: elements between rows, when other things lie between them.
  static HeadView rows_first(const float* data, int64_t rows, int64_t heads, int64_t size, int64_t stride = 0) {
    if (stride == 0) stride = heads * size;
    return {data, rows * stride, size, stride};
  }
  // [batch, heads, rows, size], dense.
  static HeadView heads_first(const float* data, int64_t heads, int64_t rows, int64_t size) {
    return {data, heads * rows * size, rows * size, size};
  }
};

// The keys a query sees: [begin, end).
struct KeyRange {
  int64_t begin = 0, end = 0;
};

enum class QkOutput : uint8_t { kNone, kScores, kProbabilities };

// out[b, s, n, :] = Σ_t softmax_t(softcap(scale · q · k_t) + masks) · v_t, with query head n reading key head n /
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
  float* out = nullptr;           // [batch, queries, heads, value_size]
  float* qk = nullptr;            // [batch, heads, queries, keys]
  QkOutput qk_output = QkOutput::kNone;
  float qk_unseen = 0;  // stands in qk for keys that a query does not see

  void run(ThreadPool& threads) const;
};

// A tensor's elements as float: its own memory when float32, else converted. A null tensor has none.
class Floats {
 public:
  explicit Floats(const Tensor* tensor);
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;
  const float* data() const { return data_; }

 private:
  const float* data_ = nullptr;
  std::vector<float> storage_;
};
// Rounds `values` into `tensor` (float32, float16 or bfloat16).
void store(const float* values, Tensor& tensor);

}  // namespace thane::contrib
