// LevelDB-style tables: sorted key → value pairs in blocks, plain or snappy-compressed, found through an index block.
// What TensorFlow keeps the index of a checkpoint in (and, in its first version, the checkpoint itself).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thane {

// The last eight bytes of a table.
inline constexpr uint64_t kTableMagic = 0xdb4775248b80fb57u;
bool is_sstable(std::string_view bytes);

// All pairs of the table. Values are copies. Every block's checksum is verified. Fails for tables whose pairs would
// take more than `most_bytes`.
Result<std::map<std::string, std::string, std::less<>>> read_sstable(std::string_view bytes, uint64_t most_bytes);

}  // namespace thane
