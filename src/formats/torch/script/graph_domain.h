// The domain that writes a graph: ops become nodes, and what depends on data becomes If and Loop.
#pragma once

#include <map>
#include <set>

#include "formats/torch/script/machine.h"
#include "formats/torch/script/merge.h"

namespace thane::torchscript {

// How often each name is read in some code: what a body changes matters only if it is read elsewhere.
using Reads = std::unordered_map<std::string_view, size_t>;
void count_reads(const Block& block, Reads& reads);
void count_reads(const Expr& expr, Reads& reads);

class GraphDomain : public Domain {
 public:
  // `version`: of the file's format.
  GraphDomain(GraphBuilder& main, aten::Context& context, int64_t version)
      : main_(main), context_(context), version_(version) {}

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

  // All ops met that thane lacks, with counts and places; ok when there is none.
  Status missing() const;
  // Something that must hold while the graph runs, or it raises.
  struct Check {
    Edge holds;  // bool, rank 0
    std::string message;
  };
  Status expect(Machine& machine, const Edge& condition, bool holds, const Raised& otherwise);
  std::vector<Check>& checks() { return checks_.back(); }
  // All conditions of some checks in one, in `builder`; and what to say.
  static Result<Check> all_of(GraphBuilder& builder, const std::vector<Check>& checks);

  // What a body left behind; all of it is undone by the time anybody sees this.
  struct Outcome {
    Flow flow = Flow::kNext;
    std::optional<Raised> raised;
    Locals locals;
    Value result;
    Journal journal;
    std::vector<aten::Context::Change> changes;
    std::vector<Check> checks;
    Snapshot snapshot;

    // What the body made of a tensor that it wrote in place.
    std::optional<Edge> written(const TensorPtr& tensor) const;
    // What an object, list or dict holds at the end, if it was changed.
    const Journal::Entry* entry(const Journal::Entry& like) const;
  };
  using Live = std::function<bool(std::string_view name)>;
  // Runs `steps` while `body` is the builder at work. Errors that are no exceptions of the program come back as errors.
  Result<Outcome> run_in_body(Machine& machine, GraphBuilder& body, Frame& frame,
                              const std::function<Result<Flow>()>& steps, const Live& live);

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
  int64_t version_;
  std::map<std::string, Missing> missing_;
  std::vector<std::vector<Check>> checks_{1};  // per builder at work
  std::set<StateKey> states_;
};

}  // namespace thane::torchscript
