#include "api/weights.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "api/pipeline.h"
#include "base/format.h"
#include "formats/lightning/training.h"
#include "formats/recognise.h"

namespace thane {
namespace {

constexpr DTypeMask kTrainable = kFloats | kFloat8s | kComplexes;

std::string type_text(std::string_view dtype, const Dims& dims) { return format("{}{}", dtype, to_string(dims)); }

// Wrappers that put a segment of their own into every name below them.
std::string unwrapped(std::string name) {
  for (const std::string_view wrapper : {"_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."}) {
    for (size_t at = name.find(wrapper); at != std::string::npos; at = name.find(wrapper, at))
      name.erase(at, wrapper.size());
  }
  return name;
}

// "a.b" is a suffix of "x.a.b", not of "xa.b".
bool has_suffix(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() && name.ends_with(suffix) && name[name.size() - suffix.size() - 1] == '.';
}

}  // namespace

// One run of the rules at the head of weights.h.
class Matcher {
 public:
  Matcher(const std::vector<BindableModel::Weight>& weights, const Checkpoint& checkpoint, Binding& binding)
      : weights_(weights), checkpoint_(checkpoint), binding_(binding), choice_(weights.size(), kNone) {}

  Status collect(std::string prefix) {
    std::string base;
    auto indices = lightning::weights_of(checkpoint_, &base);
    if (!prefix.empty()) {
      if (!prefix.ends_with('.')) prefix += '.';
      const auto below = [&](const std::string& start) {
        std::vector<size_t> found;
        for (size_t i = 0; i < checkpoint_.tensors.size(); ++i) {
          if (checkpoint_.tensors[i].name.starts_with(start)) found.push_back(i);
        }
        return found;
      };
      indices = below(base + prefix);
      base += prefix;
      if (indices.empty()) indices = below(prefix), base = prefix;
      if (indices.empty()) {
        return invalid_argument(format("no tensor of the checkpoint is named '{}…'", prefix)).at("--weights-prefix");
      }
    }
    for (const size_t i : indices) {
      const std::string& full = checkpoint_.tensors[i].name;
      candidates_.push_back({i, unwrapped(full.substr(base.size())), full.substr(base.size())});
      by_name_.emplace(candidates_.back().name, candidates_.size() - 1);
    }
    if (candidates_.empty()) return invalid_model("the checkpoint holds no tensors");
    return ok();
  }

  // choice()[i]: index in the checkpoint for weight i, or kNone.
  void match() {
    match_exactly();
    match_by_prefix();
    match_by_suffix();
    report();
  }

  static constexpr size_t kNone = SIZE_MAX;
  const std::vector<size_t>& choice() const { return choice_; }

 private:
  struct Candidate {
    size_t index;      // in the checkpoint
    std::string name;  // below the prefix, unwrapped
    std::string full;
    bool used = false;
  };
  bool fits(const BindableModel::Weight& weight, const Candidate& candidate) const {
    const StridedTensor& tensor = checkpoint_.tensors[candidate.index].tensor;
    return tensor.dtype == weight.dtype && tensor.shape == weight.dims;
  }

  void take(size_t weight, Candidate& candidate, bool exact) {
    choice_[weight] = candidate.index;
    candidate.used = true;
    binding_.bound.push_back({weights_[weight].name, candidate.full, exact});
  }

  void match_exactly() {
    for (size_t i = 0; i < weights_.size(); ++i) {
      const auto found = by_name_.find(unwrapped(weights_[i].name));
      if (found == by_name_.end()) continue;
      Candidate& candidate = candidates_[found->second];
      if (fits(weights_[i], candidate))
        take(i, candidate, candidate.full == weights_[i].name);
      else
        reasons_[i] = format("the checkpoint's is {}", type_of(candidate));
    }
  }

  std::string type_of(const Candidate& candidate) const {
    const StridedTensor& tensor = checkpoint_.tensors[candidate.index].tensor;
    return type_text(tensor.type_name, tensor.shape);
  }

  bool open(size_t weight) const { return choice_[weight] == kNone && !reasons_.contains(weight); }

