#include "bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>

namespace thane::bench {
namespace {

constexpr double kNormal = 1.960;  // 97.5% of the normal distribution
constexpr size_t kWeightOfOthers = 2;

// splitmix64: the same draws on every machine.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  size_t below(size_t n) { return static_cast<size_t>((static_cast<unsigned __int128>(next()) * n) >> 64); }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
};

// 95% interval of the median from order statistics: ranks n/2 ± 1.96·√n/2.
Interval median_interval(std::span<const double> sorted) {
  const double n = static_cast<double>(sorted.size());
  const double half = 0.98 * std::sqrt(n);
  const double low = std::max(0.0, std::floor(n / 2 - half)), high = std::min(n - 1, std::ceil(n / 2 + half));
  return {sorted[static_cast<size_t>(low)], sorted[static_cast<size_t>(high)]};
}

// Student's t, 97.5%, by degrees of freedom.
double student(size_t degrees) {
  constexpr double kTable[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                               2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086};
  if (degrees == 0) return kTable[0];
  return degrees <= std::size(kTable) ? kTable[degrees - 1] : kNormal + 2.4 / static_cast<double>(degrees);
}

}  // namespace

double quantile(std::span<const double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (sorted[below + 1] - sorted[below]) * (at - static_cast<double>(below));
}

double median(std::vector<double> samples) {
  std::ranges::sort(samples);
  return quantile(samples, 0.5);
}

bool supports_quantile(size_t count, double q) {
  return static_cast<double>(count) * std::min(q, 1 - q) >= static_cast<double>(kSamplesBeyond) - 1e-6;
}

Summary summarise(std::vector<double> samples) {
  Summary summary;
  summary.count = samples.size();
  if (samples.empty()) return summary;
  std::ranges::sort(samples);
  summary.mean = std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
  summary.min = samples.front();
  summary.max = samples.back();
  summary.p50 = quantile(samples, 0.5);
  summary.p50_interval = median_interval(samples);
  const auto claimed = [&](double q) {
    return supports_quantile(samples.size(), q) ? std::optional(quantile(samples, q)) : std::nullopt;
  };
  summary.p90 = claimed(0.9);
  summary.p99 = claimed(0.99);
  summary.p999 = claimed(0.999);
  return summary;
}

std::optional<size_t> steady_from(std::span<const double> samples) {
  constexpr size_t kBatch = 5, kFewest = 6;
  std::vector<double> batches;
  for (size_t i = 0; i + kBatch <= samples.size(); i += kBatch)
    batches.push_back(
        median({samples.begin() + static_cast<ptrdiff_t>(i), samples.begin() + static_cast<ptrdiff_t>(i + kBatch)}));
  if (batches.size() < kFewest) return std::nullopt;
  // From the back, so that sums of what remains grow by one batch at a time.
  double sum = 0, squares = 0, best = std::numeric_limits<double>::infinity();
  size_t cut = 0;
  for (size_t i = batches.size(); i-- > 0;) {
    const double x = batches[i] - batches.back();  // shifted: no cancellation
    sum += x;
    squares += x * x;
    const double n = static_cast<double>(batches.size() - i);
    if (batches.size() - i < kFewest / 2) continue;
    const double error = std::max(0.0, squares - sum * sum / n) / (n * n);
    if (error <= best) {
      best = error;
      cut = i;
    }
  }
  if (cut > batches.size() / 2) return std::nullopt;
  return cut * kBatch;
}

Scatter scatter_of(std::span<const Pair> pairs) {
  std::map<int, std::pair<double, size_t>> sums;
  for (const Pair& pair : pairs) {
    auto& [sum, count] = sums[pair.process];
    sum += std::log(pair.theirs / pair.ours);
    ++count;
  }
  if (sums.size() < 2) return {};
  double mean = 0, squares = 0;
  const auto of = [](const auto& entry) { return entry.second.first / static_cast<double>(entry.second.second); };
  for (const auto& entry : sums) mean += of(entry) / static_cast<double>(sums.size());
  for (const auto& entry : sums) squares += (of(entry) - mean) * (of(entry) - mean);
  return {squares / static_cast<double>(sums.size() - 1), sums.size() - 1};
}

Scatter pooled(std::vector<Scatter> all) {
  std::vector<double> variances;
  Scatter out;
  for (const Scatter& one : all) {
    if (one.degrees == 0) continue;
    // The median of a variance lies below its mean, by this much (Wilson and Hilferty's approximation).
    const double low = std::pow(1 - 2 / (9 * static_cast<double>(one.degrees)), 3);
    variances.push_back(one.variance / low);
    out.degrees += one.degrees;
  }
  if (!variances.empty()) out.variance = median(std::move(variances));
  return out;
}

