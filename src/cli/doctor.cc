// thane doctor: what this machine offers, and what stands in the way.
#include "base/cpu.h"
#include "base/format.h"
#include "base/threads.h"
#include "bench/machine.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/version.h"

namespace thane::cli {
namespace {

using bench::Machine;
using bench::Noise;

constexpr int kNoiseMilliseconds = 400;
constexpr double kNoisySpread = 0.05;

struct Finding {
  std::string problem, remedy;
};

std::vector<std::string> levels() {
  std::vector<std::string> names;
  const Isa best = cpu_facts().best;
  for (int level = 0; level <= static_cast<int>(best); ++level) {
    const auto isa = static_cast<Isa>(level);
    const bool other_architecture = isa != Isa::kPortable && (isa == Isa::kNeon) != (best == Isa::kNeon);
    if (!other_architecture) names.emplace_back(isa_name(isa));
  }
  return names;
}

std::vector<Finding> findings(const Machine& machine, const Noise& noise) {
  std::vector<Finding> found;
  const CpuFacts& cpu = cpu_facts();
  if (cpu.best == Isa::kPortable) {
    found.push_back({"no vector instructions that thane knows", "a CPU with AVX2 or NEON is many times faster"});
  }
  if (machine.cpu_quota > 0 && machine.cpu_quota < cpu.usable_cores) {
    found.push_back({format("{} cores, but a quota of {:.1f}", cpu.usable_cores, machine.cpu_quota),
                     format("use --threads {}, or raise the container's CPU limit",
                            std::max(1, static_cast<int>(machine.cpu_quota)))});
  }
  if (machine.load > 0.5 * cpu.usable_cores) {
    found.push_back({format("others are at work here: load {:.1f} on {} cores", machine.load, cpu.usable_cores),
                     "stop them before you measure"});
  }
  if (!machine.governor.empty() && machine.governor != "performance") {
    found.push_back({"the frequency governor is " + machine.governor,
                     "before you measure: sudo cpupower frequency-set -g performance"});
  }
  if (machine.available_bytes > 0 && machine.available_bytes < (int64_t{1} << 30)) {
    found.push_back({"only " + bytes_text(machine.available_bytes) + " of memory are free", "close other programs"});
  }
  if (noise.spread > kNoisySpread) {
    found.push_back({format("equal work takes {:.0f}% longer now and then", noise.spread * 100),
                     "measure longer, or on a quieter machine"});
  }
  return found;
}

void print_json(const Arguments& arguments, const Machine& machine, const Noise& noise,
                std::span<const Finding> found) {
  const CpuFacts& cpu = cpu_facts();
  Json json;
  json.begin_object().field("thane", kVersion).field("command", arguments.command_line);
  json.key("cpu").begin_object().field("model", cpu.model).field("usable_cores", cpu.usable_cores);
  json.field("quota", machine.cpu_quota).field("l1d_bytes", cpu.l1d_bytes).field("l2_bytes", cpu.l2_bytes);
  json.field("l3_bytes", cpu.l3_bytes).field("isa", isa_name(cpu.best)).field("levels", levels()).end_object();
  json.key("memory").begin_object().field("bytes", machine.memory_bytes);
  json.field("available_bytes", machine.available_bytes).end_object();
  json.key("noise").begin_object().field("samples", noise.samples).field("median_us", noise.median_us);
  json.field("spread", noise.spread).field("load", machine.load).field("governor", machine.governor).end_object();
  json.key("findings").begin_array();
  for (const Finding& finding : found) {
    json.begin_object().field("problem", finding.problem).field("remedy", finding.remedy).end_object();
  }
  print(json.end_array().end_object().text());
}

std::string cache_text(int64_t bytes) { return bytes > 0 ? bytes_text(bytes) : "unknown"; }

void print_text(const Machine& machine, const Noise& noise, std::span<const Finding> found) {
  const CpuFacts& cpu = cpu_facts();
  std::string names;
  for (const std::string& name : levels()) names += (names.empty() ? "" : " ") + name;
  Table table;
  table.add({"thane", std::string(kVersion)});
  table.add({"cpu", cpu.model});
  table.add({"cores", format("{} usable", cpu.usable_cores)});
  table.add({"instructions", names});
  table.add({"caches", format("L1d {}, L2 {}, L3 {}", cache_text(cpu.l1d_bytes), cache_text(cpu.l2_bytes),
                              cache_text(cpu.l3_bytes))});
  table.add({"memory", format("{}, {} free", bytes_text(machine.memory_bytes), bytes_text(machine.available_bytes))});
  table.add({"noise", format("{:.1f}% over {} equal pieces of work; load {:.1f}", noise.spread * 100, noise.samples,
                             machine.load)});
  std::string text = table.to_string();
  text += found.empty() ? "\nNothing stands in the way.\n" : "\n";
  for (const Finding& finding : found) text += format("! {}\n  {}\n", finding.problem, finding.remedy);
  print(text);
}

}  // namespace

int doctor(const Arguments& arguments) {
  const Machine machine = bench::read_machine();
  const Noise noise = bench::measure_noise(kNoiseMilliseconds);
  const auto found = findings(machine, noise);
  if (arguments.has(kJson))
    print_json(arguments, machine, noise, found);
  else
    print_text(machine, noise, found);
  return kSuccess;
}

}  // namespace thane::cli
