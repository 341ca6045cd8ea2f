#include "engine/session.h"

#include "base/format.h"
#include "ops/evaluate.h"

namespace thane {
namespace {

class SimpleSession : public Session {
 public:
  SimpleSession(Graph graph, SessionOptions options, std::shared_ptr<ThreadPool> pool)
      : graph_(std::move(graph)), options_(std::move(options)), pool_(std::move(pool)) {}

  Status prepare() {
    for (ValueInfo& value : graph_.values) {
      if (value.constant && !value.constant->aligned()) { THANE_ASSIGN(*value.constant, value.constant->copy()); }
    }
    SessionOptions inner = options_;
    inner.pool = pool_;
    for (Node& node : graph_.nodes) {
      auto& list = bodies_.emplace_back();
      for (Subgraph& sub : node.subgraphs) {
        THANE_ASSIGN(auto body, Session::create(sub.graph->clone(), inner));
        list.push_back(std::move(body));
      }
    }
    return ok();
  }

  Result<std::vector<Value>> run(std::span<const Value> inputs) const override {
    std::vector<Value> values(graph_.values.size());
    if (inputs.size() != graph_.inputs.size()) return invalid_argument("wrong number of inputs");
    for (size_t i = 0; i < inputs.size(); ++i) values[graph_.inputs[i]] = inputs[i];
    for (size_t i = 0; i < values.size(); ++i) {
      if (graph_.values[i].constant) values[i] = Value(*graph_.values[i].constant);
    }
    RandomSource random{options_.seed};
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      std::vector<const Value*> in(node.inputs.size(), nullptr);
      for (size_t i = 0; i < in.size(); ++i) {
        if (node.inputs[i] != kNoValue) in[i] = &values[node.inputs[i]];
      }
      struct Runner : SubgraphRunner {
        const SimpleSession& s; const Node& node; size_t n; const std::vector<Value>& values;
        Runner(const SimpleSession& s_, const Node& node_, size_t n_, const std::vector<Value>& v) : s(s_), node(node_), n(n_), values(v) {}
        Result<std::vector<Value>> run(size_t index, std::span<const Value> formal) override {
          std::vector<Value> all(formal.begin(), formal.end());
          for (ValueId id : node.subgraphs[index].captures) all.push_back(values[id]);
          return s.bodies_[n][index]->run(all);
        }
      } runner(*this, node, n, values);
      auto out = evaluate(node, in, *pool_, &runner, random);
      if (!out.ok()) return std::move(out).error().at(node.label(graph_));
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i] != kNoValue) values[node.outputs[i]] = std::move((*out)[i]);
      }
    }
    std::vector<Value> outputs;
    for (ValueId id : graph_.outputs) outputs.push_back(values[id]);
    return outputs;
  }
  const Graph& graph() const override { return graph_; }

 private:
  Graph graph_;
  SessionOptions options_;
  std::shared_ptr<ThreadPool> pool_;
  std::vector<std::vector<std::unique_ptr<Session>>> bodies_;
};

}  // namespace

Result<std::unique_ptr<Session>> Session::create(Graph graph, SessionOptions options) {
  auto pool = options.pool ? options.pool : std::make_shared<ThreadPool>(options.threads);
  auto session = std::make_unique<SimpleSession>(std::move(graph), options, pool);
  THANE_TRY(session->prepare());
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace thane
