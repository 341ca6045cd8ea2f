// Between the public types (thane::v1) and the library's own (thane). Inside namespace v1 a plain name is the public
// one, thane::Name the library's.
#pragma once

#ifndef THANE_NO_SHORT_NAMES
#define THANE_NO_SHORT_NAMES
#endif
#include "base/result.h"
#include "engine/session.h"
#include "ir/graph.h"
#include "ir/value.h"
#include "thane/thane.hpp"

namespace thane::v1 {

Error to_public(const thane::Error& error);

struct Access {
  // `owner` keeps memory alive that `tensor` borrows. Not writable: mutable_data() is null.
  static Tensor wrap(thane::Tensor tensor, bool writable, std::shared_ptr<const void> owner = nullptr);
  static thane::Tensor unwrap(const Tensor& tensor);
  static Value wrap(const thane::Value& value);
  // Fails for booleans and small integers out of their range, which kernels rely on.
  static Result<thane::Value> unwrap(const Value& value);
  static const thane::Model& model(const Model& model);
  static std::shared_ptr<const void> body(const Model& model);
};

}  // namespace thane::v1
