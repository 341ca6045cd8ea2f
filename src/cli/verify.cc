// thane verify: the same inputs through several models or settings; the first is the reference.
#include <algorithm>

#include "api/compare.h"
#include "base/format.h"
#include "bench/adapt.h"
#include "cli/commands.h"
#include "cli/contenders.h"
#include "cli/first_difference.h"
#include "cli/input_source.h"
#include "cli/manifest.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

struct OutputReport {
  std::string name;
  Difference difference;
};

struct Report {
  std::string contender;
  std::string input;  // label of the folder's entry
  std::vector<OutputReport> outputs;
  std::optional<TensorDifference> first;  // inside, when an output is beyond tolerance
  std::string error;                      // of a contender that fails to run
  bool within() const {
    return error.empty() && std::ranges::all_of(outputs, [](const OutputReport& o) { return o.difference.within; });
  }
};

bool fits(const Dims& dims, const SymDims& declared) {
  if (dims.size() != declared.size()) return false;
  for (size_t axis = 0; axis < declared.size(); ++axis) {
    if (declared[axis].is_number() && declared[axis].number() != dims[axis]) return false;
  }
  return true;
}

// Forms of one network keep their channels first or last: the value as `declared` wants it, transposed when only that
// makes its shape fit.
Result<Value> in_layout_of(const Type& declared, const Value& value) {
  if (!value.is_tensor() || !declared.is_tensor() || !declared.dims) return value;
  const auto fitting = [&](const Dims& dims) { return fits(dims, *declared.dims); };
  THANE_ASSIGN(auto moved, bench::in_fitting_layout(value.tensor(), fitting));
  return moved ? Value(std::move(*moved)) : value;
}

// The outputs in the order of the reference's: by name where all names are the same. Else, as forms of one network name
// and order their outputs as they please, the nearest tensor is meant, in whichever layout.
Result<std::vector<Value>> outputs_as(const Graph& theirs, std::span<const Value> expected, const Graph& ours,
                                      const std::vector<Value>& outputs) {
  THANE_ASSIGN(const std::vector<size_t> order, matched(ours, ours.outputs, theirs, theirs.outputs, "output"));
  const auto numeric = [](const Value& value) { return value.is_tensor() && value.tensor().dtype() != DType::kString; };
  bool same_names = true;
  for (size_t i = 0; i < order.size(); ++i)
    same_names &= ours.values[ours.outputs[order[i]]].name == theirs.values[theirs.outputs[i]].name;
  std::vector<Value> in_order;
  if (same_names || !std::ranges::all_of(outputs, numeric) || !std::ranges::all_of(expected, numeric)) {
    for (const size_t i : order) in_order.push_back(outputs[i]);
    return in_order;
  }
  std::vector<bench::NamedTensor> here, there;
  for (size_t i = 0; i < outputs.size(); ++i) {
    here.push_back({ours.values[ours.outputs[i]].name, outputs[i].tensor()});
    there.push_back({theirs.values[theirs.outputs[i]].name, expected[i].tensor()});
  }
  THANE_ASSIGN(std::vector<Tensor> paired, bench::adapted_outputs(here, there));
  for (Tensor& tensor : paired) in_order.push_back(Value(std::move(tensor)));
  return in_order;
}

class Verification {
 public:
  explicit Verification(const Arguments& arguments) : arguments_(arguments) {}

  Status go() {
    tolerance_ = {arguments_.real(kAtol), arguments_.real(kRtol)};
    if (tolerance_.absolute < 0 || tolerance_.relative < 0) {
      return invalid_argument("a negative tolerance").at("--atol, --rtol").expecting("0 or more");
    }
    THANE_ASSIGN(contenders_, make_contenders(arguments_));
    if (contenders_.size() < 2) {
      return invalid_argument("one model at one setting")
          .at("thane verify")
          .expecting("something to compare with")
          .hinting("name a second model, or --settings precision=exact,fp32");
    }
    const Contender& reference = contenders_.front();
    THANE_ASSIGN(const InputSource inputs, InputSource::create(reference.model->graph, arguments_, true));
    Progress progress(arguments_, inputs.size() * contenders_.size());
    for (size_t set = 0; set < inputs.size(); ++set) {
      progress.step(reference.label);
      THANE_ASSIGN(const std::vector<Value> values, inputs.load(set));
      auto expected = reference.session->run(values);
      if (!expected.ok()) return std::move(expected).error().at(reference.label);
      for (size_t i = 1; i < contenders_.size(); ++i) {
        progress.step(contenders_[i].label);
        THANE_ASSIGN(Report report, examine(contenders_[i], values, *expected));
        report.input = inputs.label(set);
        reports_.push_back(std::move(report));
      }
    }
    return ok();
  }

  bool passed() const { return std::ranges::all_of(reports_, &Report::within); }

  void print_results() const { arguments_.has(kJson) ? print_json() : print_text(); }

