// libFuzzer target: any bytes as an ONNX model. A crash, a sanitizer report, a hang or an out-of-memory is a finding;
// an error or a valid model is not.
#include <cstdlib>

#include "formats/onnx/reader.h"
#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = thane::input_file(data, size);
  auto model = thane::read_onnx(file, {.companions = false});
  if (model.ok() && !thane::verify(model->graph).ok()) std::abort();
  return 0;
}
