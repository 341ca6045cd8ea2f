// Runs a TorchScript program abstractly: statement by statement, with ordinary values where they are known, so that
// modules, calls, loops and branches dissolve; what remains is left to a Domain. Two of them exist: one that writes a
// graph (GraphDomain), and one that only looks around, before any input is known (ScoutDomain).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/torch/aten/call.h"
#include "formats/torch/script/objects.h"

namespace thane::torchscript {

class Machine;
class Snapshot;

using Locals = std::unordered_map<std::string_view, Value>;

struct Frame {
  const Function* function = nullptr;
  Locals locals;
  Value result;
};

enum class Flow : uint8_t { kNext, kBreak, kContinue, kReturn };

// What the machine cannot decide by itself.
class Domain {
 public:
  virtual ~Domain() = default;
  // An op of a library: "aten::relu".
  virtual Result<Value> op(Machine& machine, const std::string& name, std::vector<Value> args,
                           aten::NamedValues kwargs) = 0;
  // The truth of something that is no plain value; nothing when it depends on data.
  virtual Result<std::optional<bool>> truth(Machine& machine, const Value& value) = 0;
  // An if whose condition has no known truth.
  virtual Result<Flow> branch(Machine& machine, Frame& frame, const Stmt& statement, const Value& condition) = 0;
  // A while (or for) whose condition (or number of iterations) has become unknown. `count` is the value that range got.
  virtual Result<Flow> loop(Machine& machine, Frame& frame, const Stmt& statement, const Value& condition_or_count) = 0;
  // What a stored tensor is to the program, on its first use.
  virtual Result<Value> load(Machine& machine, const InstancePtr& owner, const std::string& attribute,
                             const StoredTensor& stored) = 0;
  virtual Status stored(Machine& machine, const InstancePtr& owner, const std::string& attribute,
                        const Value& value) = 0;
  // An object of a class that a library registers ("quantized.Conv2dPackedParamsBase"), from what it was pickled as.
  virtual Result<Value> library_object(Machine& machine, const std::string& name, const Value& state) = 0;
  // "a if c else b" where c has no known truth.
  virtual Result<Value> select(Machine& machine, const Value& condition, Value yes, Value no) = 0;
  // Items of something iterated over that is neither list nor tuple; nothing when their number depends on data.
  virtual Result<std::optional<std::vector<Value>>> items(Machine& machine, const Value& value,
                                                          std::optional<size_t> count) = 0;
};

struct Raised {
  std::string type, message;
};

// What a body changed: enough to undo it, and to do it again.
struct Journal {
  struct Entry {
    ListPtr list;
    DictPtr dict;
    InstancePtr instance;
    std::string attribute;
    // Before; for an attribute: one value, or none when it was absent.
    std::vector<Value> values;
    std::vector<std::pair<Value, Value>> pairs;
  };
  std::vector<Entry> entries;
  std::unordered_set<const void*> seen;  // lists and dicts in entries
  std::unordered_set<const void*> born;  // made since, and so nobody's business outside
  std::vector<Value> kept;               // holds what is born, lest its address serves twice
};

class Machine {
 public:
  Machine(const Program& program, Domain& domain, aten::Context& context)
      : program_(program), domain_(domain), context_(context) {}

  Result<Value> call_function(const Function& function, std::vector<Value> args, aten::NamedValues kwargs);
  Result<Value> call_method(const Value& self, std::string_view name, std::vector<Value> args,
                            aten::NamedValues kwargs);
  Result<Flow> run(const Block& block, Frame& frame);
  Result<Value> evaluate(const Expr& expr, Frame& frame);
  Status assign(const Expr& target, Value value, Frame& frame);
  Result<Value> attribute(const Value& owner, std::string_view name);
  Status set_attribute(const Value& owner, std::string_view name, Value value);

  const Program& program() const { return program_; }
  aten::Context& context() { return context_; }
  Domain& domain() { return domain_; }
  std::vector<Value>& constants() { return constants_; }
  std::optional<Raised>& raised() { return raised_; }
  Error raise(std::string type, std::string message);
  // "network.py, line 12, in forward".
  std::string place() const;
  // Makes an error when the program has run for too long.
  Status step();
  size_t steps() const { return steps_; }
  void limit_steps(size_t most) { most_steps_ = most; }

