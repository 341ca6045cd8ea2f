#include "formats/torch/script/upgrade.h"

#include <algorithm>

namespace thane::torchscript {
namespace {

bool given(const aten::NamedValues& kwargs, std::string_view name) {
  return std::any_of(kwargs.begin(), kwargs.end(),
                     [&](const auto& k) { return k.first == name && !k.second.is_none(); });
}

Result<bool> is_floating(Machine& machine, const Value& value) {
  if (value.is_float()) return true;
  if (value.is_symbol()) return value.symbol().dtype() == DType::kFloat64;
  if (!value.is_tensor()) return false;
  THANE_ASSIGN(const Edge edge, machine.context().read(value.tensor()));
  return (mask_of(edge.dtype()) & (kFloats | kComplexes)) != 0;
}

// Up to 3: whole numbers divide to whole numbers, rounded towards zero.
Status old_div(Machine& machine, std::vector<Value>& args, aten::NamedValues& kwargs) {
  if (args.size() != 2 || !args[0].is_tensor() || given(kwargs, "rounding_mode")) return ok();
  for (const Value& arg : args) {
    THANE_ASSIGN(const bool floating, is_floating(machine, arg));
    if (floating) return ok();
  }
  kwargs.emplace_back("rounding_mode", Value("trunc"));
  return ok();
}

// Up to 4: the result is float32 unless a type is asked for.
Status old_full(Machine&, std::vector<Value>& args, aten::NamedValues& kwargs) {
  if (args.size() < 2 || given(kwargs, "dtype") || (args.size() > 2 && !args[2].is_none())) return ok();
  if (args[1].is_int()) args[1] = Value(static_cast<double>(args[1].integer()));
  if (args[1].is_bool()) args[1] = Value(args[1].boolean() ? 1.0 : 0.0);
  return ok();
}

// Up to 7 and 8: 100 steps when nobody says how many.
Status old_space(Machine&, std::vector<Value>& args, aten::NamedValues& kwargs) {
  constexpr int64_t kSteps = 100;
  if (args.size() > 2 && args[2].is_none()) args[2] = Value(kSteps);
  const auto none = std::find_if(kwargs.begin(), kwargs.end(), [](const auto& k) { return k.first == "steps"; });
  if (none != kwargs.end() && none->second.is_none()) none->second = Value(kSteps);
  if (args.size() == 2 && none == kwargs.end()) args.emplace_back(kSteps);
  return ok();
}

struct Upgrader {
  std::string_view op;
  int64_t last_version;  // of the old meaning
  Status (*upgrade)(Machine& machine, std::vector<Value>& args, aten::NamedValues& kwargs);
};
// gelu got an argument at 10 whose default is the old meaning.
constexpr Upgrader kUpgraders[] = {{"aten::div", 3, old_div},
                                   {"aten::div_", 3, old_div},
                                   {"aten::full", 4, old_full},
                                   {"aten::linspace", 7, old_space},
                                   {"aten::logspace", 8, old_space}};

}  // namespace

Status upgrade_call(Machine& machine, int64_t version, const std::string& name, std::vector<Value>& args,
                    aten::NamedValues& kwargs) {
  for (const Upgrader& upgrader : kUpgraders) {
    if (upgrader.op == name && version <= upgrader.last_version) return upgrader.upgrade(machine, args, kwargs);
  }
  return ok();
}

}  // namespace thane::torchscript
