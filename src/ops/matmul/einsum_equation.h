// The equation of an Einsum: "ij,jk->ik", "...ij->...ji", "i,i".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace thane {

// An index of the sum: a letter's code, or kEllipsisLabel + i for the i-th axis from the right under an ellipsis. (From
// the right, because the axes of several ellipses broadcast.)
using EinsumLabel = int64_t;
inline constexpr EinsumLabel kEllipsisLabel = 256;

struct EinsumTerms {
  std::vector<std::vector<EinsumLabel>> inputs;  // one label per axis of each operand
  std::vector<EinsumLabel> output;
};

// Labels every axis. ranks[i] is the rank of operand i. Without "->", the output has the ellipsis first, then the
// letters that stand once, in alphabetical order (capitals first).
Result<EinsumTerms> parse_einsum(const std::string& equation, const std::vector<size_t>& ranks);

}  // namespace thane