  // Weights that a tensor named prefix + name fits; for "-prefix" the weight's own name is the longer one.
  void match_by_prefix() {
    std::map<std::string, size_t> votes;
    std::unordered_map<std::string_view, std::vector<size_t>> by_last;  // last segments → candidates
    const auto last = [](std::string_view name) {
      const size_t dot = name.rfind('.');
      return dot == std::string_view::npos ? name : name.substr(dot + 1);
    };
    for (size_t c = 0; c < candidates_.size(); ++c) by_last[last(candidates_[c].name)].push_back(c);
    for (size_t i = 0; i < weights_.size(); ++i) {
      const std::string name = unwrapped(weights_[i].name);
      if (!open(i)) continue;
      for (const size_t c : by_last[last(name)]) {
        const std::string& other = candidates_[c].name;
        if (!fits(weights_[i], candidates_[c])) continue;
        if (has_suffix(other, name)) ++votes["+" + other.substr(0, other.size() - name.size())];
        if (has_suffix(name, other)) ++votes["-" + name.substr(0, name.size() - other.size())];
      }
    }
    size_t most = 0;
    std::vector<std::string> best;
    for (const auto& [prefix, count] : votes) {
      if (count > most) best.clear();
      if (count >= most) best.push_back(prefix);
      most = std::max(most, count);
    }
    if (best.size() != 1) {
      for (const std::string& prefix : best) rivals_ += (rivals_.empty() ? "" : ", ") + ("'" + prefix.substr(1) + "'");
      return;
    }
    const std::string prefix = best[0].substr(1);
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!open(i)) continue;
      std::string name = unwrapped(weights_[i].name);
      if (best[0][0] == '+')
        name = prefix + name;
      else if (name.starts_with(prefix))
        name.erase(0, prefix.size());
      const auto found = by_name_.find(name);
      if (found == by_name_.end() || candidates_[found->second].used) continue;
      if (fits(weights_[i], candidates_[found->second]))
        take(i, candidates_[found->second], false);
      else
        reasons_[i] = format("the checkpoint's is {}", type_of(candidates_[found->second]));
    }
  }

  void match_by_suffix() {
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!open(i)) continue;
      const std::string name = unwrapped(weights_[i].name);
      Candidate* only = nullptr;
      size_t count = 0;
      for (Candidate& candidate : candidates_) {
        if (candidate.used || !fits(weights_[i], candidate)) continue;
        if (!has_suffix(candidate.name, name) && !has_suffix(name, candidate.name)) continue;
        only = &candidate;
        ++count;
      }
      if (count == 1) take(i, *only, false);
      if (count > 1) {
        reasons_[i] = format("{} tensors fit by suffix", count);
        if (!rivals_.empty()) reasons_[i] += ", with prefixes " + rivals_ + "; choose with --weights-prefix";
      }
    }
  }

  bool is_weight(const BindableModel::Weight& weight) const {
    const auto count = checked(weight.dims);
    return (mask_of(weight.dtype) & kTrainable) && !weight.dims.empty() && count > 1;
  }
  static int64_t checked(const Dims& dims) {
    int64_t count = 1;
    for (const int64_t d : dims) count *= d;  // of a tensor that exists
    return count;
  }

  // What may stand behind a weight without a partner: exporters keep Linear weights transposed.
  std::string guess(const BindableModel::Weight& weight) const {
    if (weight.dims.size() != 2) return "no tensor has its name";
    const Dims turned{weight.dims[1], weight.dims[0]};
    const Candidate* only = nullptr;
    for (const Candidate& candidate : candidates_) {
      const StridedTensor& tensor = checkpoint_.tensors[candidate.index].tensor;
      if (candidate.used || tensor.shape != turned || tensor.dtype != weight.dtype) continue;
      if (only) return "no tensor has its name";
      only = &candidate;
    }
    return only ? format("no tensor has its name; perhaps '{}', which the exporter transposed", only->full)
                : "no tensor has its name";
  }

  void report() {
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (choice_[i] != kNone) continue;
      const auto reason = reasons_.find(i);
      if (reason == reasons_.end() && !is_weight(weights_[i])) {
        ++binding_.constants;
        continue;
      }
      binding_.graph.push_back({weights_[i].name, type_text(dtype_name(weights_[i].dtype), weights_[i].dims),
                                reason == reasons_.end() ? guess(weights_[i]) : reason->second});
    }
    std::set<std::pair<const Storage*, int64_t>> bound;
    for (const Candidate& candidate : candidates_) {
      const StridedTensor& tensor = checkpoint_.tensors[candidate.index].tensor;
      if (candidate.used) bound.emplace(tensor.storage.get(), tensor.offset);
    }
    for (const Candidate& candidate : candidates_) {
      const StridedTensor& tensor = checkpoint_.tensors[candidate.index].tensor;
      // Tied weights are saved under both names; one of them is enough.
      if (candidate.used || (tensor.storage && bound.contains({tensor.storage.get(), tensor.offset}))) continue;
      if (candidate.name == "num_batches_tracked" || candidate.name.ends_with(".num_batches_tracked"))
        binding_.counters.push_back(candidate.full);
      else
        binding_.checkpoint.push_back({candidate.full, type_of(candidate), "no weight of the graph has its name"});
    }
  }

  const std::vector<BindableModel::Weight>& weights_;
  const Checkpoint& checkpoint_;
  Binding& binding_;
  std::vector<Candidate> candidates_;
  std::unordered_map<std::string, size_t> by_name_;
  std::vector<size_t> choice_;
  std::map<size_t, std::string> reasons_;
  std::string rivals_;
};

