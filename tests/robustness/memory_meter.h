// Bytes this process has from operator new, now and at the most since reset.
#pragma once

#include <cstdint>

namespace thane::test {

int64_t bytes_in_use();
int64_t peak_bytes();
void reset_peak();

}  // namespace thane::test
