#include "bench/machine.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"

namespace thane::bench {
namespace {

// The first few KiB of a file of the kernel's; empty when it is not there.
std::string read_small(const char* path) {
  std::FILE* file = std::fopen(path, "r");
  if (!file) return "";
  std::string text(8192, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

int64_t kibibytes_after(const std::string& text, std::string_view label) {
  const size_t at = text.find(label);
  return at == std::string::npos ? 0 : std::strtoll(text.c_str() + at + label.size(), nullptr, 10) * 1024;
}

// The whole number a text starts with; 0 when it is none.
int64_t number_in(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

// A chain of dependent integer operations: its length in cycles does not depend on memory or data.
uint64_t fixed_work(uint64_t seed) {
  for (int i = 0; i < 200000; ++i) seed = (seed ^ (seed >> 29)) * 0xbf58476d1ce4e5b9u + 1;
  return seed;
}

}  // namespace

Machine read_machine() {
  Machine machine;
  const std::string memory = read_small("/proc/meminfo");
  machine.memory_bytes = kibibytes_after(memory, "MemTotal:");
  machine.available_bytes = kibibytes_after(memory, "MemAvailable:");
  if (const int64_t limit = number_in(read_small("/sys/fs/cgroup/memory.max"));
      limit > 0 && limit < machine.memory_bytes) {
    const int64_t used = number_in(read_small("/sys/fs/cgroup/memory.current"));
    machine.memory_bytes = limit;
    machine.available_bytes = std::min(machine.available_bytes, std::max<int64_t>(0, limit - used));
  }
  // "QUOTA PERIOD", or "max PERIOD" without a limit.
  const std::string quota = read_small("/sys/fs/cgroup/cpu.max");
  const int64_t share = number_in(quota), period = number_in(quota.substr(std::min(quota.find(' ') + 1, quota.size())));
  if (share > 0 && period > 0) machine.cpu_quota = static_cast<double>(share) / static_cast<double>(period);
  double load = 0;
  if (::getloadavg(&load, 1) == 1) machine.load = load;
  machine.governor = read_small("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  return machine;
}

Noise measure_noise(int milliseconds) {
  const double end = monotonic_seconds() + milliseconds * 1e-3;
  std::vector<double> times;
  uint64_t seed = 1;
  while (monotonic_seconds() < end) {
    const double start = monotonic_seconds();
    seed = fixed_work(seed);
    times.push_back((monotonic_seconds() - start) * 1e6);
  }
  Noise noise{static_cast<int>(times.size()), 0, 0};
  if (times.empty() || seed == 0) return noise;  // asking for the seed keeps the work from being optimised away
  std::ranges::sort(times);
  noise.median_us = times[times.size() / 2];
  noise.spread = (times[times.size() * 9 / 10] - noise.median_us) / noise.median_us;
  return noise;
}

}  // namespace thane::bench
