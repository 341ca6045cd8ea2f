#include <numeric>

#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {

// One list of classes served both ways: text to its position and position to its text, as the input's type demands.
Status label_encoder_classes(Rewrite& r) {
  THANE_ASSIGN(auto classes, r.take_or("classes_strings", std::vector<std::string>{}));
  Dims positions(classes.size());
  std::iota(positions.begin(), positions.end(), 0);
  const DType dtype = r.input_dtype(0);
  if (dtype == DType::kUndefined) return unsupported("classes_strings on an input of unknown type");
  if (dtype == DType::kString) {
    r.drop("default_string");
    r.set("keys_strings", std::move(classes));
    r.set("values_int64s", std::move(positions));
  } else {
    r.drop("default_int64");
    r.set("keys_int64s", std::move(positions));
    r.set("values_strings", std::move(classes));
  }
  return ok();
}

}  // namespace thane::onnx
