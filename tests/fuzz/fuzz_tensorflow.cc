// libFuzzer target: any bytes as one of TensorFlow's files; the first byte says which. A crash, a sanitizer report, a hang
// or an out-of-memory is a finding; an error or a valid model is not.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/file.h"
#include "formats/containers/snappy.h"
#include "formats/containers/sstable.h"
#include "formats/tensorflow/reader.h"
#include "formats/tensorflow/text_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thane;
  if (size == 0) return 0;
  const uint8_t kind = data[0];
  ++data;
  --size;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (kind % 6 == 0) return static_cast<void>(decode_snappy(bytes, 1 << 24)), 0;
  if (kind % 6 == 1) return static_cast<void>(read_sstable(bytes, 1 << 24)), 0;
  if (kind % 6 == 2) return static_cast<void>(tensorflow::text_to_binary(bytes, tensorflow::TextRoot::kSavedModel)), 0;
  static const int fd = ::memfd_create("fuzz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  auto file = MappedFile::open(path);
  if (!file.ok()) std::abort();
  const ReadOptions options{.companions = false};
  auto model = kind % 6 == 3   ? read_graph_def(*file, options)
               : kind % 6 == 4 ? read_saved_model(*file, options)
                               : read_tf1_checkpoint(*file, options);
  if (model.ok() && !model->specialise && !verify(model->graph).ok()) std::abort();
  return 0;
}
