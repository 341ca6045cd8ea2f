#include "memory_meter.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> in_use{0};
std::atomic<int64_t> peak{0};

void* counted(void* memory) {
  if (!memory) return nullptr;
  const int64_t now = in_use += static_cast<int64_t>(malloc_usable_size(memory));
  for (int64_t seen = peak.load(); now > seen && !peak.compare_exchange_weak(seen, now);) {
  }
  return memory;
}

void released(void* memory) {
  if (memory) in_use -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

void* or_throw(void* memory) {
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Every form that the program can call; all end in malloc and free.
void* operator new(size_t size) { return or_throw(counted(std::malloc(size))); }
void* operator new[](size_t size) { return or_throw(counted(std::malloc(size))); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return counted(std::malloc(size)); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return counted(std::malloc(size)); }
void* operator new(size_t size, std::align_val_t align) {
  const auto a = static_cast<size_t>(align);
  return or_throw(counted(std::aligned_alloc(a, (size + a - 1) / a * a)));
}
void* operator new[](size_t size, std::align_val_t align) { return operator new(size, align); }
void* operator new[](size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  const auto a = static_cast<size_t>(align);
  return size > SIZE_MAX - a ? nullptr : counted(std::aligned_alloc(a, (size + a - 1) / a * a));
}
void operator delete(void* memory) noexcept { released(memory); }
void operator delete[](void* memory) noexcept { released(memory); }
void operator delete(void* memory, size_t) noexcept { released(memory); }
void operator delete[](void* memory, size_t) noexcept { released(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { released(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { released(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { released(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { released(memory); }

namespace thane::test {

int64_t bytes_in_use() { return in_use; }
int64_t peak_bytes() { return peak; }
void reset_peak() { peak = in_use.load(); }

}  // namespace thane::test
