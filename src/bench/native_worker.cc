#include "bench/native_worker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>

#include "api/pipeline.h"
#include "api/weights.h"
#include "base/clock.h"
#include "base/format.h"
#include "bench/statistics.h"
#include "thane/version.h"

namespace thane::bench {
namespace {

using rivals::Document;

constexpr int kRequest = 3, kAnswer = 4, kInputs = 5, kOutputs = 6;
constexpr size_t kMostSamples = 2'000'000;

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

bool read_exactly(void* to, size_t count) {
  for (auto* at = static_cast<char*>(to); count > 0;) {
    const ssize_t n = ::read(kRequest, at, count);
    if (n <= 0) return false;
    at += n;
    count -= static_cast<size_t>(n);
  }
  return true;
}

void write_all(int fd, const void* from, size_t count, off_t offset = -1) {
  for (const auto* at = static_cast<const char*>(from); count > 0;) {
    const ssize_t n = offset < 0 ? ::write(fd, at, count) : ::pwrite(fd, at, count, offset);
    if (n <= 0) std::_Exit(1);
    at += n;
    count -= static_cast<size_t>(n);
    if (offset >= 0) offset += n;
  }
}

void empty_outputs() {
  if (::ftruncate(kOutputs, 0) != 0) std::_Exit(1);
}

Document described(const Graph& graph, const std::vector<ValueId>& ids) {
  Document list = Document::array();
  for (ValueId id : ids) {
    const ValueInfo& info = graph.values[id];
    Document item;
    item["name"] = info.name;
    item["dtype"] = info.type.is_tensor() ? std::string(dtype_name(info.type.dtype)) : info.type.to_string();
    if (info.type.dims) {
      item["shape"] = Document::array();
      for (const Dim& dim : *info.type.dims) {
        item["shape"].push_back(dim.is_number() ? Document(dim.number()) : Document(nullptr));
      }
    } else {
      item["shape"] = nullptr;
    }
    list.push_back(std::move(item));
  }
  return list;
}

class Worker {
 public:
  Result<Document> answer(const Document& request) {
    const std::string what = rivals::text(request, "do");
    if (what == "hello") return hello();
    if (what == "open") return open(request);
    if (what == "bind") return bind(request);
    if (!session_) return invalid_argument("no model is open");
    if (what == "first") return first();
    if (what == "tensors") return tensors(request);
    if (what == "block") return block(request);
    if (what == "streams") return streams(request);
    if (what == "serve") return serve(request);
    return unsupported("unknown request " + what);
  }

 private:
  static Document hello() {
    Document out;
    out["versions"]["thane"] = THANE_VERSION;
    out["timed"] = "Session::run on values made beforehand; outputs in memory of their own";
    out["import_seconds"] = 0.0;
    return out;
  }

  Result<Document> open(const Document& request) {
    const double start = monotonic_seconds();
    const Document& options = rivals::member(request, "options");
    ReadOptions read;
    read.entry_point = rivals::text(options, "signature");
    if (const Document& outputs = rivals::member(options, "outputs"); outputs.is_array()) {
      for (const Document& name : outputs)
        if (name.is_string()) read.outputs.push_back(name.get<std::string>());
    }
    const WeightsFile weights{
        rivals::text(options, "weights"),
        {rivals::text(options, "weights_prefix"), rivals::flag(options, "allow_incomplete", false)}};
    Binding binding;
    THANE_ASSIGN(Model opened, open_model(rivals::text(request, "model"), read, weights, binding));
    model_ = std::make_unique<Model>(std::move(opened));
    PipelineOptions pipeline;
    pipeline.session.threads = static_cast<int>(rivals::integer(request, "threads", 1));
    pipeline.session.precision = static_cast<Precision>(rivals::integer(options, "precision_level", 1));
    if (rivals::text(options, "precision") == "auto") pipeline.session.precision = Precision::kAuto;
    pipeline.session.max_error = rivals::real(options, "max_error", pipeline.session.max_error);
    if (const auto isa = isa_from_name(rivals::text(options, "isa")))
      pipeline.session.isa = std::min(*isa, pipeline.session.isa);
    pipeline.session.seed = static_cast<uint64_t>(rivals::integer(options, "seed"));
    pipeline.optimise = rivals::flag(options, "optimise", true);
    THANE_ASSIGN(session_, make_session(*model_, pipeline));
    pipeline_ = pipeline;
    Document out;
    out["seconds"] = monotonic_seconds() - start;
    out["inputs"] = described(model_->graph, model_->graph.inputs);
    out["outputs"] = described(model_->graph, model_->graph.outputs);
    return out;
  }

