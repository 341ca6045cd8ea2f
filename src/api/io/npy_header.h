// The header of a .npy file: magic, version, and a Python dict literal with three known keys.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "ir/dim.h"

namespace thane {

struct NpyHeader {
  std::string descr;  // "<f4"; never empty
  bool fortran_order = false;
  Dims shape;  // dimensions >= 0
  size_t data_offset = 0;
};

Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes);
// Magic, version 1.0 (2.0 when it must) and the dict, padded so that the data starts at a multiple of 64.
std::string npy_header_bytes(const std::string& descr, const Dims& shape);

}  // namespace thane
