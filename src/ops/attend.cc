#include "ops/attend.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thane {
namespace {

// One query row. `keys` is the key matrix turned round, [head_size, keys], so that the loop over keys runs along
// memory.
class Row {
 public:
  explicit Row(const Attend& a) : a_(a), scores_(static_cast<size_t>(a.keys)) {}

  void run(int64_t b, int64_t n, int64_t s, const float* keys) {
    range_ = a_.visible_to(b, s);
    float* qk = a_.qk ? a_.qk + ((b * a_.heads + n) * a_.queries + s) * a_.keys : nullptr;
    if (qk) std::fill_n(qk, a_.keys, a_.qk_unseen);
    score(a_.q.at(b, n, s), keys);
    add(a_.bias, b, n, s);
    add(a_.mask, b, 0, s);
    if (a_.qk_output == QkOutput::kScores && qk) copy_visible(qk);
    softmax(n);
    if (a_.qk_output == QkOutput::kProbabilities && qk) copy_visible(qk);
    mix(b, n, a_.out.at(b, n, s));
  }

 private:
  void score(const float* q, const float* keys) {
    std::fill(scores_.begin(), scores_.end(), 0.f);
    float* scores = scores_.data();
    for (int64_t i = 0; i < a_.head_size; ++i) {
      const float x = q[i] * a_.scale;
      const float* row = keys + i * a_.keys;
      for (int64_t t = range_.begin; t < range_.end; ++t) scores[t] += x * row[t];
    }
    if (a_.softcap <= 0) return;
    for (int64_t t = range_.begin; t < range_.end; ++t) scores[t] = a_.softcap * std::tanh(scores[t] / a_.softcap);
  }

  void add(const HeadView& term, int64_t b, int64_t n, int64_t s) {
    if (!term.data) return;
    const float* row = term.at(b, n, s);
    for (int64_t t = range_.begin; t < range_.end; ++t) scores_[static_cast<size_t>(t)] += row[t];
  }

  void softmax(int64_t n) {
    float max = a_.sinks ? a_.sinks[n] : -std::numeric_limits<float>::infinity();
    float* scores = scores_.data();
    for (int64_t t = range_.begin; t < range_.end; ++t) max = std::max(max, scores[t]);
    if (max == -std::numeric_limits<float>::infinity()) return std::fill(scores, scores + a_.keys, a_.unseeing), void();
    double sum = a_.sinks ? std::exp(a_.sinks[n] - max) : 0.f;
    for (int64_t t = range_.begin; t < range_.end; ++t) {
      scores[t] = std::exp(scores[t] - max);
      sum += scores[t];
    }
    const float factor = sum > 0 ? static_cast<float>(1 / sum) : 0.f;
    for (int64_t t = range_.begin; t < range_.end; ++t) scores[t] *= factor;
  }

  void mix(int64_t b, int64_t n, float* out) const {
    std::fill_n(out, a_.value_size, range_.begin < range_.end ? 0.f : a_.unseeing);
    const int64_t kv = n / (a_.heads / a_.kv_heads);
    for (int64_t t = range_.begin; t < range_.end; ++t) {
      const float weight = scores_[static_cast<size_t>(t)];
      const float* value = a_.v.at(b, kv, t);
      for (int64_t i = 0; i < a_.value_size; ++i) out[i] += weight * value[i];
    }
  }

  void copy_visible(float* qk) const {
    std::copy(scores_.begin() + range_.begin, scores_.begin() + range_.end, qk + range_.begin);
  }

  const Attend& a_;
  std::vector<float> scores_;
  KeyRange range_;
};

}  // namespace

std::vector<KeyRange> visible_keys(int64_t batch, int64_t queries, int64_t past, int64_t keys, bool causal) {
  std::vector<KeyRange> ranges(static_cast<size_t>(batch * queries), KeyRange{0, keys});
  for (int64_t i = 0; causal && i < batch * queries; ++i) {
    ranges[static_cast<size_t>(i)].end = std::min(keys, past + i % queries + 1);
  }
  return ranges;
}

void Attend::run(ThreadPool& threads) const {
  threads.parallel_for(batch * heads, 1, [&](int64_t begin, int64_t end) {
    Row row(*this);
    std::vector<float> turned(static_cast<size_t>(head_size * keys));
    int64_t turned_for = -1;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t b = i / heads, n = i % heads;
      const int64_t kv = n / (heads / kv_heads);
      if (turned_for != b * kv_heads + kv) {
        turned_for = b * kv_heads + kv;
        for (int64_t t = 0; t < keys; ++t) {
          const float* key = k.at(b, kv, t);
          for (int64_t j = 0; j < head_size; ++j) turned[static_cast<size_t>(j * keys + t)] = key[j];
        }
      }
      for (int64_t s = 0; s < queries; ++s) row.run(b, n, s, turned.data());
    }
  });
}

}  // namespace thane
