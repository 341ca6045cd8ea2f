// The arithmetic of measurements: quantiles that are not claimed without data, warm-up, and intervals of ratios. Pure
// functions; the references of their tests are made by numpy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace thane::bench {

// The q-quantile of ascending samples, interpolated linearly between neighbours (numpy's default). Needs one sample.
double quantile(std::span<const double> sorted, double q);
double median(std::vector<double> samples);

// Samples beyond a quantile that make it more than an anecdote.
inline constexpr size_t kSamplesBeyond = 100;
// Whether `count` samples have at least kSamplesBeyond beyond their q-quantile, on its thinner side.
bool supports_quantile(size_t count, double q);

struct Interval {
  double low = 0, high = 0;
};

struct Summary {
  size_t count = 0;
  double mean = 0, min = 0, max = 0, p50 = 0;
  std::optional<double> p90, p99, p999;  // absent without enough samples beyond them
  Interval p50_interval;                 // 95%, from order statistics; meaningful from 6 samples on
};
Summary summarise(std::vector<double> samples);

// Index from which a series is steady, by the marginal standard error rule (MSER-5: the cut that minimises the standard
// error of what remains, over batches of five; here of batch medians, so that a single spike moves nothing). Nothing
// when the best cut lies in the last half: the series is still settling, or too short to tell.
std::optional<size_t> steady_from(std::span<const double> samples);

// Two contenders measured one after the other: what they took in the same round of the same pair of processes.
struct Pair {
  double ours = 0, theirs = 0;  // both > 0
  int process = 0;              // rounds of one process resemble each other, so they are drawn together
};

// theirs ÷ ours: above 1 means that ours took less.
struct Ratio {
  double estimate = 1;       // geometric mean over the pairs
  Interval interval{1, 1};   // 95%
  Interval resampled{1, 1};  // of the bootstrap alone, which is too narrow for a handful of processes
};

// How far the mean logarithms of a comparison's ratios scatter from process to process. 0 degrees: one process,
// unknown.
struct Scatter {
  double variance = 0;
  size_t degrees = 0;
};
Scatter scatter_of(std::span<const Pair> pairs);
// What several comparisons have in common: their median variance, so that one wild engine moves nothing.
Scatter pooled(std::vector<Scatter> all);

// Bootstrap in two stages: processes with replacement, then their rounds. The interval is its percentiles, widened
// about the estimate by Student's t over the normal quantile and the bias of a variance from k processes (rounds, where
// there is one process): √(k/(k-1)). A single pair has an interval that excludes nothing. `others`: the scatter of
// other comparisons on the same machine; it joins this one's own with the weight of two degrees of freedom (a moderated
// t-statistic), without which two processes alone could tell hardly anything from anything.
Ratio bootstrap_ratio(std::span<const Pair> pairs, uint64_t seed = 1, const Scatter& others = {}, int resamples = 4000);
// The ratios of comparisons that were measured together, each moderated by the others' scatter.
std::vector<Ratio> bootstrap_ratios(std::span<const std::vector<Pair>> comparisons, uint64_t seed = 1);

// What an A/A race, the same engine against itself, says about differences that mean nothing: the largest factor by
// which the twins' ratio, or its resampled interval, departs from 1.
double noise_floor(const Ratio& twins);

enum class Outcome { kFaster, kSlower, kTie };
// A difference counts when the interval excludes 1 and the estimate departs from 1 by more than `floor` (a factor ≥ 1).
Outcome judge(const Ratio& ratio, double floor);

// Arrival times in seconds of a Poisson process of `rate` per second, up to `seconds`. Seeded.
std::vector<double> poisson_arrivals(double rate, double seconds, uint64_t seed);

// Indices of the points that no other beats in every coordinate; smaller is better.
std::vector<size_t> pareto_front(std::span<const std::vector<double>> points);

}  // namespace thane::bench
