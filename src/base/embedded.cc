#include "base/embedded.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>

namespace thane {

std::string embedded_text(std::span<const EmbeddedFile> files, std::string_view name) {
  const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
  if (file == files.end()) return {};
  std::string text(file->size, '\0');
  z_stream stream{};
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(file->gzip.data()));
  stream.avail_in = static_cast<uInt>(file->gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  constexpr int kGzip = 16;
  [[maybe_unused]] bool is_whole = inflateInit2(&stream, kGzip + MAX_WBITS) == Z_OK;
  is_whole = is_whole && inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  assert(is_whole);
  return text;
}

}  // namespace thane
