// Numbers as files have them: at any address.
#pragma once

#include <cstring>

namespace thane {

template <class T>
T load_unaligned(const T* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

}  // namespace thane