Result<BindableModel> BindableModel::open(const std::string& path, const ReadOptions& options) {
  BindableModel model;
  model.path_ = path;
  model.options_ = options;
  std::set<std::string, std::less<>> seen;
  ReadOptions listing = options;
  listing.weight = [&](std::string_view name, const Tensor& own) -> Result<Tensor> {
    if (seen.emplace(name).second) model.weights_.push_back({std::string(name), own.dtype(), own.dims()});
    return own;
  };
  THANE_ASSIGN(const Model own, load_model(path, listing));
  return model;
}

Result<Model> BindableModel::bind(const Checkpoint& checkpoint, const BindingOptions& options, Binding& binding) const {
  binding = {};
  Matcher matcher(weights_, checkpoint, binding);
  THANE_TRY(matcher.collect(options.prefix));
  matcher.match();
  if (!binding.complete() && (!options.allow_incomplete || binding.bound.empty())) {
    return invalid_model(
               format("the checkpoint does not fit the graph: {} weights bound, {} of the graph and {} of the "
                      "checkpoint left over\n{}",
                      binding.bound.size(), binding.graph.size(), binding.checkpoint.size(), binding_text(binding, 20)))
        .at(path_)
        .hinting(
            "export without folding (torch.onnx.export(…, optimize=False)), or bind what fits with --allow-incomplete");
  }
  // By value: graphs that are specialised later ask again.
  auto tensors = std::make_shared<std::unordered_map<std::string, Tensor>>();
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (matcher.choice()[i] == Matcher::kNone) continue;
    auto tensor = checkpoint.tensors[matcher.choice()[i]].tensor.dense();
    if (!tensor.ok()) return std::move(tensor).error().at(weights_[i].name);
    tensors->emplace(weights_[i].name, std::move(*tensor));
  }
  ReadOptions reading = options_;
  reading.weight = [tensors](std::string_view name, const Tensor& own) -> Result<Tensor> {
    const auto found = tensors->find(std::string(name));
    return found == tensors->end() ? own : found->second;
  };
  return load_model(path_, reading);
}

Result<Model> open_model(const std::string& path, const ReadOptions& options, const WeightsFile& weights,
                         Binding& binding) {
  if (weights.path.empty()) return open_model(path, options);
  THANE_ASSIGN(const Checkpoint checkpoint, open_weights(weights.path, false));
  THANE_ASSIGN(const BindableModel model, BindableModel::open(path, options));
  auto bound = model.bind(checkpoint, weights.options, binding);
  if (!bound.ok()) return std::move(bound).error().at(weights.path);
  return bound;
}

Result<Checkpoint> open_weights(const std::string& path, bool copy) {
  THANE_ASSIGN(auto file, copy ? MappedFile::read(path) : MappedFile::open(path));
  return read_checkpoint(std::move(file), {.verify = true});
}

std::string binding_text(const Binding& binding, size_t most) {
  std::string text;
  const auto add = [&](std::string_view side, const std::vector<UnboundWeight>& left) {
    for (size_t i = 0; i < std::min(left.size(), most); ++i) {
      text += format("  {} {} {}: {}\n", side, left[i].name, left[i].type, left[i].reason);
    }
    if (left.size() > most) text += format("  {} … and {} more\n", side, left.size() - most);
  };
  add("graph", binding.graph);
  add("checkpoint", binding.checkpoint);
  return text;
}

}  // namespace thane
