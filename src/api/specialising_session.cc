#include "api/specialising_session.h"

#include <cstring>
#include <list>
#include <mutex>

#include "base/format.h"
#include "engine/states.h"
#include "passes/passes.h"

namespace thane {
namespace {

constexpr size_t kMostGraphs = 16;
constexpr size_t kMostContentBytes = 1 << 16;  // of an input that selects the graph

class SpecialisingSession : public Session {
 public:
  SpecialisingSession(const Model& model, PipelineOptions options) : model_(model), options_(std::move(options)) {
    reset_states();
  }

  Result<std::vector<Value>> run(std::span<const Value> inputs) const override {
    const Graph& graph = model_.graph;
    if (inputs.size() != graph.inputs.size()) {
      return invalid_argument(format("{} inputs given", inputs.size())).expecting(std::to_string(graph.inputs.size()));
    }
    if (graph.states.empty()) return run_explicit(inputs);
    return states_.run(inputs, graph.outputs.size(), [&](std::span<const Value> all) { return run_explicit(all); });
  }

  Result<std::vector<Value>> run_explicit(std::span<const Value> inputs) const override {
    THANE_ASSIGN(const std::shared_ptr<const Session> session, session_for(inputs));
    return session->run_explicit(inputs);
  }

  void reset_states() const override { states_.reset(model_.graph); }

  const Graph& graph() const override { return model_.graph; }

 private:
  bool selects(size_t input) const { return input < model_.by_value.size() && model_.by_value[input]; }

  // Types, and the contents that select the graph.
  std::string key(std::span<const Value> inputs) const {
    std::string key;
    for (size_t i = 0; i < inputs.size(); ++i) {
      key += inputs[i].empty() ? "-" : inputs[i].type().to_string();
      if (selects(i) && inputs[i].is_tensor()) {
        const Tensor& tensor = inputs[i].tensor();
        if (tensor.dtype() == DType::kString)
          for (const std::string& text : tensor.span<std::string>()) key += format(" {}:{}", text.size(), text);
        else if (tensor.size_bytes() <= kMostContentBytes)
          key.append(static_cast<const char*>(tensor.raw()), tensor.size_bytes());
      }
      key += ';';
    }
    return key;
  }

  Result<std::shared_ptr<const Session>> session_for(std::span<const Value> inputs) const {
    const std::string wanted = key(inputs);
    std::lock_guard lock(mutex_);
    for (auto entry = sessions_.begin(); entry != sessions_.end(); ++entry) {
      if (entry->first != wanted) continue;
      sessions_.splice(sessions_.begin(), sessions_, entry);  // most recently used first
      return entry->second;
    }
    std::vector<Fact> facts;
    for (size_t i = 0; i < inputs.size(); ++i) {
      Fact fact{inputs[i].empty() ? Type{} : inputs[i].type(), std::nullopt, std::nullopt};
      if (selects(i) && inputs[i].is_tensor()) {
        THANE_ASSIGN(fact.value, inputs[i].tensor().copy());
      }
      facts.push_back(std::move(fact));
    }
    THANE_ASSIGN(Graph graph, model_.specialise(facts));
    if (options_.optimise) THANE_TRY(optimise(graph, {.precision = options_.session.precision}));
    THANE_ASSIGN(std::shared_ptr<const Session> session, Session::create(std::move(graph), options_.session));
    sessions_.emplace_front(wanted, session);
    if (sessions_.size() > kMostGraphs) sessions_.pop_back();
    return session;
  }

  const Model& model_;
  PipelineOptions options_;
  mutable States states_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::string, std::shared_ptr<const Session>>> sessions_;
};

}  // namespace

Result<std::unique_ptr<Session>> make_specialising_session(const Model& model, const PipelineOptions& options) {
  PipelineOptions shared = options;
  if (!shared.session.pool) shared.session.pool = std::make_shared<ThreadPool>(options.session.threads);
  return std::unique_ptr<Session>(std::make_unique<SpecialisingSession>(model, std::move(shared)));
}

}  // namespace thane
