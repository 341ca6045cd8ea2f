// libFuzzer target: any bytes as a zip archive, every member read.
#include "formats/containers/zip.h"
#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto archive = thane::ZipArchive::open(thane::input_file(data, size));
  if (!archive.ok()) return 0;
  for (const auto& member : archive->members()) {
    const auto bytes = archive->read_verified(member, 1 << 20);
    if (bytes.ok() && (*bytes)->size_bytes() != member.bytes) std::abort();
  }
  return 0;
}
