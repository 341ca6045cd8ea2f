#include "formats/containers/pickle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include "base/format.h"
#include "formats/containers/pickle_literals.h"
#include "formats/containers/pickle_python.h"

namespace thane {

using Kind = PickleValue::Kind;

namespace {

// Real pickles nest a few dozen levels, for Python's own pickler recurses, and number their memo from 0.
constexpr size_t kMostMarks = 4096, kMostOpcodes = size_t{64} << 20, kFreeValues = size_t{64} << 10,
                 kFreeMemo = size_t{64} << 10, kFreeBytes = size_t{16} << 20;
constexpr size_t kSmallInts = 256;  // shared

Error broken_pickle(std::string what) { return invalid_model("broken pickle: " + std::move(what)); }

}  // namespace

// --- values ----------------------------------------------------------------------------------------------------------

std::span<PickleValue* const> PickleValue::pairs() const {
  if (kind == Kind::kDict) return items;
  if (kind == Kind::kObject) return object->dict;
  return {};
}

const PickleValue* PickleValue::find(std::string_view key) const {
  const auto all = pairs();
  for (size_t i = all.size(); i >= 2; i -= 2) {
    if (all[i - 2]->is_string(key)) return all[i - 1];
  }
  return nullptr;
}

std::string_view PickleValue::global() const {
  if (kind == Kind::kGlobal) return text;
  const PickleValue* callable = kind == Kind::kObject ? object->callable : nullptr;
  return callable && callable->kind == Kind::kGlobal ? callable->text : std::string_view{};
}

Result<PickleValue*> PickleTree::make(Kind kind) {
  const size_t most = kFreeValues + (source_ ? source_->size_bytes() / 2 : 0);
  if (values_.size() >= most) return resource_limit("the pickle makes more values than its size explains");
  PickleValue& value = values_.emplace_back();
  value.kind = kind;
  if (kind == Kind::kObject) value.object = std::make_unique<PickleObject>();
  return &value;
}

Result<PickleValue*> PickleTree::make_int(int64_t integer) {
  THANE_ASSIGN(PickleValue * value, make(Kind::kInt));
  value->integer = integer;
  return value;
}

Result<PickleValue*> PickleTree::make_float(double real) {
  THANE_ASSIGN(PickleValue * value, make(Kind::kFloat));
  value->real = real;
  return value;
}

Result<PickleValue*> PickleTree::make_tensor(Kind kind, StridedTensor tensor) {
  THANE_TRY(tensor.check());
  THANE_ASSIGN(PickleValue * value, make(kind));
  value->tensor = std::make_unique<StridedTensor>(std::move(tensor));
  return value;
}

Status PickleTree::claim(size_t bytes) {
  const size_t most = kFreeBytes + 4 * (source_ ? source_->size_bytes() : 0);
  if (bytes > most - std::min(most, claimed_)) {
    return resource_limit("the pickle asks for far more memory than its size explains");
  }
  claimed_ += bytes;
  return ok();
}

Result<std::string_view> PickleTree::hold(std::string text) {
  THANE_TRY(claim(text.size()));
  return std::string_view(texts_.emplace_back(std::move(text)));
}

// --- the machine -----------------------------------------------------------------------------------------------------

class PickleMachine {
 public:
  PickleMachine(PickleTree& tree, std::span<const std::byte> bytes, const PickleRules& rules)
      : tree_(tree), bytes_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), rules_(rules) {}

  Status run();
  size_t used() const { return at_; }

