#include "formats/tensorflow/checkpoint.h"

#include <cstring>
#include <set>

#include "base/checked.h"
#include "base/format.h"
#include "formats/containers/protobuf.h"
#include "formats/containers/sstable.h"
#include "formats/tensorflow/tensor.h"

namespace thane::tensorflow {
namespace {

using Pairs = std::map<std::string, std::string, std::less<>>;

uint64_t table_limit(std::string_view bytes) { return (uint64_t{16} << 20) + 16 * bytes.size(); }

Error in_checkpoint(Error error, std::string_view key) {
  return std::move(error).at(format("variable '{}'", key)).at("checkpoint");
}

void decode_slice(Bytes message, Dims& start, Dims& length) {
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() != 1) {
      field.skip();
      continue;
    }
    int64_t from = 0, count = -1;
    for (ProtobufReader extent(field.bytes()); extent.next();) {
      switch (extent.tag()) {
        case 1: from = extent.integer(); break;
        case 2: count = extent.integer(); break;
        default: extent.skip();
      }
    }
    start.push_back(from);
    length.push_back(count);
  }
}

// The key under which a piece of a partitioned variable is kept (ordered numbers and strings as TensorFlow's
// OrderedCode writes them).
void append_ordered_number(std::string& key, uint64_t number) {
  std::string digits;
  for (; number > 0; number >>= 8) digits.insert(digits.begin(), static_cast<char>(number & 0xff));
  key.push_back(static_cast<char>(digits.size()));
  key += digits;
}
void append_ordered_string(std::string& key, std::string_view text) {
  for (const char c : text) {
    key.push_back(c);
    if (c == '\0') key.push_back('\xff');
    if (c == '\xff') key.push_back('\0');
  }
  key.append("\0\1", 2);
}
void append_ordered_signed(std::string& key, int64_t number) {
  // Only what slices need: small numbers of either sign, in one or two bytes; larger ones in more.
  const uint64_t magnitude = number < 0 ? ~static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  if (magnitude < 64) {
    key.push_back(static_cast<char>(0x80 ^ static_cast<uint8_t>(number)));
    return;
  }
  int bytes = 1;
  while (bytes < 9 && (magnitude >> (7 * bytes - 1)) > 0) ++bytes;
  // A header of `bytes` ones and a zero, then the number big-endian; negative ones inverted.
  std::string digits(static_cast<size_t>(bytes), '\0');
  for (int i = 0; i < bytes && i < 8; ++i)
    digits[static_cast<size_t>(bytes - 1 - i)] = static_cast<char>(magnitude >> (8 * i));
  uint8_t header = static_cast<uint8_t>(0xff << (8 - bytes));
  digits[0] = static_cast<char>(static_cast<uint8_t>(digits[0]) | header);
  if (number < 0)
    for (char& c : digits) c = static_cast<char>(~c);
  key += digits;
}
std::string slice_key(std::string_view name, const Dims& start, const Dims& length) {
  std::string key;
  append_ordered_number(key, 0);
  append_ordered_string(key, name);
  append_ordered_number(key, start.size());
  for (size_t i = 0; i < start.size(); ++i) {
    append_ordered_signed(key, start[i]);
    append_ordered_signed(key, length[i]);
  }
  return key;
}

}  // namespace

Result<Checkpoint> Checkpoint::open(Source& source, const std::string& prefix) {
  Checkpoint checkpoint(source);
  checkpoint.prefix_ = prefix;
  if (auto index = source.companion(prefix + ".index"); index.ok()) {
    THANE_ASSIGN(const Pairs table, read_sstable(*index, table_limit(*index)));
    THANE_TRY(decode_protobuf("BundleEntryProto", [&] { return checkpoint.add_bundle(table); }));
    return checkpoint;
  }
  // V1: one table, or several named like "prefix-00000-of-00002".
  std::vector<std::string_view> files;
  if (auto file = source.companion(prefix); file.ok()) files.push_back(*file);
  for (int shards = 1; files.empty() && shards <= 64; ++shards) {
    auto first = source.companion(format("{}-{:05}-of-{:05}", prefix, 0, shards));
    if (!first.ok()) continue;
    files.push_back(*first);
    for (int i = 1; i < shards; ++i) {
      THANE_ASSIGN(const std::string_view next, source.companion(format("{}-{:05}-of-{:05}", prefix, i, shards)));
      files.push_back(next);
    }
  }
  if (files.empty()) {
    return io_error(format("there is no checkpoint '{}'", prefix)).expecting(format("a file {}.index", prefix));
  }
  for (std::string_view file : files) {
    THANE_ASSIGN(const Pairs table, read_sstable(file, table_limit(file)));
    THANE_TRY(decode_protobuf("SavedTensorSlices", [&] { return checkpoint.add_saved_slices(table); }));
  }
  return checkpoint;
}

