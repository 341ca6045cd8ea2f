// Measures kernels against what this CPU can do: kernel_bench [FAMILY…]. THANE_ISA caps the instruction set,
// THANE_SECONDS is for each case. Every turn of a kernel is followed by a turn of plain multiply-adds, or of plain
// reading where it takes its data from memory, so that whoever else uses the machine slows both.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"
#include "base/cpu.h"
#include "bench/kernels/cases.h"
#include "kernels/peak/peak.h"

namespace thane {
namespace {

double median(std::vector<double>& values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

double seconds_of(const std::function<void()>& work) {
  const double start = monotonic_seconds();
  work();
  return monotonic_seconds() - start;
}

class Yardstick {
 public:
  explicit Yardstick(Isa isa) : kernel_(peak_kernel(isa)), memory_(size_t{48} << 20, 1.0f) {}

  double flops_per_second() {
    int64_t done = 0;
    const double seconds = seconds_of([&] { done = kernel_.multiply_add(30'000, sink_); });
    return 2.0 * static_cast<double>(done) / seconds;
  }
  // From another part of memory each time.
  double bytes_per_second() {
    const size_t part = memory_.size() / 12;
    const float* from = memory_.data() + turn_++ % 12 * part;
    const double seconds = seconds_of([&] { kernel_.read(from, static_cast<int64_t>(part), sink_); });
    return static_cast<double>(part * sizeof(float)) / seconds;
  }

 private:
  const PeakKernel& kernel_;
  std::vector<float> memory_;
  size_t turn_ = 0;
  float sink_[64] = {};
};

void measure(const KernelCase& kernel, Yardstick& yardstick, double seconds) {
  const bool from_memory = kernel.bytes > 0 && kernel.operations < 8 * kernel.bytes;
  kernel.run();  // warms
  const double once = std::max(seconds_of(kernel.run), 1e-7);
  const int repeats = std::max(1, static_cast<int>(3e-4 / once));
  std::vector<double> runs, roofs, shares;
  const double unit = from_memory ? kernel.bytes : kernel.operations;
  for (const double end = monotonic_seconds() + seconds; monotonic_seconds() < end || shares.size() < 5;) {
    const double spent = seconds_of([&] {
      for (int i = 0; i < repeats; ++i) kernel.run();
    });
    runs.push_back(unit * repeats / spent);
    roofs.push_back(from_memory ? yardstick.bytes_per_second() : yardstick.flops_per_second());
    shares.push_back(runs.back() / roofs.back());
  }
  const bool counts_numbers =
      kernel.family == "map" || kernel.family == "rows";  // no roof: functions of one number each
  std::printf("%-10s %-32s %8.1f %-10s", kernel.family.c_str(), kernel.name.c_str(), median(runs) * 1e-9,
              counts_numbers ? "G number/s"
              : from_memory  ? "GB/s"
                             : "GFLOP/s");
  if (counts_numbers)
    std::printf("\n");
  else
    std::printf(" %5.0f%% of %.1f\n", median(shares) * 100, median(roofs) * 1e-9);
  std::fflush(stdout);
}

int run(int count, char** words) {
  Isa isa = cpu_facts().best;
  if (const char* level = std::getenv("THANE_ISA")) {
    const auto named = isa_from_name(level);
    if (!named) return std::fprintf(stderr, "kernel_bench: THANE_ISA is '%s'\n", level), 2;
    isa = std::min(isa, *named);
  }
  const char* given = std::getenv("THANE_SECONDS");
  const double seconds = given ? std::atof(given) : 1.0;
  for (int i = 1; i < count; ++i) {
    if (std::ranges::find(kKernelFamilies, std::string_view(words[i])) == std::end(kKernelFamilies)) {
      std::fprintf(stderr, "kernel_bench: no family '%s'; there are:", words[i]);
      for (const char* family : kKernelFamilies) std::fprintf(stderr, " %s", family);
      return std::fprintf(stderr, "\n"), 2;
    }
  }
  std::printf("%.*s, one thread\n", static_cast<int>(isa_name(isa).size()), isa_name(isa).data());
  Yardstick yardstick(isa);
  for (const char* family : kKernelFamilies) {
    const bool wanted = count == 1 || std::any_of(words + 1, words + count,
                                                  [&](const char* word) { return word == std::string_view(family); });
    if (!wanted) continue;
    for (const KernelCase& kernel : kernel_cases(isa, family)) measure(kernel, yardstick, seconds);
  }
  return 0;
}

}  // namespace
}  // namespace thane

int main(int count, char** words) { return thane::run(count, words); }
