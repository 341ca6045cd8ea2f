// Random numbers, spectra, and the parts of complex numbers.
#include "formats/tflite/builtins.h"

namespace thane::tflite {
namespace generating_ops {
namespace {

template <bool kNormal>
void lower_random(Op& op) {
  const Edge like = op("Expand", {op.scalar(0, DType::kFloat32), op.to_int64(op.raw(0))});
  op.set_raw(0, op(kNormal ? "RandomNormalLike" : "RandomUniformLike", {like}));
}

void lower_multinomial(Op& op) {
  const auto count = op.ints(1);
  if (!count || count->size() != 1) return op.unsupported_form("a count that only running reveals");
  if (!op.wants(0)) return;
  op.set_raw(0, op("Multinomial", {op.raw(0)},
                   {{"sample_size", (*count)[0]}, {"dtype", static_cast<int64_t>(op.result().dtype)}}));
}

// Along the width from reals, then along the height.
void lower_rfft2d(Op& op) {
  const Edge x = op.raw(0), lengths = op.to_int64(op.raw(1));
  const int rank = op.rank(x);
  if (!op.check(rank >= 2, "a transform in two dimensions of something of rank below 2")) return;
  const auto length = [&](int64_t i) {
    return op.reshape(op("Slice", {lengths, op.list({i}), op.list({i + 1})}), Dims{});
  };
  const Edge parts = op("Unsqueeze", {x, op.list({-1})});
  const Edge rows = op("DFT", {parts, length(1), op.number(-2)}, {{"onesided", int64_t{1}}});
  op.set_raw(0, op.own("ViewAsComplex", {op("DFT", {rows, length(0), op.number(-3)})}));
}

Edge part(Op& op, int64_t i) {
  return op("Gather", {op.own("ViewAsReal", {op.raw(0)}), op.number(i)}, {{"axis", int64_t{-1}}});
}
template <int64_t kPart>
void lower_part(Op& op) {
  op.set_raw(0, part(op, kPart));
}
void lower_complex_abs(Op& op) {
  op.set_raw(0, op("ReduceL2", {op.own("ViewAsReal", {op.raw(0)}), op.list({-1})}, {{"keepdims", int64_t{0}}}));
}

constexpr Builtin kRows[] = {
    {131, "RFFT2D", 0, lower_rfft2d},
    {133, "IMAG", 0, lower_part<1>},
    {134, "REAL", 0, lower_part<0>},
    {135, "COMPLEX_ABS", 0, lower_complex_abs},
    {146, "RANDOM_STANDARD_NORMAL", 114, lower_random<true>},
    {148, "RANDOM_UNIFORM", 114, lower_random<false>},
    {149, "MULTINOMIAL", 114, lower_multinomial},
};

}  // namespace
}  // namespace generating_ops

std::span<const Builtin> generating_builtins() { return generating_ops::kRows; }

}  // namespace thane::tflite