  Result<Document> bind(const Document& request) {
    const double start = monotonic_seconds();
    inputs_.clear();
    const Document& items = rivals::member(request, "inputs");
    for (const Document& item : items) {
      Dims dims;
      for (const Document& size : rivals::member(item, "shape")) dims.push_back(size.get<int64_t>());
      const auto dtype = dtype_from_name(rivals::text(item, "dtype"));
      if (!dtype) return unsupported("inputs of dtype " + rivals::text(item, "dtype"));
      THANE_ASSIGN(Tensor tensor, Tensor::allocate(*dtype, dims));
      const auto offset = static_cast<off_t>(rivals::integer(item, "offset"));
      for (size_t done = 0; done < tensor.size_bytes();) {
        const ssize_t n = ::pread(kInputs, static_cast<char*>(tensor.raw()) + done, tensor.size_bytes() - done,
                                  offset + static_cast<off_t>(done));
        if (n <= 0) return runtime_error("inputs are missing");
        done += static_cast<size_t>(n);
      }
      inputs_.push_back(Value(std::move(tensor)));
    }
    Document out;
    out["seconds"] = monotonic_seconds() - start;
    return out;
  }

  Result<Document> first() {
    session_->reset_states();
    const double start = monotonic_seconds();
    THANE_ASSIGN(const std::vector<Value> outputs, session_->run(inputs_));
    const double seconds = monotonic_seconds() - start;
    std::vector<std::string> names;
    for (ValueId id : model_->graph.outputs) names.push_back(model_->graph.values[id].name);
    Document out = deliver(names, outputs);
    out["seconds"] = seconds;
    return out;
  }

  // Values inside, by name, as far as the passes left them.
  Result<Document> tensors(const Document& request) {
    std::vector<Type> types;
    for (const Value& input : inputs_) types.push_back(input.type());
    THANE_ASSIGN(Graph tapped, prepared_graph(*model_, types, pipeline_));
    std::vector<ValueId> ids;
    std::vector<std::string> names;
    for (const Document& wanted : rivals::member(request, "names")) {
      if (!wanted.is_string()) continue;
      for (const Node& node : tapped.nodes) {
        for (ValueId id : node.outputs) {
          if (id == kNoValue || tapped.values[id].name != wanted.get<std::string>()) continue;
          ids.push_back(id);
          names.push_back(tapped.values[id].name);
        }
      }
    }
    if (ids.empty()) return deliver({}, {});
    tapped.outputs = ids;
    THANE_ASSIGN(const std::unique_ptr<Session> session, Session::create(std::move(tapped), pipeline_.session));
    THANE_ASSIGN(const std::vector<Value> outputs, session->run(inputs_));
    return deliver(names, outputs);
  }