Ratio bootstrap_ratio(std::span<const Pair> pairs, uint64_t seed, const Scatter& others, int resamples) {
  std::map<int, std::vector<double>> by_process;
  double sum = 0;
  for (const Pair& pair : pairs) {
    const double log_ratio = std::log(pair.theirs / pair.ours);
    by_process[pair.process].push_back(log_ratio);
    sum += log_ratio;
  }
  Ratio ratio;
  if (pairs.empty()) return ratio;
  ratio.estimate = std::exp(sum / static_cast<double>(pairs.size()));
  std::vector<const std::vector<double>*> processes;
  for (const auto& [process, logs] : by_process) processes.push_back(&logs);
  if (pairs.size() < 2) {  // one pair says nothing of how far pairs scatter
    constexpr double kAnything = 1e9;
    ratio.interval = ratio.resampled = {ratio.estimate / kAnything, ratio.estimate * kAnything};
    return ratio;
  }
  Random random{seed};
  std::vector<double> means;
  for (int r = 0; r < resamples; ++r) {
    double total = 0;
    size_t count = 0;
    for (size_t p = 0; p < processes.size(); ++p) {
      const std::vector<double>& logs = *processes[random.below(processes.size())];
      for (size_t i = 0; i < logs.size(); ++i) total += logs[random.below(logs.size())];
      count += logs.size();
    }
    means.push_back(total / static_cast<double>(count));
  }
  std::ranges::sort(means);
  const double low = quantile(means, 0.025), high = quantile(means, 0.975), middle = std::log(ratio.estimate);
  ratio.resampled = {std::exp(low), std::exp(high)};
  const size_t k = processes.size() > 1 ? processes.size() : pairs.size();
  const double count = static_cast<double>(std::max<size_t>(k, 2)), degrees = count - 1;
  double widen = student(k - 1) / kNormal * std::sqrt(count / degrees);
  if (processes.size() > 1 && others.degrees > 0) {
    const double weight = static_cast<double>(std::min<size_t>(others.degrees, kWeightOfOthers));
    const double own = (high - low) / (2 * kNormal);  // standard error, of which k processes show (k-1)/k
    const double error = std::sqrt((count * own * own + weight * others.variance / count) / (degrees + weight));
    const double half = student(k - 1 + static_cast<size_t>(weight)) * error;
    // The bootstrap's lopsidedness is kept, where it has a width.
    if (own < 1e-9) {
      ratio.interval = {std::exp(middle - half), std::exp(middle + half)};
      return ratio;
    }
    widen = half / (kNormal * own);
  }
  ratio.interval = {std::exp(middle - widen * (middle - low)), std::exp(middle + widen * (high - middle))};
  return ratio;
}

std::vector<Ratio> bootstrap_ratios(std::span<const std::vector<Pair>> comparisons, uint64_t seed) {
  std::vector<Scatter> scatters;
  for (const auto& pairs : comparisons) scatters.push_back(scatter_of(pairs));
  std::vector<Ratio> ratios;
  for (size_t i = 0; i < comparisons.size(); ++i) {
    std::vector<Scatter> others = scatters;
    others.erase(others.begin() + static_cast<ptrdiff_t>(i));
    ratios.push_back(bootstrap_ratio(comparisons[i], seed, pooled(std::move(others))));
  }
  return ratios;
}

double noise_floor(const Ratio& twins) {
  const auto factor = [](double r) { return std::max(r, 1 / r); };
  return std::max({factor(twins.estimate), factor(twins.resampled.low), factor(twins.resampled.high)});
}

Outcome judge(const Ratio& ratio, double floor) {
  if (ratio.interval.low > 1 && ratio.estimate > floor) return Outcome::kFaster;
  if (ratio.interval.high < 1 && ratio.estimate < 1 / floor) return Outcome::kSlower;
  return Outcome::kTie;
}

std::vector<double> poisson_arrivals(double rate, double seconds, uint64_t seed) {
  std::vector<double> arrivals;
  Random random{seed};
  for (double t = 0;;) {
    t -= std::log1p(-random.unit()) / rate;
    if (t >= seconds) return arrivals;
    arrivals.push_back(t);
  }
}

std::vector<size_t> pareto_front(std::span<const std::vector<double>> points) {
  const auto dominates = [](const std::vector<double>& a, const std::vector<double>& b) {
    bool better = false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (!(a[i] <= b[i])) return false;
      better |= a[i] < b[i];
    }
    return better;
  };
  std::vector<size_t> front;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool beaten = std::ranges::any_of(points, [&](const auto& other) { return dominates(other, points[i]); });
    if (!beaten) front.push_back(i);
  }
  return front;
}

}  // namespace thane::bench
