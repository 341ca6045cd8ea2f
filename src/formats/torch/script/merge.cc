#include "formats/torch/script/merge.h"

#include "base/format.h"
#include "formats/torch/script/graph_list.h"

namespace thane::torchscript {
namespace {

constexpr int kMostMergeNesting = 8;

Pattern keep(Value value) {
  Pattern pattern;
  pattern.value = std::move(value);
  return pattern;
}

Pattern conflict(const Value& a, const Value& b) {
  auto value = std::make_shared<Conflict>();
  value->what = format("a variable that is {} or {}, as data decide", a.kind(), b.kind());
  return keep(Value(ObjectPtr(value)));
}

}  // namespace

std::optional<DType> number_type(const Value& value) {
  if (value.is_symbol()) return value.symbol().dtype();
  if (value.is_bool()) return DType::kBool;
  if (value.is_int()) return DType::kInt64;
  if (value.is_float()) return DType::kFloat64;
  return std::nullopt;
}

Status Snapshot::take(Machine& machine, const Value& value, int depth) {
  if (depth > kMostMergeNesting) return ok();
  if (value.is_tensor()) {
    THANE_ASSIGN(const Edge edge, machine.context().read(value.tensor()));
    edges_[value.tensor().get()] = edge;
  }
  if (const auto* items = value.items()) {
    for (const Value& item : *items) THANE_TRY(take(machine, item, depth + 1));
  }
  if (value.is_dict()) {
    for (const auto& [key, item] : value.dict()->items) THANE_TRY(take(machine, item, depth + 1));
  }
  if (const auto tuple = as<NamedTuple>(value)) {
    for (const Value& item : tuple->items) THANE_TRY(take(machine, item, depth + 1));
  }
  return ok();
}

Result<Edge> Snapshot::edge(Machine& machine, const Value& value, GraphBuilder& body, DType type) const {
  if (value.is_tensor()) {
    const auto found = edges_.find(value.tensor().get());
    if (found == edges_.end()) return invalid_model("a tensor that was not read in time").at(machine.place());
    return found->second;
  }
  if (value.is_symbol()) {
    if (value.symbol().dtype() == type) return value.symbol();
    return body.emit("Cast", {value.symbol()}, {{"to", static_cast<int64_t>(type)}});
  }
  const double number = value.is_bool()  ? (value.boolean() ? 1 : 0)
                        : value.is_int() ? static_cast<double>(value.integer())
                                         : value.real();
  if (type == DType::kInt64 && value.is_int()) return body.constant(Tensor::scalar(value.integer()));
  return body.scalar(number, type);
}

Result<Pattern> Alternatives::merge(const Value& a, const Value& b, int depth) {
  if (depth > kMostMergeNesting) return conflict(a, b);
  if (same(a, b)) return keep(a);
  if (as<Unknown>(a)) return keep(a);
  if (as<Unknown>(b)) return keep(b);
  if (as<Uninitialized>(a) && as<Uninitialized>(b)) return keep(a);
  if (as<Uninitialized>(a) || as<Uninitialized>(b)) {
    // The program never reads it where it has no value: anything of the right type will do there.
    const bool first = as<Uninitialized>(a) != nullptr;
    const Value& real = first ? b : a;
    if (!real.is_tensor()) return keep(real.is_symbol() ? Value() : real);
    THANE_ASSIGN(const Edge edge,
                 snapshots[first ? 1 : 0]->edge(machine, real, *bodies[first ? 1 : 0], DType::kUndefined));
    THANE_ASSIGN(const Edge filler, placeholder(first ? 0 : 1, edge.type()));
    leaves.emplace_back(first ? filler : edge, first ? edge : filler);
    return Pattern{Pattern::Kind::kTensor, real, leaves.size() - 1, false, {}};
  }
  if (a.is_tensor() && b.is_tensor()) return merge_tensors(a, b);
  if (number_type(a) && number_type(b)) return merge_numbers(a, b);
  if (a.is_list() && b.is_list()) return merge_lists(a, b, depth);
  const auto x = as<NamedTuple>(a), y = as<NamedTuple>(b);
  const bool tuples = a.is_tuple() && b.is_tuple() && a.tuple().size() == b.tuple().size();
  if (!tuples && !(x && y && x->type == y->type)) return conflict(a, b);
  const std::vector<Value>&first = x ? x->items : a.tuple(), &second = y ? y->items : b.tuple();
  Pattern pattern{x ? Pattern::Kind::kNamedTuple : Pattern::Kind::kTuple, a, 0, false, {}};
  for (size_t i = 0; i < first.size(); ++i) {
    THANE_ASSIGN(Pattern item, merge(first[i], second[i], depth + 1));
    pattern.items.push_back(std::move(item));
  }
  return pattern;
}

Result<Pattern> Alternatives::merge_tensors(const Value& a, const Value& b) {
  THANE_ASSIGN(const Edge x, snapshots[0]->edge(machine, a, *bodies[0], DType::kUndefined));
  THANE_ASSIGN(const Edge y, snapshots[1]->edge(machine, b, *bodies[1], DType::kUndefined));
  if (x.dtype() != y.dtype()) {
    auto value = std::make_shared<Conflict>();
    value->what = format("a tensor that is {} or {}, as data decide", dtype_name(x.dtype()), dtype_name(y.dtype()));
    return keep(Value(ObjectPtr(value)));
  }
  leaves.emplace_back(x, y);
  return Pattern{Pattern::Kind::kTensor, a, leaves.size() - 1, false, {}};
}

Result<Pattern> Alternatives::merge_numbers(const Value& a, const Value& b) {
  const DType x = *number_type(a), y = *number_type(b);
  const DType type = x == y ? x : x == DType::kFloat64 || y == DType::kFloat64 ? DType::kFloat64 : DType::kInt64;
  THANE_ASSIGN(const Edge first, snapshots[0]->edge(machine, a, *bodies[0], type));
  THANE_ASSIGN(const Edge second, snapshots[1]->edge(machine, b, *bodies[1], type));
  leaves.emplace_back(first, second);
  return Pattern{Pattern::Kind::kNumber, a, leaves.size() - 1, false, {}};
}

Result<Pattern> Alternatives::merge_lists(const Value& a, const Value& b, int depth) {
  const auto p = graph_list(a), q = graph_list(b);
  if (p && q) {
    leaves.emplace_back(p->edge, q->edge);
    return Pattern{Pattern::Kind::kGraphList, a, leaves.size() - 1, p->numbers, {}};
  }
  const auto &first = a.list()->items, &second = b.list()->items;
  if (!p && !q && first.size() == second.size()) {
    Pattern pattern{Pattern::Kind::kList, a, 0, false, {}};
    for (size_t i = 0; i < first.size(); ++i) {
      THANE_ASSIGN(Pattern item, merge(first[i], second[i], depth + 1));
      pattern.items.push_back(std::move(item));
    }
    return pattern;
  }
  // Lists of different lengths meet as sequences.
  const Value* example = !first.empty() && !p ? &first[0] : !second.empty() && !q ? &second[0] : nullptr;
  const bool numbers = p ? p->numbers : q ? q->numbers : example && !example->is_tensor();
  std::pair<Edge, Edge> edges;
  for (size_t i = 0; i < 2; ++i) {
    const auto& list = i == 0 ? p : q;
    Edge& edge = i == 0 ? edges.first : edges.second;
    if (list) {
      edge = list->edge;
      continue;
    }
    const auto& items = i == 0 ? first : second;
    std::vector<Edge> parts;
    DType type = DType::kInt64;
    if (example && !numbers) {
      THANE_ASSIGN(const Edge like, snapshots[example == &first[0] ? 0 : 1]->edge(machine, *example, *bodies[i], type));
      type = like.dtype();
    } else if (example) {
      type = number_type(*example).value_or(DType::kInt64);
    } else {
      return conflict(a, b);
    }
    for (const Value& item : items) {
      if (item.is_tensor() == numbers) return conflict(a, b);
      THANE_ASSIGN(const Edge part, snapshots[i]->edge(machine, item, *bodies[i], type));
      parts.push_back(part);
    }
    if (parts.empty()) {
      THANE_ASSIGN(edge, bodies[i]->emit("SequenceEmpty", {}, {{"dtype", static_cast<int64_t>(type)}}));
    } else {
      THANE_ASSIGN(edge, bodies[i]->emit("SequenceConstruct", std::move(parts)));
    }
  }
  leaves.push_back(edges);
  return Pattern{Pattern::Kind::kGraphList, a, leaves.size() - 1, numbers, {}};
}

// A tensor of some type, for nobody to read.
Result<Edge> Alternatives::placeholder(size_t body, const Type& type) {
  Dims shape;
  if (type.dims) {
    for (const Dim& dim : *type.dims) shape.push_back(dim.is_number() ? dim.number() : 0);
  }
  if (type.dtype == DType::kString || type.dtype == DType::kUndefined) return unsupported("a variable without a value");
  THANE_ASSIGN(const Edge zero, bodies[body]->scalar(0, type.dtype));
  return bodies[body]->emit("Expand", {zero, bodies[body]->int64s(shape)});
}

Value build(Machine& machine, const Pattern& pattern, const std::vector<Edge>& outputs) {
  std::vector<Value> items;
  for (const Pattern& item : pattern.items) items.push_back(build(machine, item, outputs));
  switch (pattern.kind) {
    case Pattern::Kind::kSame: return pattern.value;
    case Pattern::Kind::kTensor:
      return machine.context().tensor(outputs[pattern.slot], pattern.value.tensor()->quantization);
    case Pattern::Kind::kNumber: return machine.context().scalar(outputs[pattern.slot]);
    case Pattern::Kind::kTuple: return Value::tuple(std::move(items));
    case Pattern::Kind::kList: return machine.make_list(std::move(items));
    case Pattern::Kind::kDict: {
      std::vector<std::pair<Value, Value>> pairs;
      for (size_t i = 0; i < items.size(); ++i) {
        pairs.emplace_back(pattern.value.dict()->items[i].first, std::move(items[i]));
      }
      return machine.make_dict(std::move(pairs));
    }
    case Pattern::Kind::kNamedTuple: {
      auto tuple = std::make_shared<NamedTuple>();
      tuple->type = as<NamedTuple>(pattern.value)->type;
      tuple->items = std::move(items);
      return Value(ObjectPtr(tuple));
    }
    case Pattern::Kind::kGraphList:
    case Pattern::Kind::kGraphListItem: {
      auto list = std::make_shared<GraphList>();
      list->edge = outputs[pattern.slot];
      list->numbers = pattern.numbers;
      Value value{ObjectPtr(list)};
      return pattern.kind == Pattern::Kind::kGraphListItem ? value : machine.make_list({std::move(value)});
    }
  }
  return Value();
}

}  // namespace thane::torchscript
