// What flows along an edge at run time: a tensor, a sequence, a map, or nothing (an empty optional).
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "ir/tensor.h"
#include "ir/type.h"

namespace thane {

class Value;

struct Sequence {
  Type element;  // type of the items, needed when there are none
  std::vector<Value> items;
};

// Keys (int64 or string) and values as two tensors of the same length, sorted as the producer left them.
struct Map {
  Tensor keys;
  Tensor values;
};

// Sequences and maps are immutable once made and shared between copies. An optional that holds something is that thing.
class Value {
 public:
  Value() = default;
  Value(Tensor tensor) : data_(std::move(tensor)) {}
  Value(Sequence sequence) : data_(std::make_shared<const Sequence>(std::move(sequence))) {}
  Value(Map map) : data_(std::make_shared<const Map>(std::move(map))) {}

  bool empty() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_tensor() const { return std::holds_alternative<Tensor>(data_); }
  bool is_sequence() const { return std::holds_alternative<SequencePtr>(data_); }
  bool is_map() const { return std::holds_alternative<MapPtr>(data_); }

  // Each only when is_…().
  const Tensor& tensor() const { return std::get<Tensor>(data_); }
  Tensor& tensor() { return std::get<Tensor>(data_); }
  const Sequence& sequence() const { return *std::get<SequencePtr>(data_); }
  const Map& map() const { return *std::get<MapPtr>(data_); }

  // A value that owns all its memory.
  Result<Value> keep() const;
  // The concrete type of this value.
  Type type() const;

 private:
  using SequencePtr = std::shared_ptr<const Sequence>;
  using MapPtr = std::shared_ptr<const Map>;
  std::variant<std::monostate, Tensor, SequencePtr, MapPtr> data_;
};

}  // namespace thane
