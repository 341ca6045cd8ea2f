// libFuzzer target: any bytes as an ONNX model. A crash, a sanitizer report, a hang or an out-of-memory is a finding;
// an error or a valid model is not.
#include "formats/onnx/reader.h"
#include "input_file.h"
#include "valid_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = thane::input_file(data, size);
  thane::expect_valid(thane::read_onnx(file, {.companions = false}));
  return 0;
}
