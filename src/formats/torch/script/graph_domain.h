// The domain that writes a graph: ops become nodes, and what depends on data becomes If and Loop.
#pragma once

#include <map>
#include <set>

#include "formats/torch/script/machine.h"

namespace thane::torchscript {

// How often each name is read in some code: what a body changes matters only if it is read elsewhere.
using Reads = std::unordered_map<std::string_view, size_t>;
void count_reads(const Block& block, Reads& reads);
void count_reads(const Expr& expr, Reads& reads);

class GraphDomain : public Domain {
 public:
  GraphDomain(GraphBuilder& main, aten::Context& context) : main_(main), context_(context) {}

  Result<Value> op(Machine& machine, const std::string& name, std::vector<Value> args,
                   aten::NamedValues kwargs) override;
  Result<std::optional<bool>> truth(Machine& machine, const Value& value) override;
  Result<Flow> branch(Machine& machine, Frame& frame, const Stmt& statement, const Value& condition) override;
  Result<Flow> loop(Machine& machine, Frame& frame, const Stmt& statement, const Value& condition_or_count) override;
  Result<Value> load(Machine& machine, const InstancePtr& owner, const std::string& attribute,
                     const StoredTensor& stored) override;
  Status stored(Machine& machine, const InstancePtr& owner, const std::string& attribute, const Value& value) override;
  Result<Value> select(Machine& machine, const Value& condition, Value yes, Value no) override;
  Result<std::optional<std::vector<Value>>> items(Machine& machine, const Value& value,
                                                  std::optional<size_t> count) override;

  // All ops met that thane lacks, with counts and places; ok when there is none.
  Status missing() const;
  // Attributes that may be written although they are not state: none of them is kept. (The scout found all others.)
  using StateKey = std::pair<const Instance*, std::string>;
  void declare_state(const Instance* owner, const std::string& attribute) { states_.insert({owner, attribute}); }

 private:
  struct Missing {
    size_t count = 0;
    std::vector<std::string> places;
    std::string reason;
  };
  Value note_missing(Machine& machine, const std::string& name, const Error& error);
  Result<Value> tensor_to_list(Machine& machine, const Value& tensor);

  GraphBuilder& main_;
  aten::Context& context_;
  std::map<std::string, Missing> missing_;
  std::set<StateKey> states_;
};

}  // namespace thane::torchscript
