// The native engine as a worker: the same protocol that the Python workers speak, so that it is measured the same way,
// in a fresh process of its own.
#pragma once

#include "rivals/child.h"

namespace thane::bench {

// Answers requests on the descriptors of rivals/child.h until nobody asks any more.
void serve_native();

// How this program starts itself as that worker.
rivals::Launch native_launch(int64_t memory_bytes);
inline constexpr char kWorkerCommand[] = "__worker";

}  // namespace thane::bench
