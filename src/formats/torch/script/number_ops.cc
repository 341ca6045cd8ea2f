// Comparisons of anything, and the integer arithmetic that shapes are made of. Other arithmetic is ATen's.
#include "base/checked.h"
#include "formats/torch/script/python_ops.h"

namespace thane::torchscript {
namespace number_methods {
namespace {

bool known(const Value& value) {
  return !value.is_tensor() && !value.is_symbol() && !as<Unknown>(value) && !as<Conflict>(value) &&
         !as<GraphList>(value);
}

template <bool kEqual>
PythonResult compare_equal(PythonCall& call) {
  if (call.count() != 2) return not_mine();
  const auto is = equal(call[0], call[1]);
  if (!is) return not_mine();
  return some(*is == kEqual);
}

// Two things are the same one: only ever asked of None, and of enums.
template <bool kSame>
PythonResult identity(PythonCall& call) {
  if (call.count() != 2) return not_mine();
  const bool a = call[0].is_none(), b = call[1].is_none();
  if (a || b) {
    if (as<Unknown>(call[a ? 1 : 0]) || as<Conflict>(call[a ? 1 : 0])) return not_mine();
    return some((a && b) == kSame);
  }
  const auto is = equal(call[0], call[1]);
  if (!is)
    return call[0].is_tensor() && call[1].is_tensor() ? some((call[0].tensor() == call[1].tensor()) == kSame)
                                                      : not_mine();
  return some(*is == kSame);
}

enum class Less { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
template <Less kHow>
PythonResult compare(PythonCall& call) {
  if (call.count() != 2 || !known(call[0]) || !known(call[1])) return not_mine();
  const auto found = order(call[0], call[1]);
  if (!found) return not_mine();
  switch (kHow) {
    case Less::kLess: return some(*found < 0);
    case Less::kLessOrEqual: return some(*found <= 0);
    case Less::kGreater: return some(*found > 0);
    case Less::kGreaterOrEqual: return some(*found >= 0);
  }
  return not_mine();
}

template <std::optional<int64_t> (*kOp)(int64_t, int64_t)>
PythonResult arithmetic(PythonCall& call) {
  if (call.count() != 2 || !call.kwargs.empty() || !call[0].is_int() || !call[1].is_int()) return not_mine();
  const auto result = kOp(call[0].integer(), call[1].integer());
  if (!result) return not_mine();
  return some(*result);
}

PythonResult negate(PythonCall& call) {
  if (call.count() != 1 || !known(call[0])) return not_mine();
  THANE_ASSIGN(const auto truth, call.machine.truth(call[0]));
  if (!truth) return not_mine();
  return some(!*truth);
}

PythonResult to_bool(PythonCall& call) {
  if (call.count() != 1 || !call[0].is_number()) return not_mine();
  THANE_ASSIGN(const auto truth, call.machine.truth(call[0]));
  if (!truth) return not_mine();
  return some(*truth);
}

PythonResult range_length(PythonCall& call) {
  if (call.count() != 3 || !call[0].is_int() || !call[1].is_int() || !call[2].is_int()) return not_mine();
  const int64_t step = call[2].integer();
  if (step == 0) return call.machine.raise("ValueError", "range() arg 3 must not be zero");
  const auto distance = checked_sub(call[1].integer(), call[0].integer());
  if (!distance) return not_mine();
  if (step > 0 ? *distance <= 0 : *distance >= 0) return some(0);
  return some(step > 0 ? 1 + (*distance - 1) / step : 1 + (*distance + 1) / step);
}

PythonResult derive_index(PythonCall& call) {
  if (call.count() != 3 || !call[0].is_int() || !call[1].is_int() || !call[2].is_int()) return not_mine();
  const auto offset = checked_mul(call[0].integer(), call[2].integer());
  const auto index = offset ? checked_add(call[1].integer(), *offset) : std::nullopt;
  if (!index) return not_mine();
  return some(*index);
}

constexpr PythonOp kOps[] = {{"eq", compare_equal<true>},
                             {"ne", compare_equal<false>},
                             {"__is__", identity<true>},
                             {"__isnot__", identity<false>},
                             {"lt", compare<Less::kLess>},
                             {"le", compare<Less::kLessOrEqual>},
                             {"gt", compare<Less::kGreater>},
                             {"ge", compare<Less::kGreaterOrEqual>},
                             {"add", arithmetic<checked_add>},
                             {"sub", arithmetic<checked_sub>},
                             {"mul", arithmetic<checked_mul>},
                             {"__not__", negate},
                             {"Bool", to_bool},
                             {"__range_length", range_length},
                             {"__derive_index", derive_index}};

}  // namespace
}  // namespace number_methods

std::span<const PythonOp> number_ops() { return number_methods::kOps; }

}  // namespace thane::torchscript
