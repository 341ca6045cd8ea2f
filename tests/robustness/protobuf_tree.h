// Protobuf messages without a schema, as a tree that can be changed and written back with consistent lengths. What
// makes a mutation structured: the bytes stay a well-formed message, only its meaning breaks.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace thane::test {

struct ProtoField {
  uint32_t number = 0;
  uint32_t wire = 0;                // 0 varint, 1 fixed64, 2 bytes, 5 fixed32
  uint64_t integer = 0;             // of a varint or fixed field
  std::string bytes;                // of a bytes field that is no message
  std::vector<ProtoField> message;  // of a bytes field that parses as a message
  bool is_message = false;
};

// The fields of `data`, or false when it is not a message. Nested to at most `depth` levels.
bool parse_message(std::string_view data, std::vector<ProtoField>& fields, int depth = 12);
std::string write_message(const std::vector<ProtoField>& fields);

// Applies one to three random changes: integers to edge values, strings to other strings of the message or to hostile
// paths, fields dropped, doubled, swapped, retyped or moved, byte strings resized.
void mutate(std::vector<ProtoField>& fields, std::mt19937_64& random);

}  // namespace thane::test
