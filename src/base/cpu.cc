#include "base/cpu.h"

#include <unistd.h>

#include <array>
#include <cstring>

#include "base/threads.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace thane {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"portable", "neon", "avx2", "avx512", "avx512vnni", "avx512bf16"};

#if defined(__x86_64__)
Isa best_isa() {
  __builtin_cpu_init();  // checks the operating system's XSAVE state too
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (!avx2) return Isa::kPortable;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (!avx512) return Isa::kAvx2;
  if (!__builtin_cpu_supports("avx512vnni")) return Isa::kAvx512;
  return __builtin_cpu_supports("avx512bf16") ? Isa::kAvx512Bf16 : Isa::kAvx512Vnni;
}

// AMD's family 19h, of which Zen 4 has AVX-512.
bool halves_512() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAuth = 0x68747541;  // "Auth", of AuthenticAMD
  if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx) || ebx != kAuth) return false;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return false;
  const unsigned family = (eax >> 8 & 0xf) + (eax >> 20 & 0xff);
  return family == 0x19;
}

std::string brand() {
  unsigned words[12] = {};
  if (static_cast<unsigned>(__get_cpuid_max(0x80000000u, nullptr)) < 0x80000004u) return "unknown";
  for (unsigned i = 0; i < 3; ++i) {
    __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
  }
  char text[49] = {};
  std::memcpy(text, words, 48);
  std::string name = text;
  name.erase(0, name.find_first_not_of(' '));
  return name.substr(0, name.find_last_not_of(' ') + 1);
}
#elif defined(__aarch64__)
Isa best_isa() { return Isa::kNeon; }
bool halves_512() { return false; }
std::string brand() { return "aarch64"; }
#else
Isa best_isa() { return Isa::kPortable; }
bool halves_512() { return false; }
std::string brand() { return "unknown"; }
#endif

int64_t cache_bytes([[maybe_unused]] int name) {
  const long bytes = ::sysconf(name);
  return bytes > 0 ? bytes : 0;
}

CpuFacts read_facts() {
  CpuFacts facts;
  facts.model = brand();
  facts.best = best_isa();
  facts.halves_512 = halves_512();
  facts.usable_cores = usable_cores();
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  facts.l1d_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE);
  facts.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE);
  facts.l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE);
#endif
  return facts;
}

}  // namespace

std::string_view isa_name(Isa isa) { return kNames[static_cast<size_t>(isa)]; }

std::optional<Isa> isa_from_name(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Isa>(i);
  }
  return std::nullopt;
}

const CpuFacts& cpu_facts() {
  static const CpuFacts facts = read_facts();
  return facts;
}

int64_t l2_cache_bytes() {
  const int64_t known = cpu_facts().l2_bytes;
  return known > 0 ? known : 512 * 1024;
}

}  // namespace thane
