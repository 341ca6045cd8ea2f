// Choosing among the copies of a kernel body that were compiled for different instruction sets.
#pragma once

#include "base/isa.h"

// THANE_ONE_ISA: a build with the portable copies alone.
#if defined(__x86_64__) && !defined(THANE_ONE_ISA)
#define THANE_X86 1
#endif

namespace thane {

// The best copy that `ceiling` allows.
template <class T>
const T& select_isa(Isa ceiling, const T& portable, [[maybe_unused]] const T& avx2, [[maybe_unused]] const T& avx512) {
#ifdef THANE_X86
  if (ceiling >= Isa::kAvx512) return avx512;
  if (ceiling >= Isa::kAvx2) return avx2;
#endif
  (void)ceiling;
  return portable;
}

}  // namespace thane

// Declares `type name` in the namespace of every instruction set that is compiled.
#ifdef THANE_X86
#define THANE_DECLARE_ISA(type, name) \
  namespace portable {                \
  extern const type name;             \
  }                                   \
  namespace avx2 {                    \
  extern const type name;             \
  }                                   \
  namespace avx512 {                  \
  extern const type name;             \
  }
#define THANE_SELECT_ISA(ceiling, name) ::thane::select_isa(ceiling, portable::name, avx2::name, avx512::name)
#else
#define THANE_DECLARE_ISA(type, name) \
  namespace portable {                \
  extern const type name;             \
  }
#define THANE_SELECT_ISA(ceiling, name) ::thane::select_isa(ceiling, portable::name, portable::name, portable::name)
#endif