  static Document deliver(const std::vector<std::string>& names, const std::vector<Value>& outputs) {
    Document out = {{"outputs", Document::array()}};
    int64_t offset = 0;
    empty_outputs();
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].is_tensor() || outputs[i].tensor().dtype() == DType::kString)
        continue;  // nothing numeric to compare
      const Tensor& tensor = outputs[i].tensor();
      offset = (offset + 63) / 64 * 64;
      write_all(kOutputs, tensor.raw(), tensor.size_bytes(), offset);
      Document item;
      item["name"] = names[i];
      item["dtype"] = std::string(dtype_name(tensor.dtype()));
      item["shape"] = tensor.dims();
      item["offset"] = offset;
      item["bytes"] = tensor.size_bytes();
      out["outputs"].push_back(std::move(item));
      offset += static_cast<int64_t>(tensor.size_bytes());
    }
    return out;
  }

  Status run() const {
    auto outputs = session_->run(inputs_);
    return outputs.ok() ? ok() : Status(std::move(outputs).error());
  }

  Result<Document> block(const Document& request) const {
    for (int64_t i = rivals::integer(request, "settle"); i-- > 0;) THANE_TRY(run());
    const auto least = static_cast<size_t>(rivals::integer(request, "least", 1));
    const size_t most = std::min(static_cast<size_t>(rivals::integer(request, "most", 1)), kMostSamples);
    std::vector<double> samples;
    const double cpu = cpu_seconds(), start = monotonic_seconds(), end = start + rivals::real(request, "seconds");
    while (samples.size() < most) {
      const double before = monotonic_seconds();
      THANE_TRY(run());
      const double after = monotonic_seconds();
      samples.push_back(after - before);
      if (after >= end && samples.size() >= least) break;
    }
    return report(samples, monotonic_seconds() - start, cpu_seconds() - cpu);
  }

  Result<Document> streams(const Document& request) const {
    const auto wanted = static_cast<size_t>(std::clamp<int64_t>(rivals::integer(request, "streams", 1), 1, 256));
    const double seconds = rivals::real(request, "seconds");
    std::vector<std::vector<double>> results(wanted);
    std::vector<Status> statuses(wanted);
    double cpu = 0, start = 0;
    std::barrier gate(static_cast<ptrdiff_t>(wanted), [&]() noexcept {
      cpu = cpu_seconds();
      start = monotonic_seconds();
    });
    const auto work = [&](size_t index) {
      statuses[index] = run();
      gate.arrive_and_wait();
      while (statuses[index].ok()) {
        const double before = monotonic_seconds();
        statuses[index] = run();
        const double after = monotonic_seconds();
        results[index].push_back(after - before);
        if (after >= start + seconds) break;
      }
    };
    std::vector<std::thread> threads;
    for (size_t i = 1; i < wanted; ++i) threads.emplace_back(work, i);
    work(0);
    for (std::thread& thread : threads) thread.join();
    const double elapsed = monotonic_seconds() - start, used = cpu_seconds() - cpu;
    std::vector<double> samples;
    for (size_t i = 0; i < wanted; ++i) {
      if (!statuses[i].ok()) return std::move(statuses[i]).error();
      samples.insert(samples.end(), results[i].begin(), results[i].end());
    }
    return report(samples, elapsed, used);
  }

  Result<Document> serve(const Document& request) const {
    const double seconds = rivals::real(request, "seconds");
    const auto arrivals = poisson_arrivals(rivals::real(request, "rate", 1), seconds,
                                           static_cast<uint64_t>(rivals::integer(request, "seed")));
    std::vector<double> samples;
    const double cpu = cpu_seconds(), start = monotonic_seconds();
    for (const double arrival : arrivals) {
      const double due = start + arrival;
      for (double left; (left = due - monotonic_seconds()) > 0;) {
        if (left > 0.0005) sleep_seconds(left - 0.0003);
      }
      THANE_TRY(run());
      const double done = monotonic_seconds();
      samples.push_back(done - due);
      if (done > start + 2 * seconds) break;  // hopelessly behind: what is still queued would only be later
    }
    THANE_ASSIGN(Document out, report(samples, monotonic_seconds() - start, cpu_seconds() - cpu));
    out["arrived"] = arrivals.size();
    return out;
  }

  static Result<Document> report(const std::vector<double>& samples, double elapsed, double cpu) {
    empty_outputs();
    write_all(kOutputs, samples.data(), samples.size() * sizeof(double), 0);
    Document out;
    out["count"] = samples.size();
    out["elapsed"] = elapsed;
    out["cpu_seconds"] = cpu;
    return out;
  }

  std::unique_ptr<Model> model_;
  std::unique_ptr<Session> session_;
  PipelineOptions pipeline_;
  std::vector<Value> inputs_;
};

}  // namespace

void serve_native() {
  Worker worker;
  for (;;) {
    unsigned char size[4];
    if (!read_exactly(size, sizeof(size))) return;
    std::string body(size[0] | size[1] << 8 | size[2] << 16 | static_cast<size_t>(size[3]) << 24, '\0');
    if (!read_exactly(body.data(), body.size())) return;
    Document out;
    const auto request = rivals::parse_document(body);
    if (!request.ok()) return;
    auto answer = worker.answer(*request);
    if (answer.ok())
      out = std::move(*answer);
    else
      out["error"] = answer.error().to_string();
    const std::string text = rivals::to_text(out);
    std::string bytes;
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(text.size() >> (8 * i)));
    bytes += text;
    write_all(kAnswer, bytes.data(), bytes.size());
  }
}

rivals::Launch native_launch(int64_t memory_bytes) {
  rivals::Launch launch;
  launch.command = {"/proc/self/exe", kWorkerCommand};
  launch.environment = rivals::bare_environment();
  launch.memory_bytes = memory_bytes;
  return launch;
}

}  // namespace thane::bench
