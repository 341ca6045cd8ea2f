// libFuzzer target: any bytes as a TensorFlow Lite model. A crash, a sanitizer report, a hang or an out-of-memory is a
// finding; an error or a valid model is not.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/file.h"
#include "formats/tflite/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int fd = ::memfd_create("fuzz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  auto file = thane::MappedFile::open(path);
  if (!file.ok()) std::abort();
  auto model = thane::read_tflite(*file, {.companions = false});
  if (model.ok() && !thane::verify(model->graph).ok()) std::abort();
  return 0;
}