 private:
  // --- reading
  Result<std::string_view> take(uint64_t count) {
    if (count > bytes_.size() - at_) return broken_pickle("it ends early");
    const auto piece = bytes_.substr(at_, count);
    at_ += count;
    return piece;
  }
  template <class T>
  Result<T> number() {
    THANE_ASSIGN(const auto piece, take(sizeof(T)));
    T value;
    std::memcpy(&value, piece.data(), sizeof value);
    return value;
  }
  Result<std::string_view> line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) return broken_pickle("a line without an end");
    const auto piece = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return piece;
  }
  template <class Length>
  Status counted(Kind kind) {
    THANE_ASSIGN(const Length length, number<Length>());
    if constexpr (std::is_signed_v<Length>) {
      if (length < 0) return broken_pickle("a negative length");
    }
    THANE_ASSIGN(const auto text, take(static_cast<uint64_t>(length)));
    return push_text(kind, text);
  }

  // --- the stack
  Status push(PickleValue* value) {
    stack_.push_back(value);
    return ok();
  }
  Status push(Result<PickleValue*> value) {
    if (!value.ok()) return std::move(value).error();
    return push(*value);
  }
  Status push_text(Kind kind, std::string_view text) {
    THANE_ASSIGN(PickleValue * value, tree_.make(kind));
    value->text = text;
    return push(value);
  }
  Status push_bool(bool which) {
    PickleValue*& value = which ? true_ : false_;
    if (!value) {
      THANE_ASSIGN(value, tree_.make(Kind::kBool));
      value->integer = which;
    }
    return push(value);
  }
  Status push_none() {
    if (!none_) {
      THANE_ASSIGN(none_, tree_.make(Kind::kNone));
    }
    return push(none_);
  }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Result<PickleValue*> pop() {
    if (stack_.size() <= floor()) return broken_pickle("stack underflow");
    PickleValue* value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Result<PickleValue*> top() {
    if (stack_.size() <= floor()) return broken_pickle("stack underflow");
    return stack_.back();
  }
  Result<std::vector<PickleValue*>> pop_to_mark() {
    if (marks_.empty()) return broken_pickle("no mark on the stack");
    const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleValue*> values(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return values;
  }
  Status push_items(Kind kind, std::vector<PickleValue*> items) {
    if (kind == Kind::kDict && items.size() % 2 != 0) return broken_pickle("a dict with an odd number of items");
    THANE_ASSIGN(PickleValue * value, tree_.make(kind));
    value->items = std::move(items);
    return push(value);
  }
  Status push_tuple(size_t count) {
    if (stack_.size() - floor() < count) return broken_pickle("stack underflow");
    const auto first = stack_.end() - static_cast<ptrdiff_t>(count);
    std::vector<PickleValue*> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    return push_items(Kind::kTuple, std::move(items));
  }

  // --- the memo
  Status put(uint64_t index) {
    THANE_ASSIGN(PickleValue * value, top());
    if (index > kFreeMemo + at_) return resource_limit(format("a pickle that numbers its memo up to {}", index));
    if (index >= memo_.size()) memo_.resize(index + 1);
    memo_[index] = value;
    return ok();
  }
  Status get(uint64_t index) {
    if (index >= memo_.size() || !memo_[index]) return broken_pickle(format("memo {} is empty", index));
    return push(memo_[index]);
  }
  template <class T>
  Status indexed(Status (PickleMachine::*use)(uint64_t)) {
    THANE_ASSIGN(const T index, number<T>());
    return (this->*use)(index);
  }
  Status indexed_line(Status (PickleMachine::*use)(uint64_t));

  // --- opcodes
  Status step(unsigned char opcode, bool& stop);
  Status integer_line();
  Status long_line();
  Status float_line();
  Status quoted_line();
  Status big_float();
  Status long_bytes(uint64_t length);
  Status append(std::vector<PickleValue*> values);
  Status set_items(std::vector<PickleValue*> pairs);
  Status push_global(std::string_view module, std::string_view name);
  Status stack_global();
  const PickleConstructor* constructor_of(std::string_view name) const;
  Status call(PickleValue* callable, std::vector<PickleValue*> args, PickleValue* kwargs);
  Status reduce();
  Status new_object_with_keywords();
  Status inst();
  Status obj();
  Status build();
  Status persistent(PickleValue* id);

  PickleTree& tree_;
  std::string_view bytes_;
  const PickleRules& rules_;
  size_t at_ = 0;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::vector<PickleValue*> memo_;  // null: nothing put there
  std::unordered_map<std::string, PickleValue*> globals_;
  PickleValue *none_ = nullptr, *true_ = nullptr, *false_ = nullptr;
  std::array<PickleValue*, kSmallInts> small_ints_{};
};

Status PickleMachine::run() {
  bool stop = false;
  for (size_t count = 0; !stop; ++count) {
    if (count >= kMostOpcodes) return resource_limit(format("a pickle of more than {} opcodes", kMostOpcodes));
    const size_t at = at_;
    THANE_ASSIGN(const auto opcode, number<unsigned char>());
    auto done = step(opcode, stop);
    if (!done.ok()) return std::move(done).error().at(format("pickle, byte {}", at));
  }
  THANE_ASSIGN(tree_.root_, pop());
  return ok();
}

Status PickleMachine::step(unsigned char opcode, bool& stop) {
  switch (opcode) {
    case 0x80: return number<uint8_t>().ok() ? ok() : Status(broken_pickle("it ends early"));   // PROTO
    case 0x95: return number<uint64_t>().ok() ? ok() : Status(broken_pickle("it ends early"));  // FRAME
    case '.': stop = true; return ok();
    case '(':
      if (marks_.size() >= kMostMarks) return resource_limit("a pickle nested too deeply");
      marks_.push_back(stack_.size());
      return ok();
    case '0':  // POP: of a mark, too
      if (stack_.size() == floor() && !marks_.empty()) return marks_.pop_back(), ok();
      return pop().ok() ? ok() : Status(broken_pickle("stack underflow"));
    case '1': return pop_to_mark().ok() ? ok() : Status(broken_pickle("no mark on the stack"));
    case '2': return push(top());

    case 'N': return push_none();
    case 0x88: return push_bool(true);
    case 0x89: return push_bool(false);
    case 'I': return integer_line();
    case 'L': return long_line();
    case 'F': return float_line();
    case 'G': return big_float();
    case 'J': {
      THANE_ASSIGN(const auto value, number<int32_t>());
      return push(tree_.make_int(value));
    }
    case 'K': {
      THANE_ASSIGN(const auto value, number<uint8_t>());
      if (!small_ints_[value]) {
        THANE_ASSIGN(small_ints_[value], tree_.make_int(value));
      }
      return push(small_ints_[value]);
    }
    case 'M': {
      THANE_ASSIGN(const auto value, number<uint16_t>());
      return push(tree_.make_int(value));
    }
    case 0x8a: {
      THANE_ASSIGN(const auto length, number<uint8_t>());
      return long_bytes(length);
    }
    case 0x8b: {
      THANE_ASSIGN(const auto length, number<int32_t>());
      if (length < 0) return broken_pickle("a negative length");
      return long_bytes(static_cast<uint64_t>(length));
    }

    case 'S': return quoted_line();
    case 'V': {
      THANE_ASSIGN(const auto text, line());
      THANE_ASSIGN(const auto plain, tree_.hold(unescape_unicode(text)));
      return push_text(Kind::kString, plain);
    }
    case 'T': return counted<int32_t>(Kind::kString);
    case 'U': return counted<uint8_t>(Kind::kString);
    case 'X': return counted<uint32_t>(Kind::kString);
    case 0x8c: return counted<uint8_t>(Kind::kString);
    case 0x8d: return counted<uint64_t>(Kind::kString);
    case 'B': return counted<uint32_t>(Kind::kBytes);
    case 'C': return counted<uint8_t>(Kind::kBytes);
    case 0x8e: return counted<uint64_t>(Kind::kBytes);
    case 0x96: return counted<uint64_t>(Kind::kBytes);

    case ']': return push_items(Kind::kList, {});
    case ')': return push_items(Kind::kTuple, {});
    case '}': return push_items(Kind::kDict, {});
    case 0x8f: return push_items(Kind::kSet, {});
    case 0x85: return push_tuple(1);
    case 0x86: return push_tuple(2);
    case 0x87: return push_tuple(3);
    case 'l':
    case 't':
    case 'd':
    case 0x91: {
      THANE_ASSIGN(auto items, pop_to_mark());
      const Kind kind = opcode == 'l'   ? Kind::kList
                        : opcode == 't' ? Kind::kTuple
                        : opcode == 'd' ? Kind::kDict
                                        : Kind::kSet;
      return push_items(kind, std::move(items));
    }
    case 'a': {
      THANE_ASSIGN(PickleValue * value, pop());
      return append({value});
    }
    case 'e':
    case 0x90: {
      THANE_ASSIGN(auto values, pop_to_mark());
      return append(std::move(values));
    }
    case 's': {
      THANE_ASSIGN(PickleValue * value, pop());
      THANE_ASSIGN(PickleValue * key, pop());
      return set_items({key, value});
    }
    case 'u': {
      THANE_ASSIGN(auto pairs, pop_to_mark());
      return set_items(std::move(pairs));
    }

    case 'p': return indexed_line(&PickleMachine::put);
    case 'q': return indexed<uint8_t>(&PickleMachine::put);
    case 'r': return indexed<uint32_t>(&PickleMachine::put);
    case 0x94: return put(memo_.size());
    case 'g': return indexed_line(&PickleMachine::get);
    case 'h': return indexed<uint8_t>(&PickleMachine::get);
    case 'j': return indexed<uint32_t>(&PickleMachine::get);

    case 'c': {
      THANE_ASSIGN(const auto module, line());
      THANE_ASSIGN(const auto name, line());
      return push_global(module, name);
    }
    case 0x93: return stack_global();
    case 'R':
    case 0x81: return reduce();  // NEWOBJ: a class instead of a function
    case 0x92: return new_object_with_keywords();
    case 'i': return inst();
    case 'o': return obj();
    case 'b': return build();
    case 'P': {
      THANE_ASSIGN(const auto text, line());
      THANE_ASSIGN(PickleValue * id, tree_.make(Kind::kString));
      id->text = text;
      return persistent(id);
    }
    case 'Q': {
      THANE_ASSIGN(PickleValue * id, pop());
      return persistent(id);
    }
    case 0x82:
    case 0x83:
    case 0x84: return broken_pickle("it names a class of an extension registry, which no file brings along");
    case 0x97:
    case 0x98: return broken_pickle("it refers to a buffer outside the file");
    default: return broken_pickle(format("there is no opcode {:#x}", opcode));
  }
}

Status PickleMachine::indexed_line(Status (PickleMachine::*use)(uint64_t)) {
  THANE_ASSIGN(const auto text, line());
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return broken_pickle("a memo index that is no number");
  return (this->*use)(index);
}

Status PickleMachine::integer_line() {
  THANE_ASSIGN(const auto text, line());
  if (text == "00" || text == "01") return push_bool(text == "01");
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return broken_pickle("an integer that is no number");
  return push(tree_.make_int(value));
}

Status PickleMachine::long_line() {
  THANE_ASSIGN(auto text, line());
  if (text.ends_with('L')) text.remove_suffix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size())
    return push_text(Kind::kBigInt, text);
  if (error != std::errc() || end != text.data() + text.size()) return broken_pickle("an integer that is no number");
  return push(tree_.make_int(value));
}

