#include "bench/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace thane::bench {
namespace {

// Uniform in [0, 1) by splitmix64. The references below are numpy's for the same numbers: quantile, mean, and 400,000
// resamples of the two-stage bootstrap with its generator.
std::vector<double> uniform(uint64_t seed, size_t n) {
  std::vector<double> out;
  for (size_t i = 0; i < n; ++i) {
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    out.push_back(static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53);
  }
  return out;
}

std::vector<double> skewed() {
  std::vector<double> x = uniform(7, 1001);
  for (double& v : x) v = std::exp(3 * v);
  return x;
}

TEST(Statistics, QuantilesAreNumpys) {
  std::vector<double> x = skewed();
  std::ranges::sort(x);
  const std::pair<double, double> expected[] = {
      {0, 1.0015779347832288},   {0.1, 1.361672607679216},   {0.25, 2.113392691502288},  {0.5, 4.070120213440194},
      {0.9, 14.572487514840144}, {0.99, 19.553119782615564}, {0.999, 20.03362191045825}, {1, 20.05336397002223}};
  for (const auto& [q, value] : expected) EXPECT_NEAR(quantile(x, q), value, 1e-12 * value) << q;
}

TEST(Statistics, NoQuantileWithoutSamplesBeyondIt) {
  EXPECT_TRUE(supports_quantile(200, 0.5));
  EXPECT_FALSE(supports_quantile(199, 0.5));
  EXPECT_TRUE(supports_quantile(1000, 0.9));
  EXPECT_FALSE(supports_quantile(9999, 0.99));
  EXPECT_TRUE(supports_quantile(10000, 0.99));
  EXPECT_FALSE(supports_quantile(500, 0.1 * 0.1));
  const Summary summary = summarise(skewed());
  EXPECT_NEAR(summary.mean, 6.160740169544496, 1e-12 * 6.160740169544496);
  EXPECT_TRUE(summary.p90.has_value());
  EXPECT_FALSE(summary.p99.has_value());
  EXPECT_LT(summary.p50_interval.low, summary.p50);
  EXPECT_GT(summary.p50_interval.high, summary.p50);
}

TEST(Statistics, TheMediansIntervalCoversIt) {
  int covered = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Interval interval = summarise(uniform(seed * 977, 101)).p50_interval;
    covered += interval.low <= 0.5 && 0.5 <= interval.high;
  }
  EXPECT_GE(covered, 940);  // nominal 950 of 1000
}

TEST(Statistics, FindsWhereASeriesGetsSteady) {
  std::vector<double> x = uniform(3, 400);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = 1 + 0.01 * x[i] + (i < 60 ? 3.0 * std::exp(-static_cast<double>(i) / 15) : 0);
  const auto from = steady_from(x);
  ASSERT_TRUE(from.has_value());
  EXPECT_GE(*from, 30u);
  EXPECT_LE(*from, 120u);
  x[350] = 50;  // one spike moves nothing
  EXPECT_EQ(steady_from(x), from);
  EXPECT_EQ(steady_from(std::vector<double>(400, 1.0)), 0u);
}

TEST(Statistics, WhatStillSettlesIsNotSteady) {
  std::vector<double> x(200);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 300 - static_cast<double>(i);
  EXPECT_FALSE(steady_from(x).has_value());
  EXPECT_FALSE(steady_from(std::vector<double>(20, 1.0)).has_value());  // too short to tell
}

TEST(Statistics, RatioOfPairs) {
  const double ours[] = {1.0, 1.1, 0.9, 1.05, 0.95, 1.0}, theirs[] = {1.2, 1.3, 1.1, 1.2, 1.15, 1.25};
  std::vector<Pair> pairs;
  for (int i = 0; i < 6; ++i) pairs.push_back({ours[i], theirs[i], i / 3});
  const Ratio ratio = bootstrap_ratio(pairs, 1, {}, 40000);
  EXPECT_NEAR(ratio.estimate, 1.2007696821036251, 1e-12);
  EXPECT_NEAR(ratio.resampled.low, 1.17122951, 0.003);
  EXPECT_NEAR(ratio.resampled.high, 1.22849611, 0.003);
  // Two processes: t(1) / 1.96 * sqrt(2), about the logarithm of the estimate.
  const double widen = 12.706 / 1.96 * std::sqrt(2.0);
  EXPECT_NEAR(std::log(ratio.interval.high / ratio.estimate), widen * std::log(ratio.resampled.high / ratio.estimate),
              1e-9);
  EXPECT_EQ(judge(ratio, 1.05), Outcome::kTie);  // two processes cannot carry that
  for (int i = 0; i < 6; ++i) pairs[static_cast<size_t>(i)].process = i;
  EXPECT_EQ(judge(bootstrap_ratio(pairs), 1.05), Outcome::kFaster);
  EXPECT_EQ(judge(bootstrap_ratio(pairs), 1.5), Outcome::kTie);
  for (Pair& pair : pairs) std::swap(pair.ours, pair.theirs);
  EXPECT_EQ(judge(bootstrap_ratio(pairs), 1.05), Outcome::kSlower);
}

TEST(Statistics, OnePairShowsNothing) {
  const Pair pair[] = {{1, 50, 0}};
  EXPECT_EQ(judge(bootstrap_ratio(pair), 1.05), Outcome::kTie);
}

