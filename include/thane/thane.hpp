// thane: opens AI models and runs them, natively.
//
//   #include <thane/thane.hpp>
//
//   auto model = thane::Model::load("digits.onnx");
//   if (!model) return fail(model.error());
//   auto session = thane::Session::create(*model);
//   if (!session) return fail(session.error());
//   auto image = thane::Tensor::of<float>({1, 1, 8, 8}, pixels);
//   if (!image) return fail(image.error());
//   auto outputs = session->run({{"image", *image}});
//   if (!outputs) return fail(outputs.error());
//   auto scores = outputs->at("logits").tensor().values<float>();
//
// Everything stands in namespace thane (an alias of the versioned thane::v1). Four headers, which this one includes:
// error.hpp, tensor.hpp, model.hpp, session.hpp. They need C++20 and nothing but the standard library. examples/cpp has
// a whole program; thane.h is the same for C.
//
// CMake: find_package(thane) and link thane::thane. pkg-config: thane.
#pragma once

#include "thane/error.hpp"
#include "thane/model.hpp"
#include "thane/session.hpp"
#include "thane/tensor.hpp"

namespace thane::v1 {

// Of the library; THANE_VERSION is that of the headers.
THANE_API const char* version();

}  // namespace thane::v1
