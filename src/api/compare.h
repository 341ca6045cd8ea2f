// How far two results are apart.
#pragma once

#include <string>

#include "ir/value.h"

namespace thane {

struct Tolerance {
  double absolute = 1e-4;
  double relative = 1e-3;
};

// Of a value against the reference. Numbers cover all elements of tensors, and of sequences and maps together.
struct Difference {
  bool within = true;     // every |value - reference| <= absolute + relative * |reference|; others equal
  std::string structure;  // when not empty: kinds, dtypes, shapes or lengths differ, and nothing else is filled in
  int64_t elements = 0;
  int64_t beyond = 0;  // elements out of tolerance; NaN agrees with NaN alone
  double max_error = 0, mean_error = 0;
  double max_reference = 0;   // largest |reference|
  double cosine = 1;          // of the two as vectors; 1 when both are zero
  int64_t first_beyond = -1;  // index in row-major order
  double value_there = 0, reference_there = 0;
  int64_t rows = 0,
          rows_agreeing = 0;  // rows along the last axis, and those whose largest element is at the same place
};

Difference compare(const Value& value, const Value& reference, const Tolerance& tolerance);

}  // namespace thane
