#include <algorithm>

#include "api/pipeline.h"
#include "api/public/access.h"
#include "base/format.h"

namespace thane::v1 {
namespace {

static_assert(static_cast<int>(Precision::kAuto) == static_cast<int>(thane::Precision::kAuto));

constexpr int kMostThreads = 1024;

Result<PipelineOptions> pipeline_options(const SessionOptions& options) {
  PipelineOptions out;
  if (options.threads < 0 || options.threads > kMostThreads) {
    return to_public(invalid_argument(thane::format("{} threads", options.threads)).expecting("0 to 1024"));
  }
  if (!(options.max_error >= 0)) {
    return to_public(
        invalid_argument(thane::format("a largest error of {}", options.max_error)).expecting("0 or more"));
  }
  if (!options.isa.empty()) {
    const auto isa = isa_from_name(options.isa);
    if (!isa || *isa > cpu_facts().best) {
      return to_public(invalid_argument(thane::format("instruction set '{}'", options.isa))
                           .expecting(thane::format("{} at most", isa_name(cpu_facts().best))));
    }
    out.session.isa = *isa;
  }
  out.session.threads = options.threads;
  out.session.precision = static_cast<thane::Precision>(options.precision);
  out.session.max_error = options.max_error;
  out.session.seed = options.seed;
  out.optimise = options.optimise;
  return out;
}

std::string names_of(const std::vector<ValueInfo>& infos) {
  std::string text;
  for (const ValueInfo& info : infos) text += (text.empty() ? "'" : ", '") + info.name + "'";
  return text.empty() ? "none" : text;
}

}  // namespace

struct Session::Body {
  Model model;
  std::unique_ptr<thane::Session> session;
};

Session::Session(std::shared_ptr<const Body> body) : body_(std::move(body)) {}

Result<Session> Session::create(const Model& model, const SessionOptions& options) {
  const auto pipeline = pipeline_options(options);
  if (!pipeline) return pipeline.error();
  auto session = make_session(Access::model(model), *pipeline);
  if (!session.ok()) return to_public(session.error());
  return Session(std::make_shared<const Body>(Body{model, std::move(*session)}));
}

void Session::reset_states() const { body_->session->reset_states(); }

const ModelInfo& Session::info() const { return body_->model.info(); }

Result<std::vector<Value>> Session::run(const std::vector<Value>& inputs) const {
  std::vector<thane::Value> inner;
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto value = Access::unwrap(inputs[i]);
    if (!value) {
      Error error = value.error();
      error.where = i < info().inputs.size() ? "input '" + info().inputs[i].name + "'" : "an input too many";
      return error;
    }
    inner.push_back(std::move(*value));
  }
  auto outputs = body_->session->run(inner);
  if (!outputs.ok()) return to_public(outputs.error());
  std::vector<Value> values;
  for (const thane::Value& output : *outputs) values.push_back(Access::wrap(output));
  return values;
}

Result<std::map<std::string, Value>> Session::run(const std::map<std::string, Value>& inputs) const {
  std::vector<Value> ordered;
  for (const ValueInfo& input : info().inputs) {
    const auto given = inputs.find(input.name);
    if (given == inputs.end() && !input.optional) {
      return to_public(
          invalid_argument("no value is given").at("input '" + input.name + "'").expecting(std::string(input.type)));
    }
    ordered.push_back(given == inputs.end() ? Value() : given->second);
  }
  for (const auto& [name, value] : inputs) {
    if (std::ranges::find(info().inputs, name, &ValueInfo::name) == info().inputs.end()) {
      return to_public(invalid_argument("there is no input '" + name + "'").expecting(names_of(info().inputs)));
    }
  }
  auto outputs = run(ordered);
  if (!outputs) return outputs.error();
  std::map<std::string, Value> named;
  for (size_t i = 0; i < outputs->size(); ++i) named.emplace(info().outputs[i].name, std::move((*outputs)[i]));
  return named;
}

}  // namespace thane::v1
