// libFuzzer target: any bytes as a checkpoint of whatever kind they look like, checksums verified.
#include "formats/checkpoint/checkpoint.h"
#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto checkpoint = thane::read_checkpoint(thane::input_file(data, size), {.verify = true});
  if (!checkpoint.ok()) return 0;
  for (const auto& tensor : checkpoint->tensors) {
    if (tensor.tensor.size() <= 4096) (void)tensor.tensor.dense();
  }
  return 0;
}
