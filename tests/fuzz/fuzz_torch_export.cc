// libFuzzer target: any bytes as the JSON of an exported program, in an archive with a few weights. A crash, a
// sanitizer report, a hang or an out-of-memory is a finding; an error or a valid model is not.
#include <zlib.h>

#include <string>
#include <string_view>

#include "formats/torch/export/reader.h"
#include "input_file.h"
#include "valid_model.h"

namespace {

// The weights that the seeds in torch_export/ mention.
constexpr std::string_view kWeights =
    R"({"config": {)"
    R"("weight": {"path_name": "weight_0", "tensor_meta": {"dtype": 7, "sizes": [{"as_int": 2}, {"as_int": 3}], )"
    R"("strides": [{"as_int": 3}, {"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}}, )"
    R"("bias": {"path_name": "weight_1", "tensor_meta": {"dtype": 7, "sizes": [{"as_int": 2}], )"
    R"("strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}}, )"
    R"("count": {"path_name": "weight_2", "tensor_meta": {"dtype": 5, "sizes": [], "strides": [], )"
    R"("storage_offset": {"as_int": 0}, "layout": 7}}}})";

// A zip archive of stored members.
class Zip {
 public:
  void add(std::string_view name, std::string_view bytes) {
    std::string fields;  // from the version needed to the length of the extra field: alike in both headers
    put(fields, 20, 2), put(fields, 0, 2), put(fields, 0, 2), put(fields, 0, 4);
    put(fields, ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())), 4);
    put(fields, bytes.size(), 4), put(fields, bytes.size(), 4);
    put(fields, name.size(), 2), put(fields, 0, 2);
    directory_ += "PK\1\2";
    put(directory_, 20, 2);
    directory_ += fields;
    put(directory_, 0, 2), put(directory_, 0, 2), put(directory_, 0, 2), put(directory_, 0, 4);
    put(directory_, members_.size(), 4);
    directory_ += name;
    members_ += "PK\3\4";
    members_ += fields;
    members_ += name;
    members_ += bytes;
    ++count_;
  }
  std::string finish() const {
    std::string end = "PK\5\6";
    put(end, 0, 4), put(end, count_, 2), put(end, count_, 2);
    put(end, directory_.size(), 4), put(end, members_.size(), 4), put(end, 0, 2);
    return members_ + directory_ + end;
  }

 private:
  static void put(std::string& to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> 8 * i);
  }

  std::string members_, directory_;
  uint64_t count_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Zip zip;
  zip.add("m/archive_format", "pt2");
  zip.add("m/archive_version", "0");
  zip.add("m/byteorder", "little");
  zip.add("m/models/model.json", {reinterpret_cast<const char*>(data), size});
  zip.add("m/data/weights/model_weights_config.json", kWeights);
  zip.add("m/data/weights/weight_0", std::string(24, '\0'));
  zip.add("m/data/weights/weight_1", std::string(8, '\0'));
  zip.add("m/data/weights/weight_2", std::string(8, '\0'));
  const std::string archive = zip.finish();
  thane::expect_valid(thane::read_torch_export(
      thane::input_file(reinterpret_cast<const uint8_t*>(archive.data()), archive.size()), {}));
  return 0;
}
