#include "formats/containers/sstable.h"

#include <cstring>

#include "base/format.h"
#include "formats/containers/crc32c.h"
#include "formats/containers/snappy.h"
#include "formats/containers/varint.h"

namespace thane {
namespace {

constexpr size_t kFooterBytes = 48, kTrailerBytes = 5;  // of the file; of a block: compression and checksum
constexpr uint8_t kPlain = 0, kSnappy = 1;

Error damaged_table(std::string_view what) {
  return invalid_model(format("the table is damaged: {}", what)).hinting("fetch or save the checkpoint again");
}

uint32_t fixed32(std::string_view bytes) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

// Where a block is.
struct Handle {
  uint64_t offset = 0, size = 0;
};

std::optional<Handle> take_handle(std::string_view& text) {
  const auto offset = take_varint(text);
  const auto size = offset ? take_varint(text) : std::nullopt;
  if (!size) return std::nullopt;
  return Handle{*offset, *size};
}

// A block's contents; `storage` holds them when they were compressed.
Result<std::string_view> read_block(std::string_view file, const Handle& handle, uint64_t most_bytes,
                                    std::string& storage) {
  const size_t body_end = file.size() - kFooterBytes;
  if (handle.offset > body_end || handle.size > body_end - handle.offset ||
      body_end - handle.offset - handle.size < kTrailerBytes) {
    return damaged_table("a block lies outside the file");
  }
  const std::string_view contents = file.substr(handle.offset, handle.size);
  const std::string_view trailer = file.substr(handle.offset + handle.size, kTrailerBytes);
  if (masked_crc32c(crc32c(trailer.substr(0, 1), crc32c(contents))) != fixed32(trailer.substr(1))) {
    return damaged_table("a block's checksum is wrong");
  }
  switch (static_cast<uint8_t>(trailer[0])) {
    case kPlain: return contents;
    case kSnappy: {
      THANE_ASSIGN(storage, decode_snappy(contents, most_bytes));
      return std::string_view(storage);
    }
    default: return damaged_table(format("compression {} is unknown", static_cast<int>(trailer[0])));
  }
}

// Calls f(key, value) for each entry of a block. Keys share prefixes with their predecessors.
template <class F>
Status for_each_entry(std::string_view block, const F& f) {
  if (block.size() < 4) return damaged_table("a block is too short");
  const uint64_t restarts = fixed32(block.substr(block.size() - 4));
  if (restarts > (block.size() - 4) / 4) return damaged_table("a block has too many restart points");
  block.remove_suffix(4 + 4 * restarts);
  std::string key;
  while (!block.empty()) {
    const auto shared = take_varint(block);
    const auto fresh = shared ? take_varint(block) : std::nullopt;
    const auto value = fresh ? take_varint(block) : std::nullopt;
    if (!value || *shared > key.size() || *fresh > block.size() || *value > block.size() - *fresh) {
      return damaged_table("an entry reaches outside its block");
    }
    key.resize(*shared);
    key.append(block.substr(0, *fresh));
    THANE_TRY(f(key, block.substr(*fresh, *value)));
    block.remove_prefix(*fresh + *value);
  }
  return ok();
}

}  // namespace

bool is_sstable(std::string_view bytes) {
  uint64_t magic = 0;
  if (bytes.size() < kFooterBytes) return false;
  std::memcpy(&magic, bytes.data() + bytes.size() - sizeof(magic), sizeof(magic));
  return magic == kTableMagic;
}

Result<std::map<std::string, std::string, std::less<>>> read_sstable(std::string_view bytes, uint64_t most_bytes) {
  if (!is_sstable(bytes)) return damaged_table("its last bytes are not those of a table");
  std::string_view footer = bytes.substr(bytes.size() - kFooterBytes);
  const auto meta = take_handle(footer);
  const auto index = meta ? take_handle(footer) : std::nullopt;
  if (!index) return damaged_table("its footer has no index");
  std::map<std::string, std::string, std::less<>> pairs;
  uint64_t left = most_bytes;
  const auto keep = [&](const std::string& key, std::string_view value) -> Status {
    constexpr uint64_t kPairBytes = 64;  // what a pair costs beside its text
    if (key.size() + value.size() + kPairBytes > left)
      return resource_limit("the table unfolds to far more than its size");
    left -= key.size() + value.size() + kPairBytes;
    pairs.insert_or_assign(key, std::string(value));
    return ok();
  };
  std::string index_storage;
  THANE_ASSIGN(const std::string_view index_block, read_block(bytes, *index, most_bytes, index_storage));
  THANE_TRY(for_each_entry(index_block, [&](const std::string&, std::string_view value) -> Status {
    const auto handle = take_handle(value);
    if (!handle) return damaged_table("its index is broken");
    std::string storage;
    THANE_ASSIGN(const std::string_view block, read_block(bytes, *handle, most_bytes, storage));
    return for_each_entry(block, keep);
  }));
  return pairs;
}

}  // namespace thane
