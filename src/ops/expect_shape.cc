#include "ops/expect_shape.h"

#include "base/format.h"

namespace thane {

Status expect_shape(std::string_view what, const SymDims* dims, const SymDims& expected) {
  if (!dims) return ok();
  bool agrees = dims->size() == expected.size();
  for (size_t i = 0; agrees && i < expected.size(); ++i) agrees = may_equal((*dims)[i], expected[i]);
  if (agrees) return ok();
  return invalid_model(format("{} has the shape {}", what, to_string(*dims))).expecting(to_string(expected));
}

}  // namespace thane