Status PickleMachine::float_line() {
  THANE_ASSIGN(const auto text, line());
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    return broken_pickle("a float that is no number");
  }
  return push(tree_.make_float(value));
}

Status PickleMachine::quoted_line() {
  THANE_ASSIGN(const auto text, line());
  auto plain = unescape_string(text);
  if (!plain) return broken_pickle("a string without quotes");
  THANE_ASSIGN(const auto held, tree_.hold(std::move(*plain)));
  return push_text(Kind::kString, held);
}

Status PickleMachine::big_float() {
  THANE_ASSIGN(const auto bits, number<uint64_t>());
  return push(tree_.make_float(std::bit_cast<double>(__builtin_bswap64(bits))));
}

// Little-endian two's complement of any length.
Status PickleMachine::long_bytes(uint64_t length) {
  THANE_ASSIGN(const auto bytes, take(length));
  if (length <= 8) {
    uint64_t value = length > 0 && (bytes.back() & 0x80) ? ~uint64_t{0} : 0;
    std::memcpy(&value, bytes.data(), length);
    return push(tree_.make_int(static_cast<int64_t>(value)));
  }
  THANE_TRY(tree_.claim(2 * length));
  THANE_ASSIGN(const auto held, tree_.hold(hexadecimal(bytes)));
  return push_text(Kind::kBigInt, held);
}