std::vector<std::string> Checkpoint::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_) keys.push_back(key);
  return keys;
}

Result<Checkpoint::Entry> Checkpoint::decode_entry(const std::string& message) const {
  Entry entry;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: entry.type = field.integer(); break;
      case 2: entry.dims = decode_shape(field.bytes()).dims; break;
      case 3: entry.shard = field.integer(); break;
      case 4: entry.offset = field.integer(); break;
      case 5: entry.size = field.integer(); break;
      case 7: {
        Slice slice;
        decode_slice(field.bytes(), slice.start, slice.length);
        entry.slices.push_back(std::move(slice));
        break;
      }
      default: field.skip();
    }
  }
  return entry;
}

Status Checkpoint::add_bundle(const Pairs& table) {
  shards_ = 1;
  for (const auto& [key, value] : table) {
    if (key.empty()) {  // the header
      for (ProtobufReader field(value); field.next();) {
        switch (field.tag()) {
          case 1: shards_ = field.integer(); break;
          case 2:
            if (field.integer() != 0) return unsupported("a checkpoint written on a big-endian machine");
            break;
          default: field.skip();
        }
      }
      continue;
    }
    if (key[0] == '\0') continue;  // a piece; read with its variable
    THANE_ASSIGN(Entry entry, decode_entry(value));
    for (Slice& slice : entry.slices) {
      const auto found = table.find(slice_key(key, slice.start, slice.length));
      if (found == table.end()) return invalid_model(format("a piece of '{}' is missing", key)).at("checkpoint");
      slice.value = found->second;
    }
    entries_.insert_or_assign(key, std::move(entry));
  }
  return ok();
}

Status Checkpoint::add_saved_slices(const Pairs& table) {
  for (const auto& [key, value] : table) {
    for (ProtobufReader field(value); field.next();) {
      if (field.tag() == 1) {  // what there is
        for (ProtobufReader meta(field.bytes()); meta.next();) {
          if (meta.tag() != 1) {
            meta.skip();
            continue;
          }
          std::string name;
          Entry entry;
          for (ProtobufReader tensor(meta.bytes()); tensor.next();) {
            switch (tensor.tag()) {
              case 1: name = tensor.bytes(); break;
              case 2: entry.dims = decode_shape(tensor.bytes()).dims; break;
              case 3: entry.type = tensor.integer(); break;
              default: tensor.skip();
            }
          }
          Entry& known = entries_[name];
          known.type = entry.type;
          known.dims = entry.dims;
        }
      } else if (field.tag() == 2) {  // a piece
        const Bytes message = field.bytes();
        std::string name;
        Slice slice;
        for (ProtobufReader piece(message); piece.next();) {
          switch (piece.tag()) {
            case 1: name = piece.bytes(); break;
            case 2: decode_slice(piece.bytes(), slice.start, slice.length); break;
            case 3: slice.value = piece.bytes(); break;
            default: piece.skip();
          }
        }
        entries_[name].slices.push_back(std::move(slice));
      } else {
        field.skip();
      }
    }
  }
  return ok();
}

Result<Tensor> Checkpoint::read(std::string_view key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return in_checkpoint(invalid_model("it is not there"), key);
  const Entry& entry = found->second;
  auto tensor =
      decode_protobuf("checkpoint", [&] { return entry.slices.empty() ? read_whole(entry) : read_slices(entry); });
  if (!tensor.ok()) return in_checkpoint(std::move(tensor).error(), key);
  return tensor;
}

Result<Tensor> Checkpoint::read_whole(const Entry& entry) const {
  const DType dtype = to_dtype(entry.type);
  if (dtype == DType::kUndefined) return unsupported(format("values of TensorFlow's data type {}", entry.type));
  if (shards_ <= 0 || entry.shard < 0 || entry.shard >= shards_)
    return invalid_model("its data file is none of the checkpoint's");
  THANE_ASSIGN(const std::string_view file,
               source_->companion(format("{}.data-{:05}-of-{:05}", prefix_, entry.shard, shards_)));
  const auto end = checked_add(entry.offset, entry.size);
  if (entry.offset < 0 || entry.size < 0 || !end || static_cast<uint64_t>(*end) > file.size()) {
    return invalid_model(format("it ends at byte {} of a file of {}", end.value_or(-1), file.size()));
  }
  const std::string_view bytes = file.substr(static_cast<size_t>(entry.offset), static_cast<size_t>(entry.size));
  if (dtype == DType::kString) return decode_strings(bytes, entry.dims, 4, *source_);
  const auto count = checked_product(entry.dims);
  const auto expected = count ? byte_count(dtype, *count) : std::nullopt;
  if (!expected || *expected != bytes.size()) {
    return invalid_model(format("{} bytes for {}{}", bytes.size(), dtype_name(dtype), to_string(entry.dims)));
  }
  THANE_ASSIGN(auto buffer, source_->share(bytes));
  return Tensor::view(dtype, entry.dims, std::move(buffer));
}

