#include "protobuf_tree.h"

#include <algorithm>
#include <iterator>

namespace thane::test {
namespace {

bool read_varint(std::string_view& data, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !data.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(data.front());
    data.remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (!(byte & 0x80)) return true;
  }
  return false;
}

bool read_fixed(std::string_view& data, size_t size, uint64_t& value) {
  if (data.size() < size) return false;
  value = 0;
  for (size_t i = 0; i < size; ++i) value |= uint64_t{static_cast<uint8_t>(data[i])} << (8 * i);
  data.remove_prefix(size);
  return true;
}

void write_varint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Text is a message by chance too often: what looks like text stays text.
bool looks_like_text(std::string_view data) {
  return std::all_of(data.begin(), data.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void collect(std::vector<ProtoField>& fields, std::vector<ProtoField*>& all,
             std::vector<std::vector<ProtoField>*>& lists) {
  lists.push_back(&fields);
  for (ProtoField& field : fields) {
    all.push_back(&field);
    if (field.is_message) collect(field.message, all, lists);
  }
}

constexpr uint64_t kEdges[] = {~uint64_t{0},        0, 1, uint64_t{1} << 31, uint64_t{1} << 62, uint64_t{1} << 63,
                               0x7fffffffffffffffu, 2, 7, 0xffffffffu};
constexpr std::string_view kPaths[] = {
    "../../../../etc/passwd", "/etc/passwd", "a/../../b", "", ".", "C:\\x", "weights.bin"};

void mutate_field(ProtoField& field, const std::vector<ProtoField*>& all, std::mt19937_64& random) {
  const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
  if (field.wire != 2) {
    field.integer = kEdges[pick(std::size(kEdges))];
    if (field.wire == 0 && pick(10) == 0) field.wire = 5;
    return;
  }
  switch (pick(6)) {
    case 0: field.bytes = kPaths[pick(std::size(kPaths))]; break;
    case 1: field.bytes.resize(pick(2 * field.bytes.size() + 2), 'x'); break;
    case 2: field.wire = 0; break;
    case 3:
      if (!field.bytes.empty()) field.bytes[pick(field.bytes.size())] ^= static_cast<char>(1u << pick(8));
      break;
    default: {  // the bytes of another field: names clash, cycles close, types change
      const ProtoField& other = *all[pick(all.size())];
      if (!other.is_message) field.bytes = other.bytes;
      break;
    }
  }
  if (field.is_message && pick(4) == 0) field.is_message = false;
}

}  // namespace

bool parse_message(std::string_view data, std::vector<ProtoField>& fields, int depth) {
  while (!data.empty()) {
    uint64_t key = 0;
    if (!read_varint(data, key) || (key >> 3) == 0 || (key >> 3) > 10000) return false;
    ProtoField field;
    field.number = static_cast<uint32_t>(key >> 3);
    field.wire = static_cast<uint32_t>(key & 7);
    if (field.wire == 0) {
      if (!read_varint(data, field.integer)) return false;
    } else if (field.wire == 1 || field.wire == 5) {
      if (!read_fixed(data, field.wire == 1 ? 8 : 4, field.integer)) return false;
    } else if (field.wire == 2) {
      uint64_t size = 0;
      if (!read_varint(data, size) || size > data.size()) return false;
      const std::string_view bytes = data.substr(0, size);
      data.remove_prefix(size);
      field.is_message =
          depth > 0 && !bytes.empty() && !looks_like_text(bytes) && parse_message(bytes, field.message, depth - 1);
      if (!field.is_message) {
        field.message.clear();
        field.bytes = bytes;
      }
    } else {
      return false;
    }
    fields.push_back(std::move(field));
  }
  return true;
}

std::string write_message(const std::vector<ProtoField>& fields) {
  std::string out;
  for (const ProtoField& field : fields) {
    write_varint(uint64_t{field.number} << 3 | field.wire, out);
    if (field.wire == 0) {
      write_varint(field.integer, out);
    } else if (field.wire == 2) {
      const std::string bytes = field.is_message ? write_message(field.message) : field.bytes;
      write_varint(bytes.size(), out);
      out += bytes;
    } else {
      for (int i = 0; i < (field.wire == 1 ? 8 : 4); ++i) out += static_cast<char>(field.integer >> (8 * i));
    }
  }
  return out;
}

void mutate(std::vector<ProtoField>& fields, std::mt19937_64& random) {
  const auto changes = 1 + random() % 3;
  for (uint64_t i = 0; i < changes; ++i) {
    std::vector<ProtoField*> all;
    std::vector<std::vector<ProtoField>*> lists;
    collect(fields, all, lists);
    if (all.empty()) return;
    auto& list = *lists[random() % lists.size()];
    switch (list.empty() ? 9 : random() % 12) {
      case 0: list.erase(list.begin() + static_cast<long>(random() % list.size())); break;
      case 1: {
        const ProtoField copy = list[random() % list.size()];
        list.insert(list.begin() + static_cast<long>(random() % (list.size() + 1)), copy);
        break;
      }
      case 2: std::swap(list[random() % list.size()], list[random() % list.size()]); break;
      case 3: list[random() % list.size()].number = static_cast<uint32_t>(1 + random() % 30); break;
      case 4: {  // a whole subtree elsewhere: attributes in nodes they are not of, graphs in graphs
        const ProtoField copy = *all[random() % all.size()];
        list[random() % list.size()] = copy;
        break;
      }
      default: mutate_field(*all[random() % all.size()], all, random);
    }
  }
}

}  // namespace thane::test