Status PickleMachine::append(std::vector<PickleValue*> values) {
  THANE_ASSIGN(PickleValue * list, top());
  std::vector<PickleValue*>* to = nullptr;
  if (list->is(Kind::kList) || list->is(Kind::kSet)) to = &list->items;
  if (list->is(Kind::kObject)) to = &list->object->items;
  if (!to) return broken_pickle("something is appended to what is no list");
  to->insert(to->end(), values.begin(), values.end());
  return ok();
}

Status PickleMachine::set_items(std::vector<PickleValue*> pairs) {
  if (pairs.size() % 2 != 0) return broken_pickle("a dict with an odd number of items");
  THANE_ASSIGN(PickleValue * dict, top());
  std::vector<PickleValue*>* to = nullptr;
  if (dict->is(Kind::kDict)) to = &dict->items;
  if (dict->is(Kind::kObject)) to = &dict->object->dict;
  if (!to) return broken_pickle("an item is set in what is no dict");
  to->insert(to->end(), pairs.begin(), pairs.end());
  return ok();
}

Status PickleMachine::push_global(std::string_view module, std::string_view name) {
  std::string full = std::string(module) + "." + std::string(name);
  if (const auto seen = globals_.find(full); seen != globals_.end()) return push(seen->second);
  THANE_ASSIGN(PickleValue * value, tree_.make(Kind::kGlobal));
  THANE_ASSIGN(value->text, tree_.hold(canonical_global(module, name)));
  const bool known = constructor_of(value->text) || (rules_.known && rules_.known(value->text));
  if (!known) tree_.foreign_.insert(full);
  tree_.globals_.insert(full);
  globals_.emplace(std::move(full), value);
  return push(value);
}

