// Subgraphs of a file → IR.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "formats/tflite/op.h"

namespace thane::tflite {

class Importer;

// Things that subgraphs share by name rather than by tensors.
struct Resource {
  enum class Kind : uint8_t { kVariable, kTable } kind = Kind::kVariable;
  std::string name;
  // kVariable
  Edge value;      // at this point of the graph; absent before anything reads or assigns it
  Edge state;      // the graph input that holds it between runs; absent until it is needed
  Tensor initial;  // what CALL_ONCE left in it; may be undefined
  // kTable
  DType key_dtype = DType::kInt64, value_dtype = DType::kString;
  Tensor keys, values;
};

// One lowering of a subgraph into a builder: the body of the model, or of a control-flow node, or of a call.
class Scope {
 public:
  Scope(Importer& importer, GraphBuilder& builder, const SubgraphInfo& info, size_t index, int depth)
      : importer_(importer),
        builder_(builder),
        info_(info),
        index_(index),
        depth_(depth),
        values_(info.tensors.size()) {}

  Importer& importer() { return importer_; }
  GraphBuilder& builder() { return builder_; }
  const SubgraphInfo& info() const { return info_; }
  const TensorInfo& tensor(int32_t i) const { return info_.tensors[static_cast<size_t>(i)]; }
  int depth() const { return depth_; }
  size_t index() const { return index_; }

  // The value of a tensor: set before, or a constant of the file, or a variable's present value.
  Result<Edge> value(int32_t tensor);
  void set(int32_t tensor, const Edge& edge) { values_[static_cast<size_t>(tensor)].edge = edge; }
  // Handles of resources are known while importing; they are no values.
  Resource* resource(int32_t tensor) { return values_[static_cast<size_t>(tensor)].resource; }
  void set(int32_t tensor, Resource* resource) { values_[static_cast<size_t>(tensor)].resource = resource; }

  Status lower_operators();

 private:
  struct Slot {
    Edge edge;
    Resource* resource = nullptr;
  };
  Importer& importer_;
  GraphBuilder& builder_;
  const SubgraphInfo& info_;
  size_t index_;
  int depth_;
  std::vector<Slot> values_;
};

class Importer {
 public:
  Importer(Source& source, const FileModel& file) : source_(source), file_(file) {}

  // The graph of a subgraph, with the names of a signature when one is given.
  Result<Graph> run(size_t subgraph, const SignatureInfo* signature);

  // For operators that run subgraphs: lowers one into `builder`, in place, on these values of it.
  struct Passed {
    Edge edge;
    Resource* resource = nullptr;
  };
  Result<std::vector<Passed>> call(GraphBuilder& builder, size_t subgraph, const std::vector<Passed>& inputs,
                                   int depth);
  const FileModel& file() const { return file_; }
  Source& source() { return source_; }
  GraphBuilder& root() { return root_; }

  Resource& resource(const std::string& key);
  std::map<std::string, std::unique_ptr<Resource>>& resources() { return resources_; }
  // The present value of a variable: a state of the graph when nothing has assigned it yet.
  Result<Edge> read_variable(Resource& resource, const TensorInfo& as);
  Status assign_variable(Resource& resource, const Edge& value);
  bool initialising() const { return initialising_ > 0; }
  void begin_initialising() { ++initialising_; }
  void end_initialising() { --initialising_; }
  bool once(size_t subgraph) { return once_.insert(subgraph).second; }

  Result<Edge> constant(size_t subgraph, int32_t tensor);
  // A tensor with is_variable: what the last run left in it.
  Result<Edge> variable(size_t subgraph, int32_t tensor);

  void note_unsupported(const std::string& op, const std::string& where);
  bool any_unsupported() const { return !unsupported_.empty(); }
  Error unsupported_ops() const;
  // Operators lowered so far, all copies of subgraphs included.
  Status count_operators(size_t count);

 private:
  Result<Edge> make_state(const std::string& name, const TensorInfo& as, const Tensor& initial);

  Source& source_;
  const FileModel& file_;
  GraphBuilder root_;
  std::map<std::pair<size_t, int32_t>, Edge> constants_;
  std::map<std::pair<size_t, int32_t>, Edge> variables_;
  std::map<std::string, std::unique_ptr<Resource>> resources_;
  std::set<size_t> once_;
  int initialising_ = 0;
  size_t operators_ = 0;
  struct Unsupported {
    int64_t count = 0;
    std::vector<std::string> examples;
  };
  std::map<std::string, Unsupported> unsupported_;
};

// The row of an operator; null when thane has none.
const Builtin* find_builtin(const OperatorInfo& op);
// "CONV_2D", "CUSTOM 'x'", "operator 230".
std::string operator_name(const OperatorInfo& op);

}  // namespace thane::tflite
