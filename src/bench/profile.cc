#include "bench/profile.h"

#include <algorithm>
#include <map>

#include "api/macs.h"
#include "base/clock.h"
#include "base/format.h"
#include "bench/statistics.h"
#include "engine/plan.h"
#include "kernels/peak/peak.h"

namespace thane::bench {
namespace {

using rivals::Document;

constexpr double kRoofSeconds = 0.3;
constexpr size_t kFewestRuns = 3, kMostRuns = 5000;

struct Seen {
  NodeProfile profile;
  std::vector<double> seconds;  // per run, bodies of loops added up
};

Type type_of(const Slot& slot) {
  if (slot.kind == Slot::Kind::kDynamic) return slot.expected;
  return Type::tensor(slot.dtype, to_symbolic(slot.dims));
}

double bytes_of(const Slot& slot) {
  if (slot.kind == Slot::Kind::kDynamic || slot.kind == Slot::Kind::kView || slot.dtype == DType::kString) return 0;
  double bytes = static_cast<double>(dtype_size(slot.dtype));
  for (const int64_t size : slot.dims) bytes *= static_cast<double>(size);
  return bytes;
}

NodeProfile describe(const StepTime& time) {
  NodeProfile out;
  out.node = time.step.node->label(time.graph);
  out.op = std::string(time.step.node->op->name);
  const auto slots = time.plan.slots();
  const bool view = !time.step.dynamic && slots[time.step.first_output].kind == Slot::Kind::kView;
  out.kernel = view ? "view" : time.step.dynamic ? "dynamic" : std::string(time.step.kernel_name);
  out.refusals = time.step.refusals;
  std::vector<Type> types;
  std::vector<const Type*> inputs, outputs;
  types.reserve(time.step.inputs.size() + time.step.output_count);
  for (const SlotId id : time.step.inputs) {
    if (id == kNoSlot) {
      inputs.push_back(nullptr);
      continue;
    }
    inputs.push_back(&types.emplace_back(type_of(slots[id])));
    if (!view) out.bytes += bytes_of(slots[id]);
  }
  for (uint32_t i = 0; i < time.step.output_count; ++i) {
    outputs.push_back(&types.emplace_back(type_of(slots[time.step.first_output + i])));
    if (!view) out.bytes += bytes_of(slots[time.step.first_output + i]);
  }
  out.flops = 2 * macs(*time.step.node, inputs, outputs).value_or(0);
  return out;
}

// Share of the roof: of the time that the measured peak and bandwidth would need at least.
double roof_share(double seconds, double flops, double bytes, const Profile& profile) {
  const double least = std::max(profile.peak_flops > 0 ? flops / profile.peak_flops : 0,
                                profile.bandwidth > 0 ? bytes / profile.bandwidth : 0);
  return seconds > 0 ? least / seconds : 0;
}

struct Sum {
  int count = 0;
  double seconds = 0, flops = 0, bytes = 0;
};

std::vector<std::pair<std::string, Sum>> by_op(const Profile& profile) {
  std::map<std::string, Sum> sums;
  for (const NodeProfile& node : profile.nodes) {
    Sum& sum = sums[node.op];
    ++sum.count;
    sum.seconds += node.seconds;
    sum.flops += node.flops;
    sum.bytes += node.bytes;
  }
  std::vector<std::pair<std::string, Sum>> sorted(sums.begin(), sums.end());
  std::ranges::sort(sorted, [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  return sorted;
}

std::string row_of(const std::string& head, double seconds, double flops, double bytes, const Profile& p,
                   const std::string& tail) {
  const double share = p.total_seconds > 0 ? 100 * seconds / p.total_seconds : 0;
  const std::string rate = flops > 0 ? format("{:.1f}", flops / seconds / 1e9) : "–";
  return format("{:<34} {:>10.1f} {:>6.1f}% {:>9} {:>8.1f} {:>6.0f}%  {}\n", head.substr(0, 34), seconds * 1e6, share,
                rate, seconds > 0 ? bytes / seconds / 1e9 : 0, 100 * roof_share(seconds, flops, bytes, p), tail);
}

}  // namespace

Result<Profile> profile_model(const Model& model, const std::vector<Value>& inputs, const PipelineOptions& options,
                              double seconds) {
  std::vector<Seen> seen;
  std::map<const Step*, size_t> index;
  bool recording = false, first = false;
  size_t run_number = 0;
  Document events = Document::array();
  double run_start = 0;
  PipelineOptions observed = options;
  observed.session.observer = [&](const StepTime& time) {
    if (!recording) return;
    const auto [place, fresh] = index.emplace(&time.step, seen.size());
    if (fresh) seen.push_back({describe(time), {}});
    Seen& node = seen[place->second];
    if (node.seconds.size() <= run_number) node.seconds.resize(run_number + 1, 0.0);
    node.seconds[run_number] += time.seconds;
    if (!first) return;
    events.push_back({{"name", node.profile.op},
                      {"cat", node.profile.kernel},
                      {"ph", "X"},
                      {"pid", 1},
                      {"tid", 1},
                      {"ts", (time.start_seconds - run_start) * 1e6},
                      {"dur", time.seconds * 1e6},
                      {"args", {{"node", node.profile.node}, {"kernel", node.profile.kernel}}}});
  };
  THANE_ASSIGN(const std::unique_ptr<Session> session, make_session(model, observed));
  const double warm_end = monotonic_seconds() + 0.2 * seconds;
  do {
    THANE_ASSIGN(const std::vector<Value> outputs, session->run(inputs));
  } while (monotonic_seconds() < warm_end);
  recording = true;
  std::vector<double> totals;
  for (const double end = monotonic_seconds() + seconds;
       totals.size() < kFewestRuns || (monotonic_seconds() < end && totals.size() < kMostRuns);) {
    run_number = totals.size();
    first = run_number == 1;  // the second: the first sets up what is recorded
    run_start = monotonic_seconds();
    THANE_ASSIGN(const std::vector<Value> outputs, session->run(inputs));
    totals.push_back(monotonic_seconds() - run_start);
  }
  Profile profile;
  profile.runs = static_cast<int>(totals.size());
  profile.total_seconds = median(totals);
  profile.threads = options.session.threads > 0 ? options.session.threads : usable_cores();
  for (Seen& node : seen) {
    node.seconds.resize(totals.size(), 0.0);
    node.profile.seconds = median(std::move(node.seconds));
    node.profile.depth_order = static_cast<int>(profile.nodes.size());
    profile.nodes.push_back(std::move(node.profile));
  }
  profile.trace = {{"displayTimeUnit", "ns"}, {"traceEvents", std::move(events)}};
  const Roof roof = measure_roof(options.session.isa, profile.threads, kRoofSeconds);
  profile.peak_flops = roof.flops_per_second;
  profile.bandwidth = roof.bytes_per_second;
  return profile;
}

Document profile_document(const Profile& profile) {
  Document out = {{"total_s", profile.total_seconds},
                  {"runs", profile.runs},
                  {"threads", profile.threads},
                  {"peak_flops_per_s", profile.peak_flops},
                  {"bandwidth_bytes_per_s", profile.bandwidth}};
  out["ops"] = Document::array();
  for (const auto& [op, sum] : by_op(profile)) {
    out["ops"].push_back({{"op", op},
                          {"count", sum.count},
                          {"seconds", sum.seconds},
                          {"flops", sum.flops},
                          {"bytes", sum.bytes},
                          {"roof", roof_share(sum.seconds, sum.flops, sum.bytes, profile)}});
  }
  out["nodes"] = Document::array();
  for (const NodeProfile& node : profile.nodes) {
    out["nodes"].push_back({{"node", node.node},
                            {"op", node.op},
                            {"kernel", node.kernel},
                            {"refusals", node.refusals},
                            {"seconds", node.seconds},
                            {"flops", node.flops},
                            {"bytes", node.bytes},
                            {"roof", roof_share(node.seconds, node.flops, node.bytes, profile)}});
  }
  return out;
}

std::string profile_text(const Profile& profile, size_t most, bool refusals) {
  double steps = 0;
  for (const NodeProfile& node : profile.nodes) steps += node.seconds;
  std::string text =
      format("{:.3f} ms a run (median of {}), {} threads; {:.1f}% of it inside steps\n", profile.total_seconds * 1e3,
             profile.runs, profile.threads, profile.total_seconds > 0 ? 100 * steps / profile.total_seconds : 0);
  text += format("roof measured in the same run: {:.1f} GFLOP/s of float32 multiply-adds, {:.1f} GB/s from memory\n\n",
                 profile.peak_flops / 1e9, profile.bandwidth / 1e9);
  const std::string units = format("{:>10} {:>7} {:>9} {:>8} {:>7}", "us", "share", "GFLOP/s", "GB/s", "roof");
  text += format("{:<34} {}  nodes\n", "op", units);
  for (const auto& [op, sum] : by_op(profile))
    text += row_of(op, sum.seconds, sum.flops, sum.bytes, profile, std::to_string(sum.count));
  std::vector<const NodeProfile*> sorted;
  for (const NodeProfile& node : profile.nodes) sorted.push_back(&node);
  std::ranges::stable_sort(sorted, [](const auto* a, const auto* b) { return a->seconds > b->seconds; });
  if (sorted.size() > most) sorted.resize(most);
  text += format("\n{:<34} {}  kernel\n", format("slowest {} of {} nodes", sorted.size(), profile.nodes.size()), units);
  for (const NodeProfile* node : sorted) {
    text += row_of(node->node, node->seconds, node->flops, node->bytes, profile, node->kernel);
    if (!refusals) continue;
    for (const std::string& refusal : node->refusals) text += "    not " + refusal + "\n";
  }
  return text;
}

}  // namespace thane::bench
