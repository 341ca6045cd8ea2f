// Python pickles (protocols 0 to 5), decoded and never executed.
//
// A pickle is a program for a small stack machine whose GLOBAL and REDUCE ask Python to import and call anything. Here
// the machine only builds a tree of values. What a call would make is made by us when its name stands in a table of
// constructors (PickleRules, and Python's own containers, which are built in); every other call becomes an inert
// kObject that remembers the name, the arguments and the state, for printing. No name is ever looked up anywhere else.
//
// The tree is a graph in truth: values are shared through the memo, and a list may contain itself. Whoever walks it
// must bound depth and steps; `walk` in pickle_walk.h does.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/containers/strided.h"

namespace thane {

struct PickleValue;

// A call or an instance that stays inert.
struct PickleObject {
  PickleValue* callable = nullptr;  // a kGlobal, or whatever the pickle called
  std::vector<PickleValue*> args;   // of the call (REDUCE, NEWOBJ, INST)
  PickleValue* kwargs = nullptr;    // kDict
  PickleValue* state = nullptr;     // from BUILD
  std::vector<PickleValue*> items;  // appended: the object is a list (or a set)
  std::vector<PickleValue*> dict;   // set: the object is a dict; key, value, key, value, …
  std::string_view tag;             // from torch.jit's restore_type_tag: "List[int]"
};

struct PickleValue {
  enum class Kind : uint8_t {
    kNone,
    kBool,
    kInt,
    kBigInt,  // beyond 64 bits; `text` is hexadecimal
    kFloat,
    kString,
    kBytes,  // bytes or bytearray
    kList,
    kTuple,
    kSet,
    kDict,    // also collections.OrderedDict
    kGlobal,  // a name that was mentioned; `text` is "module.name"
    kObject,
    kTensor,  // torch.Tensor or Parameter
    kArray,   // numpy.ndarray
    kStorage  // a bare torch storage
  };

  Kind kind = Kind::kNone;
  union {
    int64_t integer = 0;  // kInt, kBool
    double real;          // kFloat
  };
  std::string_view text;                  // kString (as the file has it; seldom not UTF-8), kBytes, kBigInt, kGlobal
  std::vector<PickleValue*> items;        // kList, kTuple, kSet; kDict: key, value, key, value, …
  std::unique_ptr<PickleObject> object;   // kObject
  std::unique_ptr<StridedTensor> tensor;  // kTensor, kArray, kStorage (the whole of it)

  bool is(Kind k) const { return kind == k; }
  bool is_string(std::string_view s) const { return kind == Kind::kString && text == s; }
  bool is_sequence() const { return kind == Kind::kList || kind == Kind::kTuple; }
  // The pairs of a kDict, or of an object that is one (AttributeDict, defaultdict); else empty.
  std::span<PickleValue* const> pairs() const;
  // Value of a string key among pairs(), the last one when it occurs twice; null when there is none.
  const PickleValue* find(std::string_view key) const;
  // Name of a kGlobal, or of what a kObject called; empty otherwise.
  std::string_view global() const;
};
using PickleKind = PickleValue::Kind;

// Owns the values of one decoded pickle, and the bytes they point into.
class PickleTree {
 public:
  explicit PickleTree(std::shared_ptr<Buffer> source) : source_(std::move(source)) {}
  PickleTree(const PickleTree&) = delete;

  const PickleValue& root() const { return *root_; }
  // Every global the pickle mentions ("module.name"), sorted.
  const std::set<std::string, std::less<>>& globals() const { return globals_; }
  // Those that stayed inert: neither built in nor in the rules.
  const std::set<std::string, std::less<>>& foreign_globals() const { return foreign_; }

  // For constructors. `make` fails when the pickle has made more values, `hold` when it has made more bytes of text,
  // than its size explains.
  Result<PickleValue*> make(PickleValue::Kind kind);
  Result<PickleValue*> make_int(int64_t value);
  Result<PickleValue*> make_float(double value);
  Result<PickleValue*> make_tensor(PickleValue::Kind kind, StridedTensor tensor);
  Result<std::string_view> hold(std::string text);
  // Asks for `bytes` of memory which a few opcodes may demand again and again.
  Status claim(size_t bytes);
  const std::shared_ptr<Buffer>& source() const { return source_; }
  size_t size() const { return values_.size(); }

 private:
  friend class PickleMachine;
  std::shared_ptr<Buffer> source_;
  std::deque<PickleValue> values_;
  std::deque<std::string> texts_;
  size_t claimed_ = 0;
  std::set<std::string, std::less<>> globals_, foreign_;
  PickleValue* root_ = nullptr;
};

// What a call of `name` makes. Returns null for arguments it does not know: the call then stays inert.
struct PickleConstructor {
  std::string_view name;  // "torch._utils._rebuild_tensor_v2"
  Result<PickleValue*> (*make)(PickleTree& tree, std::span<PickleValue* const> args) = nullptr;
};

// What BUILD does to an inert object of class `name`, instead of keeping the state: may turn it into something else.
struct PickleBuild {
  std::string_view name;
  Status (*build)(PickleTree& tree, PickleValue& object, const PickleValue& state) = nullptr;
};

struct PickleRules {
  std::span<const PickleConstructor> constructors;
  std::span<const PickleBuild> builds;
  std::function<bool(std::string_view name)> known;  // further names that are no foreigners though they stay inert
  // The value behind a persistent id. Empty: a pickle with one is refused.
  std::function<Result<PickleValue*>(PickleTree& tree, const PickleValue& id)> persistent;
};

// Decodes the pickle at the start of `bytes`, which lie in `source`. `used` (may be null) receives its length.
Result<std::shared_ptr<PickleTree>> decode_pickle(std::shared_ptr<Buffer> source, std::span<const std::byte> bytes,
                                                  const PickleRules& rules, size_t* used = nullptr);

}  // namespace thane
