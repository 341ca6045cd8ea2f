#include <cstdio>
#include <cstdlib>

#include "api/public/access.h"

namespace thane::v1 {

static_assert(static_cast<int>(ErrorCode::kInvalidArgument) ==
              static_cast<int>(thane::ErrorCode::kInvalidArgument) + 1);
static_assert(static_cast<int>(ErrorCode::kResourceLimit) == static_cast<int>(thane::ErrorCode::kResourceLimit) + 1);

Error to_public(const thane::Error& error) {
  return {static_cast<ErrorCode>(static_cast<int>(error.code) + 1), error.what, error.where, error.expected,
          error.hint};
}

std::string Error::to_string() const { return thane::Error{{}, message, where, expected, hint}.to_string(); }

const char* version() { return THANE_VERSION; }

namespace detail {

void value_of_error(const Error& error) {
  std::fprintf(stderr, "thane: the value of an error was used: %s\n", error.to_string().c_str());
  std::abort();
}

}  // namespace detail
}  // namespace thane::v1