Result<Tensor> Checkpoint::read_slices(const Entry& entry) const {
  const DType dtype = to_dtype(entry.type);
  if (dtype == DType::kUndefined) return unsupported(format("values of TensorFlow's data type {}", entry.type));
  const auto count = checked_product(entry.dims);
  const auto bytes = count ? byte_count(dtype, *count) : std::nullopt;
  if (!bytes) return invalid_model(format("its shape is {}", to_string(entry.dims)));
  THANE_TRY(source_->claim(static_cast<int64_t>(*bytes)));
  THANE_ASSIGN(Tensor whole, Tensor::allocate(dtype, entry.dims));
  int64_t filled = 0;
  for (const Slice& slice : entry.slices) {
    Dims start = slice.start, length = slice.length;
    start.resize(entry.dims.size(), 0);
    length.resize(entry.dims.size(), -1);
    for (size_t i = 0; i < start.size(); ++i) {
      if (length[i] < 0) {
        start[i] = 0;
        length[i] = entry.dims[i];
      }
      if (start[i] < 0 || start[i] > entry.dims[i] || length[i] > entry.dims[i] - start[i]) {
        return invalid_model("a piece lies outside its shape");
      }
    }
    Tensor piece;
    if (shards_ > 0) {
      THANE_ASSIGN(Entry part, decode_entry(slice.value));
      part.dims = length;
      THANE_ASSIGN(piece, read_whole(part));
    } else {
      // Lists of values without a shape of their own.
      THANE_ASSIGN(piece, decode_tensor_of_shape(slice.value, entry.type, length, *source_));
    }
    if (piece.dtype() != dtype || piece.dims() != length)
      return invalid_model("a piece has another shape than it says");
    // Copies row by row.
    const size_t rank = entry.dims.size();
    const int64_t row = rank == 0 ? 1 : length[rank - 1];
    const size_t element = dtype_size(dtype);
    if (dtype == DType::kString) return unsupported("strings saved in pieces");
    const Dims strides = row_major_strides(entry.dims);
    Dims at(rank, 0);
    for (int64_t done = 0; done < piece.size(); done += row) {
      int64_t offset = 0;
      for (size_t i = 0; i < rank; ++i) offset += (start[i] + at[i]) * strides[i];
      std::memcpy(static_cast<std::byte*>(whole.raw()) + static_cast<size_t>(offset) * element,
                  static_cast<const std::byte*>(piece.raw()) + static_cast<size_t>(done) * element,
                  static_cast<size_t>(row) * element);
      for (size_t i = rank > 0 ? rank - 1 : 0; i-- > 0;) {
        if (++at[i] < length[i]) break;
        at[i] = 0;
      }
    }
    filled += piece.size();
  }
  if (filled < whole.size()) return invalid_model("pieces are missing");
  return whole;
}

Result<std::map<std::string, std::string>> Checkpoint::keys_by_full_name() const {
  std::map<std::string, std::string> keys;
  if (!contains("_CHECKPOINTABLE_OBJECT_GRAPH")) return keys;
  THANE_ASSIGN(const Tensor text, read("_CHECKPOINTABLE_OBJECT_GRAPH"));
  if (text.dtype() != DType::kString || text.size() != 1) return keys;
  const std::string message = *text.data<std::string>();
  std::set<std::string> shared;
  THANE_TRY(decode_protobuf("TrackableObjectGraph", [&]() -> Status {
    for (ProtobufReader graph(message); graph.next();) {
      if (graph.tag() != 1) {
        graph.skip();
        continue;
      }
      for (ProtobufReader node(graph.bytes()); node.next();) {
        if (node.tag() != 2) {
          node.skip();
          continue;
        }
        std::string full_name, key;
        for (ProtobufReader attribute(node.bytes()); attribute.next();) {
          switch (attribute.tag()) {
            case 2: full_name = attribute.bytes(); break;
            case 3: key = attribute.bytes(); break;
            default: attribute.skip();
          }
        }
        if (full_name.empty()) continue;
        const auto [place, fresh] = keys.emplace(full_name, key);
        if (!fresh && place->second != key) shared.insert(full_name);
      }
    }
    return ok();
  }));
  for (const std::string& name : shared) keys.erase(name);
  return keys;
}

}  // namespace thane::tensorflow
