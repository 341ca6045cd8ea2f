// A promise to the compiler about the loop that follows: an iteration touches nothing that another one writes. Outputs
// may be the very same memory as an input (in-place steps), which the run-time overlap checks of auto-vectorisation
// would take for a reason not to vectorise.
#pragma once

#if defined(__clang__)
#define THANE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define THANE_INDEPENDENT _Pragma("GCC ivdep")
#endif
