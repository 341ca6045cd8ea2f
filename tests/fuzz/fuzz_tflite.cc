// libFuzzer target: any bytes as a TensorFlow Lite model. A crash, a sanitizer report, a hang or an out-of-memory is a
// finding; an error or a valid model is not.
#include "formats/tflite/reader.h"
#include "input_file.h"
#include "valid_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = thane::input_file(data, size);
  thane::expect_valid(thane::read_tflite(file, {.companions = false}));
  return 0;
}
