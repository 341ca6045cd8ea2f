// What tests of kernels share: every instruction set this CPU has, and memory that ends where it says.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>

#include "base/cpu.h"

namespace thane {

// Calls test(isa) for every level that kernels are compiled for and this CPU has.
template <class Test>
void for_each_isa(const Test& test) {
  for (const Isa isa : {Isa::kPortable, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Vnni, Isa::kAvx512Bf16}) {
    if (isa > cpu_facts().best) continue;
    SCOPED_TRACE(isa_name(isa));
    test(isa);
  }
}

// Elements that end at a page nobody may touch, or begin at one: an access beyond them kills the test.
template <class T>
class Guarded {
 public:
  enum class Side { kEnd, kBegin };
  explicit Guarded(int64_t count, Side side = Side::kEnd) : count_(static_cast<size_t>(count)) {
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    const size_t inside = (count_ * sizeof(T) + page - 1) / page * page;
    bytes_ = inside + 2 * page;
    base_ =
        static_cast<std::byte*>(::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::mprotect(base_, page, PROT_NONE);
    ::mprotect(base_ + page + inside, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(base_ + page + (side == Side::kEnd ? inside - count_ * sizeof(T) : 0));
  }
  ~Guarded() { ::munmap(base_, bytes_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }
  int64_t size() const { return static_cast<int64_t>(count_); }
  void fill(std::mt19937& random, float scale = 1) {
    std::normal_distribution<float> normal(0, scale);
    for (size_t i = 0; i < count_; ++i) data_[i] = static_cast<T>(normal(random));
  }

 private:
  size_t count_, bytes_;
  std::byte* base_;
  T* data_;
};
using GuardedFloats = Guarded<float>;

// Distance in units of the last place of `want` as a float.
inline double ulps(float got, double want) {
  if (std::isnan(want)) return std::isnan(got) ? 0 : HUGE_VAL;
  const auto rounded = static_cast<float>(want);
  if (got == rounded) return 0;
  if (std::isinf(rounded) || std::isinf(got)) return HUGE_VAL;
  const double ulp = std::fmax(std::ldexp(1.0, std::ilogb(want) - 23), 1.4012984643e-45);
  return std::fabs(double(got) - want) / ulp;
}

}  // namespace thane
