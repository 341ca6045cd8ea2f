// Attention by blocks against plain loops in double precision, at every instruction set, with the same bits for any
// number of threads.
#include "ops/attend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/kernel_test.h"

namespace thane {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

struct Case {
  int64_t batch, heads, kv_heads, queries, keys, size, value_size;
  bool causal, window, bias, mask, sinks, softcap;
  friend std::ostream& operator<<(std::ostream& os, const Case& c) {
    return os << c.batch << " x " << c.heads << "/" << c.kv_heads << " heads, " << c.queries << " on " << c.keys
              << " of " << c.size << "/" << c.value_size << (c.causal ? " causal" : "") << (c.window ? " window" : "")
              << (c.bias ? " bias" : "") << (c.mask ? " mask" : "") << (c.sinks ? " sinks" : "")
              << (c.softcap ? " softcap" : "");
  }
};

struct Problem {
  GuardedFloats q, k, v, bias, mask, sinks;
  Attend attend;

  Problem(const Case& c, std::mt19937& random)
      : q(c.batch * c.heads * c.queries * c.size),
        k(c.batch * c.kv_heads * c.keys * c.size),
        v(c.batch * c.kv_heads * c.keys * c.value_size),
        bias(c.heads * c.queries * c.keys),
        mask(c.batch * c.keys),
        sinks(c.heads) {
    for (GuardedFloats* x : {&q, &k, &v, &bias, &sinks}) x->fill(random);
    // Of many keys the first ones are all hidden: more than are worked on together.
    const int64_t hidden = c.keys > 600 ? 600 : 0;
    for (int64_t i = 0; i < mask.size(); ++i) mask[i] = i % c.keys < hidden || random() % 3 == 0 ? kNever : 0;
    Attend& a = attend;
    a.batch = c.batch, a.heads = c.heads, a.kv_heads = c.kv_heads, a.queries = c.queries, a.keys = c.keys;
    a.head_size = c.size, a.value_size = c.value_size;
    a.q = HeadView::rows_first(q.data(), c.queries, c.heads, c.size);
    a.k = HeadView::heads_first(k.data(), c.kv_heads, c.keys, c.size);
    a.v = HeadView::rows_first(v.data(), c.keys, c.kv_heads, c.value_size);
    a.scale = 0.5f;
    a.softcap = c.softcap ? 2.0f : 0.0f;
    if (c.bias) a.bias = {bias.data(), 0, c.queries * c.keys, c.keys};
    if (c.mask) a.mask = {mask.data(), c.keys, 0, 0};
    if (c.sinks) a.sinks = sinks.data();
    a.unseeing = 7;
    for (int64_t i = 0; i < c.batch * c.queries; ++i) {
      const int64_t end = c.causal ? std::min(c.keys, c.keys - c.queries + i % c.queries + 1) : c.keys;
      a.visible.push_back({c.window ? std::max<int64_t>(0, end - 3) : 0, end});
    }
  }
};

// Element i of the answer to query s of head n.
double answer(const Attend& a, int64_t b, int64_t n, int64_t s, int64_t i) {
  const KeyRange& range = a.visible_to(b, s);
  const int64_t kv = n / (a.heads / a.kv_heads);
  std::vector<double> scores;
  double top = a.sinks ? a.sinks[n] : -HUGE_VAL;
  for (int64_t t = range.begin; t < range.end; ++t) {
    double score = 0;
    for (int64_t j = 0; j < a.head_size; ++j) score += double(a.q.at(b, n, s)[j]) * a.k.at(b, kv, t)[j];
    score *= a.scale;
    if (a.softcap > 0) score = a.softcap * std::tanh(score / a.softcap);
    if (a.bias.data) score += a.bias.at(b, n, s)[t];
    if (a.mask.data) score += a.mask.at(b, 0, s)[t];
    scores.push_back(score);
    top = std::max(top, score);
  }
  if (top == -HUGE_VAL) return a.unseeing * (range.begin < range.end ? std::nan("") : 1);
  double total = a.sinks ? std::exp(a.sinks[n] - top) : 0, sum = 0;
  for (const double score : scores) total += std::exp(score - top);
  for (int64_t t = range.begin; t < range.end; ++t) {
    sum += std::exp(scores[static_cast<size_t>(t - range.begin)] - top) / total * a.v.at(b, kv, t)[i];
  }
  return sum;
}

void check(const Case& c, std::mt19937& random) {
  SCOPED_TRACE(::testing::Message() << c);
  Problem problem(c, random);
  Attend& a = problem.attend;
  if (c.mask) a.unseeing = 0;  // queries that score all keys -∞ answer with `unseeing` times the values' sum: 0
  for_each_isa([&](Isa isa) {
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 8}) {
      GuardedFloats out(c.batch * c.queries * c.heads * c.value_size);
      a.out = BasicHeadView<float>::rows_first(out.data(), c.queries, c.heads, c.value_size);
      ThreadPool pool(threads);
      ScratchPool scratch;
      ASSERT_TRUE(attend_by_blocks(a, isa, scratch, pool).ok());
      if (threads == 1) first.assign(out.data(), out.data() + out.size());
      ASSERT_EQ(std::memcmp(first.data(), out.data(), first.size() * sizeof(float)), 0) << threads << " threads";
    }
    const auto views = BasicHeadView<float>::rows_first(first.data(), c.queries, c.heads, c.value_size);
    for (int64_t b = 0; b < c.batch; ++b) {
      for (int64_t n = 0; n < c.heads; ++n) {
        for (int64_t s = 0; s < c.queries; ++s) {
          for (int64_t i = 0; i < c.value_size; ++i) {
            double want = answer(a, b, n, s, i);
            if (std::isnan(want)) want = 0;  // all masked
            ASSERT_NEAR(views.at(b, n, s)[i], want, 2e-5) << b << "," << n << "," << s << "," << i;
          }
        }
      }
    }
  });
}

TEST(Attend, ByBlocksMatchesFp64) {
  std::mt19937 random(5);
  const auto coin = [&] { return random() % 2 == 0; };
  for (int round = 0; round < 60; ++round) {
    const int64_t kv_heads = 1 + int64_t(random() % 2), group = 1 + int64_t(random() % 4);
    const int64_t queries = round % 3 == 0 ? 1 : 1 + int64_t(random() % 40);
    check({1 + int64_t(random() % 2), kv_heads * group, kv_heads, queries, queries + int64_t(random() % 60),
           1 + int64_t(random() % 40), 1 + int64_t(random() % 40), coin(), coin(), coin(), coin(), coin(), coin()},
          random);
  }
  for (int round = 0; round < 16; ++round) {  // many keys, which go by parts
    const int64_t kv_heads = 1 + int64_t(random() % 2), group = 1 + int64_t(random() % 2);
    const int64_t queries = 4 + int64_t(random() % 60);
    check({1, kv_heads * group, kv_heads, queries, 480 + int64_t(random() % 1200), 1 + int64_t(random() % 8),
           1 + int64_t(random() % 30), coin(), round % 4 == 0, coin(), coin(), coin(), coin()},
          random);
  }
  check({1, 2, 1, 150, 400, 64, 32, true, false, false, false, false, false}, random);  // several blocks of rows
  check({1, 1, 1, 3, 0, 8, 8, false, false, false, false, false, false}, random);       // no keys
}

}  // namespace
}  // namespace thane
