// A seccomp filter for tests that open hostile files.
#pragma once

namespace thane {

// From now on this process is killed (SIGSYS) when it starts a program, opens a socket, opens a file for writing, or
// makes, renames or removes one. Returns false where the kernel has no such filters.
bool forbid_side_effects();

}  // namespace thane
