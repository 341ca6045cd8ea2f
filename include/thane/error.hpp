// Errors by value.
//
// No function of thane throws, except std::bad_alloc when the program is out of memory. What can fail returns a
// Result<T> or a Status; ask it before you use the value:
//
//   auto model = thane::Model::load("model.onnx");
//   if (!model) {
//     std::cerr << model.error().to_string() << '\n';
//     return 1;
//   }
//   use(*model);
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "thane/version.h"

namespace thane::v1 {

enum class ErrorCode : int {
  kInvalidArgument = 1,  // the request is wrong: a name, a shape, an option, a file of input data
  kIo = 2,               // a file cannot be read or written
  kInvalidModel = 3,     // the model file is broken or contradicts itself
  kUnsupported = 4,      // the model is fine, but asks for something thane cannot do
  kRuntime = 5,          // the data met while running is wrong, such as an index out of range
  kResourceLimit = 6,    // the request would need unreasonable memory or time
};

// What went wrong, in the parts a reader needs. All but `message` may be empty.
struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string message;   // what was found
  std::string where;     // file, node or option, outermost first, joined by ": "
  std::string expected;  // what would have been right
  std::string hint;      // what to do next

  // One line: "where: message (expected …); hint".
  THANE_API std::string to_string() const;
};

namespace detail {
// Prints the error and ends the program: a value was used without asking whether it is there.
[[noreturn]] THANE_API void value_of_error(const Error& error);
}  // namespace detail

// A T or an Error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Ends the program with the error's text when there is none: ask ok() first.
  T& value() & { return check(), *std::get_if<0>(&state_); }
  const T& value() const& { return check(), *std::get_if<0>(&state_); }
  T&& value() && { return check(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when !ok().
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  void check() const {
    if (!ok()) detail::value_of_error(error());
  }
  std::variant<T, Error> state_;
};

// Success or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : failed_(true), error_(std::move(error)) {}
  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return error_; }  // only when !ok()

 private:
  bool failed_ = false;
  Error error_;
};
using Status = Result<void>;

}  // namespace thane::v1

// Programs say thane::Model. The library itself, whose own types have the same short names, leaves this out.
#ifndef THANE_NO_SHORT_NAMES
namespace thane {
using namespace v1;
}
#endif