  // Lists and dicts are made and changed through these, so that bodies can be undone.
  Value make_list(std::vector<Value> items);
  Value make_dict(std::vector<std::pair<Value, Value>> items);
  std::vector<Value>& change(const ListPtr& list);
  std::vector<std::pair<Value, Value>>& change(const DictPtr& dict);
  void change(const InstancePtr& instance, const std::string& attribute);
  // Keeps something that holds containers until the end, so that long chains are not destroyed link by link.
  void hold(const Value& value) { held_.push_back(value); }
  ~Machine();
  Machine(const Machine&) = delete;
  void open_journal() { journals_.emplace_back(); }
  // Reads all tensors among what has changed since, while their builder is at work.
  Status read_changes(Snapshot& snapshot);
  // Puts everything back, and tells what had changed: entries hold what was there at the end.
  Journal close_journal();

  // Fails for tuples, lists and dicts that nest without end: before one becomes part of something that cannot change.
  Status check_nesting(const Value& value) const;

  // Known truth of a value, as Python sees it; nothing when it depends on data.
  Result<std::optional<bool>> truth(const Value& value);
  // By name: "aten::len", "prim::device". Python's own ops are done here, others by the domain.
  Result<Value> op(const std::string& name, std::vector<Value> args, aten::NamedValues kwargs);
  Result<bool> is_instance(const Value& value, const Expr& type);
  // The definition a dotted type expression names; empty for torch's and Python's own.
  static std::string dotted(const Expr& expr);
  Result<std::vector<Value>> iterate(const Value& value, std::optional<size_t> count = std::nullopt);

 private:
  friend struct CallDepth;
  Result<Value> invoke(const Function& function, Frame& frame);
  Status bind(const Function& function, std::vector<Value> args, aten::NamedValues kwargs, Frame& frame);
  Result<Flow> run(const Stmt& statement, Frame& frame);
  Result<Flow> run_for(const Stmt& statement, Frame& frame);
  Result<Flow> run_while(const Stmt& statement, Frame& frame);
  Result<Flow> run_with(const Stmt& statement, Frame& frame);
  Result<Value> evaluate_name(const Expr& expr, Frame& frame);
  Result<Value> evaluate_call(const Expr& expr, Frame& frame);
  Result<Value> evaluate_subscript(const Expr& expr, Frame& frame);
  Result<Value> evaluate_comprehension(const Expr& expr, Frame& frame);
  Result<Value> evaluate_unary(const Expr& expr, Frame& frame);
  Result<Value> evaluate_binary(const Expr& expr, Frame& frame);
  Result<Value> special_form(std::string_view name, const Expr& expr, Frame& frame, bool& known);
  Result<Value> call_value(const Value& callee, std::vector<Value> args, aten::NamedValues kwargs);
  Result<Value> call_path(const std::string& path, std::vector<Value> args, aten::NamedValues kwargs);
  Result<Value> construct(const Class& type, std::vector<Value> args, aten::NamedValues kwargs);
  Result<Value> annotate(const Expr& type, Value value);
  Result<Value> path_value(const std::string& path);

  const Program& program_;
  Domain& domain_;
  aten::Context& context_;
  std::vector<Value> constants_;  // CONSTANTS.cN
  std::optional<Raised> raised_;
  std::vector<Journal> journals_;
  std::vector<Value> held_;
  std::vector<std::pair<const Function*, uint32_t>> calls_;  // with the line each is at
  size_t steps_ = 0;
  size_t most_steps_ = 1'000'000;
  int depth_ = 0;
};

// Python's own ops on lists, strings, dicts and plain numbers. Nothing when it is none of them, or when the arguments
// are not known well enough.
Result<std::optional<Value>> python_op(Machine& machine, std::string_view name, std::vector<Value>& args,
                                       aten::NamedValues& kwargs);

}  // namespace thane::torchscript