 private:
  Result<Report> examine(const Contender& contender, std::span<const Value> values,
                         std::span<const Value> expected) const {
    const Contender& reference = contenders_.front();
    Report report{contender.label, "", {}, std::nullopt, ""};
    const Graph &ours = contender.model->graph, &theirs = reference.model->graph;
    THANE_ASSIGN(const std::vector<size_t> input_order, matched(theirs, theirs.inputs, ours, ours.inputs, "input"));
    std::vector<Value> own_values;
    for (size_t i = 0; i < input_order.size(); ++i) {
      THANE_ASSIGN(Value value, in_layout_of(ours.values[ours.inputs[i]].type, values[input_order[i]]));
      own_values.push_back(std::move(value));
    }
    auto outputs = contender.session->run(own_values);
    if (!outputs.ok()) {
      report.error = outputs.error().to_string();
      return report;
    }
    THANE_ASSIGN(const std::vector<Value> in_order, outputs_as(theirs, expected, ours, *outputs));
    for (size_t i = 0; i < expected.size(); ++i) {
      report.outputs.push_back({theirs.values[theirs.outputs[i]].name, compare(in_order[i], expected[i], tolerance_)});
    }
    if (!report.within() || arguments_.has(kVerbose)) {
      THANE_ASSIGN(report.first, first_difference(reference, values, contender, own_values, tolerance_));
    }
    return report;
  }

  void print_text() const {
    std::string text;
    for (const Report& report : reports_) {
      text += format("{}{} against {}: {}\n", report.input.empty() ? "" : report.input + ": ", report.contender,
                     contenders_.front().label, report.within() ? "ok" : "FAILED");
      if (!report.error.empty()) text += "  " + report.error + "\n";
      text += outputs_table(report);
      text += first_text(report);
    }
    text += format("{} (atol {}, rtol {})\n", passed() ? "all within tolerance" : "beyond tolerance",
                   number_text(tolerance_.absolute), number_text(tolerance_.relative));
    print(text);
  }

  static std::string outputs_table(const Report& report) {
    if (report.outputs.empty()) return "";
    Table table;
    table.add({"output", "max error", "mean error", "cosine", "top-1", "beyond", ""});
    for (const OutputReport& output : report.outputs) {
      const Difference& d = output.difference;
      if (!d.structure.empty()) {
        table.add({output.name, d.structure});
        continue;
      }
      std::string where;
      if (d.beyond > 0)
        where = format("first at element {}: {} against {}", d.first_beyond, number_text(d.value_there),
                       number_text(d.reference_there));
      table.add({output.name, number_text(d.max_error, 3), number_text(d.mean_error, 3), number_text(d.cosine, 8),
                 d.rows ? format("{}/{}", d.rows_agreeing, d.rows) : "", format("{} of {}", d.beyond, d.elements),
                 where});
    }
    return table.to_string("  ");
  }

  static std::string first_text(const Report& report) {
    if (!report.first) return "";
    const TensorDifference& first = *report.first;
    if (first.name.empty())
      return format("  {} tensors inside have the same name in both; none differs\n", first.compared);
    const Difference& d = first.difference;
    const std::string how = d.structure.empty() ? format("max error {}, {} of {} elements beyond",
                                                         number_text(d.max_error, 3), d.beyond, d.elements)
                                                : d.structure;
    return format("  the first tensor that differs is '{}', made by {}: {}\n", first.name, first.producer, how);
  }

  static void add_difference(Json& json, const Difference& d) {
    json.field("within", d.within);
    if (!d.structure.empty()) {
      json.field("structure", d.structure);
      return;
    }
    json.field("max_error", d.max_error).field("mean_error", d.mean_error).field("cosine", d.cosine);
    json.field("max_reference", d.max_reference).field("elements", d.elements).field("beyond", d.beyond);
    if (d.beyond > 0) {
      json.field("first_beyond", d.first_beyond).field("value", d.value_there).field("reference", d.reference_there);
    }
    if (d.rows > 0) json.field("top1_rows", d.rows).field("top1_agreeing", d.rows_agreeing);
  }

  void print_json() const {
    Json json;
    json.begin_object();
    add_manifest(json, arguments_, arguments_.positional, &contenders_.front().options);
    json.field("passed", passed()).field("atol", tolerance_.absolute).field("rtol", tolerance_.relative);
    json.field("reference", contenders_.front().label).key("comparisons").begin_array();
    for (const Report& report : reports_) {
      json.begin_object().field("contender", report.contender);
      if (!report.input.empty()) json.field("input", report.input);
      json.field("within", report.within());
      if (!report.error.empty()) json.field("error", report.error);
      json.key("outputs").begin_array();
      for (const OutputReport& output : report.outputs) {
        json.begin_object().field("name", output.name);
        add_difference(json, output.difference);
        json.end_object();
      }
      json.end_array();
      if (report.first) {
        json.field("tensors_compared", report.first->compared).key("first_difference");
        if (report.first->name.empty()) {
          json.null();
        } else {
          json.begin_object().field("name", report.first->name).field("producer", report.first->producer);
          add_difference(json, report.first->difference);
          json.end_object();
        }
      }
      json.end_object();
    }
    print(json.end_array().end_object().text());
  }

  const Arguments& arguments_;
  Tolerance tolerance_;
  std::vector<Contender> contenders_;
  std::vector<Report> reports_;
};

}  // namespace

int verify(const Arguments& arguments) {
  Verification verification(arguments);
  if (auto status = verification.go(); !status.ok()) return report(arguments, status.error());
  verification.print_results();
  return verification.passed() ? kSuccess : kGateFailed;
}

}  // namespace thane::cli