// A race of an engine against itself, 15 turns in 3 processes that differ a little, against the floor of a third twin.
TEST(Statistics, ItselfAgainstItselfTies) {
  int ties = 0, covered = 0;
  for (uint64_t race = 0; race < 400; ++race) {
    const std::vector<double> u = uniform(race * 7919 + 1, 3 * 3 + 3 * 15);
    const auto turns = [&](size_t who) {
      std::vector<double> out;
      for (size_t turn = 0; turn < 15; ++turn)
        out.push_back(std::exp(0.02 * (u[who * 3 + turn / 5] - 0.5) + 0.05 * (u[9 + who * 15 + turn] - 0.5)));
      return out;
    };
    const auto a = turns(0), b = turns(1), twin = turns(2);
    std::vector<Pair> ab, at;
    for (size_t i = 0; i < a.size(); ++i) {
      ab.push_back({a[i], b[i], static_cast<int>(i / 5)});
      at.push_back({a[i], twin[i], static_cast<int>(i / 5)});
    }
    const Ratio ratio = bootstrap_ratio(ab);
    covered += ratio.interval.low <= 1 && ratio.interval.high >= 1;
    ties += judge(ratio, noise_floor(bootstrap_ratio(at))) == Outcome::kTie;
  }
  EXPECT_GE(ties, 380);     // 95 in 100
  EXPECT_GE(covered, 372);  // the interval's own promise, less what 400 races leave to chance
}

// Two processes of an engine that is ten times slower: nobody would call that a tie.
TEST(Statistics, OthersTellHowFarProcessesScatter) {
  std::vector<std::vector<Pair>> comparisons(4);
  const double values[] = {10, 1.2, 3, 2.5}, wobble[] = {1.1, 1.01, 0.97, 1.02};
  for (size_t i = 0; i < 4; ++i)
    for (int process = 0; process < 2; ++process)
      for (int round = 0; round < 5; ++round)
        comparisons[i].push_back({1 + 0.001 * round, values[i] * (process ? wobble[i] : 1), process});
  EXPECT_EQ(judge(bootstrap_ratio(comparisons[0]), 1.1), Outcome::kFaster);  // t(1), and 10 is that much more
  const std::vector<Ratio> ratios = bootstrap_ratios(comparisons);
  for (const Ratio& ratio : ratios) EXPECT_EQ(judge(ratio, 1.1), Outcome::kFaster);
  const Ratio alone = bootstrap_ratio(comparisons[0]);
  EXPECT_LT(ratios[0].interval.high, 13);
  EXPECT_GT(alone.interval.high, 15);
  EXPECT_NEAR(ratios[0].estimate, alone.estimate, 1e-12);
  // By hand: variances of two process means (log w)² / 2, over the median's bias (7/9)³, joined 1 : 2, t(3).
  std::vector<double> others;
  for (size_t i = 1; i < 4; ++i) others.push_back(std::log(wobble[i]) * std::log(wobble[i]) / 2 / std::pow(7.0 / 9, 3));
  EXPECT_NEAR(pooled({scatter_of(comparisons[1]), scatter_of(comparisons[2]), scatter_of(comparisons[3])}).variance,
              median(others), 1e-12);
  EXPECT_EQ(pooled({scatter_of(comparisons[1]), {}}).degrees, 1u);
  EXPECT_EQ(scatter_of({}).degrees, 0u);
}

// As above with two processes, and two other engines to learn the scatter from: still 95 in 100.
TEST(Statistics, ItselfAgainstItselfTiesBesideOthers) {
  int ties = 0;
  for (uint64_t race = 0; race < 400; ++race) {
    const std::vector<double> u = uniform(race * 104729 + 7, 5 * 2 + 5 * 10);
    std::vector<std::vector<Pair>> pairs(4);
    const auto turn = [&](size_t who, size_t i) {
      return std::exp(0.08 * (u[who * 2 + i / 5] - 0.5) + 0.05 * (u[10 + who * 10 + i] - 0.5));
    };
    for (size_t other = 1; other < 5; ++other)
      for (size_t i = 0; i < 10; ++i) pairs[other - 1].push_back({turn(0, i), turn(other, i), static_cast<int>(i / 5)});
    const Ratio twins = bootstrap_ratio(pairs[3]);
    pairs.pop_back();
    ties += judge(bootstrap_ratios(pairs)[0], noise_floor(twins)) == Outcome::kTie;
  }
  EXPECT_GE(ties, 380);
}

TEST(Statistics, ArrivalsAreRandomAtTheirRate) {
  const auto arrivals = poisson_arrivals(100, 100, 1);
  EXPECT_NEAR(static_cast<double>(arrivals.size()), 10000, 400);
  EXPECT_TRUE(std::ranges::is_sorted(arrivals));
  std::vector<double> gaps(arrivals.size());
  std::adjacent_difference(arrivals.begin(), arrivals.end(), gaps.begin());
  std::ranges::sort(gaps);
  EXPECT_NEAR(quantile(gaps, 0.5), std::log(2) / 100, 0.0005);  // exponential
  EXPECT_EQ(arrivals, poisson_arrivals(100, 100, 1));
}

TEST(Statistics, ParetoFront) {
  const std::vector<std::vector<double>> points = {{1, 5}, {2, 2}, {3, 3}, {5, 1}, {2, 2}};
  EXPECT_EQ(pareto_front(points), (std::vector<size_t>{0, 1, 3, 4}));
}

}  // namespace
}  // namespace thane::bench
