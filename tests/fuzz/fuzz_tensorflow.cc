// libFuzzer target: any bytes as each of TensorFlow's files in turn. A crash, a sanitizer report, a hang or an
// out-of-memory is a finding; an error or a valid model is not.
#include "formats/containers/snappy.h"
#include "formats/containers/sstable.h"
#include "formats/tensorflow/reader.h"
#include "formats/tensorflow/text_format.h"
#include "input_file.h"
#include "valid_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace thane;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr uint64_t kMostBytes = 1 << 24;
  static_cast<void>(decode_snappy(bytes, kMostBytes));
  static_cast<void>(read_sstable(bytes, kMostBytes));
  static_cast<void>(tensorflow::text_to_binary(bytes, tensorflow::TextRoot::kSavedModel));
  const auto file = input_file(data, size);
  const ReadOptions options{.companions = false};
  expect_valid(read_graph_def(file, options));
  expect_valid(read_saved_model(file, options));
  expect_valid(read_tf1_checkpoint(file, options));
  return 0;
}
