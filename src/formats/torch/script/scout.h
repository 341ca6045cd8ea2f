// The domain that only looks around. Before any input is known it walks through everything the program might do, so
// that a model can say what it has: which attributes it changes (they become state), what it returns, which ops it
// uses.
#pragma once

#include <map>
#include <set>

#include "formats/torch/script/machine.h"

namespace thane::torchscript {

// An argument of the method, or part of one: what the program's own use of it says about its structure.
struct Argument : Unknown {
  std::map<int64_t, std::shared_ptr<Argument>> items;     // by constant index
  std::map<std::string, std::shared_ptr<Argument>> keys;  // by constant key
  bool open = false;                                      // its length is asked for, or all of it is gone through
};

class ScoutDomain : public Domain {
 public:
  Result<Value> op(Machine& machine, const std::string& name, std::vector<Value> args,
                   aten::NamedValues kwargs) override;
  Result<std::optional<bool>> truth(Machine& machine, const Value& value) override;
  Result<Flow> branch(Machine& machine, Frame& frame, const Stmt& statement, const Value& condition) override;
  Result<Flow> loop(Machine& machine, Frame& frame, const Stmt& statement, const Value& condition_or_count) override;
  Result<Value> load(Machine& machine, const InstancePtr& owner, const std::string& attribute,
                     const StoredTensor& stored) override;
  Status stored(Machine& machine, const InstancePtr& owner, const std::string& attribute, const Value& value) override;
  Result<Value> library_object(Machine& machine, const std::string& name, const Value& state) override;
  Result<Value> select(Machine& machine, const Value& condition, Value yes, Value no) override;
  Result<std::optional<std::vector<Value>>> items(Machine& machine, const Value& value,
                                                  std::optional<size_t> count) override;

  // Attributes of modules that may change, in the order met.
  const std::vector<Unknown::Origin>& changed() const { return changed_; }
  // How often each op is met.
  const std::map<std::string, size_t>& ops() const { return ops_; }

 private:
  void mark(const Value& value);
  void mark(const Unknown::Origin& origin);
  Value unify(Machine& machine, const Value& a, const Value& b, int depth = 0);
  void unify_journal(Machine& machine, const Journal& first, const Journal& second);

  std::vector<Unknown::Origin> changed_;
  std::set<std::pair<const Instance*, std::string>> marked_;
  std::map<std::string, size_t> ops_;
};

}  // namespace thane::torchscript
