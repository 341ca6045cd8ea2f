// Errors by value. Every fallible function returns Status or Result<T>; exceptions never cross a room's border.
#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace thane {

enum class ErrorCode {
  kInvalidArgument,  // the caller's request is wrong (a name, a shape, an option)
  kIo,               // a file cannot be read or written
  kInvalidModel,     // the model file is broken or contradicts itself
  kUnsupported,      // the model is fine, but asks for something thane cannot do
  kRuntime,          // the data met at run time is wrong (an index out of range)
  kResourceLimit,    // honouring the request would need unreasonable memory or time
};

// What went wrong, in the four parts a reader needs. `what` says what was found; the rest may be empty.
struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string what;
  std::string where;     // file, node or option, outermost first, joined by ": "
  std::string expected;  // what would have been right
  std::string hint;      // what to do next

  Error&& expecting(std::string text) && { return expected = std::move(text), std::move(*this); }
  Error&& hinting(std::string text) && { return hint = std::move(text), std::move(*this); }
  // Prefixes the location: called while an error travels outwards.
  Error&& at(const std::string& outer) && {
    where = where.empty() ? outer : outer + ": " + where;
    return std::move(*this);
  }
  // One line: "where: what (expected …); hint".
  std::string to_string() const;
};

inline Error invalid_argument(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what), {}, {}, {}}; }
inline Error io_error(std::string what) { return {ErrorCode::kIo, std::move(what), {}, {}, {}}; }
inline Error invalid_model(std::string what) { return {ErrorCode::kInvalidModel, std::move(what), {}, {}, {}}; }
inline Error unsupported(std::string what) { return {ErrorCode::kUnsupported, std::move(what), {}, {}, {}}; }
inline Error runtime_error(std::string what) { return {ErrorCode::kRuntime, std::move(what), {}, {}, {}}; }
inline Error resource_limit(std::string what) { return {ErrorCode::kResourceLimit, std::move(what), {}, {}, {}}; }

// A T or an Error. Move-only, so that an error is reported once.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }

  T& value() & { return assert(ok()), *value_; }
  const T& value() const& { return assert(ok()), *value_; }
  T&& value() && { return assert(ok()), std::move(*value_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return assert(!ok()), *error_; }
  Error&& error() && { return assert(!ok()), std::move(*error_); }

 private:
  std::optional<T> value_;
  std::unique_ptr<Error> error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return assert(!ok()), *error_; }
  Error&& error() && { return assert(!ok()), std::move(*error_); }

 private:
  std::unique_ptr<Error> error_;
};

using Status = Result<void>;
inline Status ok() { return {}; }

}  // namespace thane

#define THANE_CONCAT_INNER(a, b) a##b
#define THANE_CONCAT(a, b) THANE_CONCAT_INNER(a, b)

// Returns the error of a Status or Result expression from the enclosing function; continues otherwise.
#define THANE_TRY(expression)                                   \
  do {                                                          \
    if (auto thane_status = (expression); !thane_status.ok()) { \
      return std::move(thane_status).error();                   \
    }                                                           \
  } while (0)

// THANE_ASSIGN(auto x, f()): declares x from a Result, or returns its error.
#define THANE_ASSIGN(declaration, expression) \
  THANE_ASSIGN_INNER(THANE_CONCAT(thane_result_, __LINE__), declaration, expression)
#define THANE_ASSIGN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                               \
  if (!temporary.ok()) return std::move(temporary).error();    \
  declaration = std::move(*temporary)