const PickleConstructor* PickleMachine::constructor_of(std::string_view name) const {
  if (const auto* row = python_constructor(name)) return row;
  for (const PickleConstructor& row : rules_.constructors) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

Status PickleMachine::stack_global() {
  THANE_ASSIGN(PickleValue * name, pop());
  THANE_ASSIGN(PickleValue * module, pop());
  if (!name->is(Kind::kString) || !module->is(Kind::kString)) return broken_pickle("the name of a global is no string");
  return push_global(module->text, name->text);
}

// A name with keyword arguments is never one of ours.
Status PickleMachine::call(PickleValue* callable, std::vector<PickleValue*> args, PickleValue* kwargs) {
  const PickleConstructor* row = callable->is(Kind::kGlobal) && !kwargs ? constructor_of(callable->text) : nullptr;
  if (row && row->make) {
    THANE_ASSIGN(PickleValue * made, row->make(tree_, args));
    if (made) return push(made);
  }
  THANE_ASSIGN(PickleValue * value, tree_.make(Kind::kObject));
  value->object->callable = callable;
  value->object->args = std::move(args);
  value->object->kwargs = kwargs;
  return push(value);
}

// One tuple can serve any number of calls: its copies are claimed, as far as real pickles do not explain them.
Status PickleMachine::reduce() {
  THANE_ASSIGN(PickleValue * args, pop());
  THANE_ASSIGN(PickleValue * callable, pop());
  if (!args->is_sequence()) return broken_pickle("the arguments of a call are no tuple");
  THANE_TRY(tree_.claim(args->items.size() * sizeof(void*) / 4));
  return call(callable, args->items, nullptr);
}

Status PickleMachine::new_object_with_keywords() {
  THANE_ASSIGN(PickleValue * kwargs, pop());
  THANE_ASSIGN(PickleValue * args, pop());
  THANE_ASSIGN(PickleValue * callable, pop());
  if (!args->is_sequence() || !kwargs->is(Kind::kDict))
    return broken_pickle("the arguments of a call are no tuple and dict");
  THANE_TRY(tree_.claim(args->items.size() * sizeof(void*) / 4));
  return call(callable, args->items, kwargs->items.empty() ? nullptr : kwargs);
}

Status PickleMachine::inst() {
  THANE_ASSIGN(const auto module, line());
  THANE_ASSIGN(const auto name, line());
  THANE_ASSIGN(auto args, pop_to_mark());
  THANE_TRY(push_global(module, name));
  THANE_ASSIGN(PickleValue * callable, pop());
  return call(callable, std::move(args), nullptr);
}

Status PickleMachine::obj() {
  THANE_ASSIGN(auto values, pop_to_mark());
  if (values.empty()) return broken_pickle("an object without a class");
  PickleValue* callable = values.front();
  values.erase(values.begin());
  return call(callable, std::move(values), nullptr);
}

Status PickleMachine::build() {
  THANE_ASSIGN(PickleValue * state, pop());
  THANE_ASSIGN(PickleValue * object, top());
  if (!object->is(Kind::kObject))
    return ok();  // attributes of an OrderedDict (state_dict's _metadata), a Parameter's hooks
  for (const PickleBuild& rule : rules_.builds) {
    if (rule.name == object->global()) return rule.build(tree_, *object, *state);
  }
  object->object->state = state;
  return ok();
}

Status PickleMachine::persistent(PickleValue* id) {
  if (!rules_.persistent) return broken_pickle("it refers to something outside the file");
  return push(rules_.persistent(tree_, *id));
}

Result<std::shared_ptr<PickleTree>> decode_pickle(std::shared_ptr<Buffer> source, std::span<const std::byte> bytes,
                                                  const PickleRules& rules, size_t* used) {
  auto tree = std::make_shared<PickleTree>(std::move(source));
  PickleMachine machine(*tree, bytes, rules);
  THANE_TRY(machine.run());
  if (used) *used = machine.used();
  return tree;
}

}  // namespace thane
