// libFuzzer target: any bytes as a safetensors file. What is accepted must lie whole within the file.
#include "formats/safetensors/safetensors.h"
#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto checkpoint = thane::read_safetensors(thane::input_file(data, size));
  if (!checkpoint.ok()) return 0;
  size_t bytes = 0;
  for (const auto& tensor : checkpoint->tensors) {
    const auto dense = tensor.tensor.dense();
    if (!dense.ok()) std::abort();
    bytes += dense->size_bytes();
  }
  if (bytes > size) std::abort();
  return 0;
}
