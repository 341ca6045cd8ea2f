#include "base/result.h"

namespace thane {

std::string Error::to_string() const {
  std::string text = where.empty() ? what : where + ": " + what;
  if (!expected.empty()) text += " (expected " + expected + ")";
  if (!hint.empty()) text += "; " + hint;
  return text;
}

}  // namespace thane
