// Random numbers. Their distribution is TensorFlow's; the numbers are not.
#include <cmath>

#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace random_ops {
namespace {

// Zeros of the shape that input 0 holds, for the …Like ops.
Edge zeros(Call& call, DType type) { return call.emit("Expand", {call.number(0, type), call.to_int64(call.in(0))}); }
DType float_type(const Call& call) { return call.type("dtype", DType::kFloat32); }

Edge uniform_like(Call& call, const Edge& shape, DType type, double low, double high) {
  return call.emit(
      "RandomUniformLike", {shape},
      {{"dtype", static_cast<int64_t>(type)}, {"low", static_cast<float>(low)}, {"high", static_cast<float>(high)}});
}
Edge normal_like(Call& call, const Edge& shape, DType type) {
  return call.emit("RandomNormalLike", {shape}, {{"dtype", static_cast<int64_t>(type)}});
}

void uniform(Call& call) { call.out(uniform_like(call, zeros(call, float_type(call)), float_type(call), 0, 1)); }
void normal(Call& call) { call.out(normal_like(call, zeros(call, float_type(call)), float_type(call))); }
void truncated_normal(Call& call) {
  // Through the inverse of the distribution function, between -2 and 2.
  const DType type = float_type(call);
  const double tail = 0.5 * std::erfc(2 / std::sqrt(2.0));
  const Edge u = uniform_like(call, zeros(call, type), type, tail, 1 - tail);
  call.out(call.own("NdtrI", {u}));
}
// Integers in [low, high), which are the inputs from `first` on.
void integers(Call& call, size_t first) {
  const DType type = call.type("Tout", call.type("dtype", DType::kInt32));
  const Edge low = call.cast(call.in(first), DType::kFloat64), high = call.cast(call.in(first + 1), DType::kFloat64);
  const Edge u = uniform_like(call, zeros(call, DType::kFloat64), DType::kFloat64, 0, 1);
  const Edge value = call.emit("Floor", {call.add(low, call.mul(u, call.sub(high, low)))});
  call.out(call.cast(call.emit("Min", {value, call.sub(high, call.like(1, high))}), type));
}
void uniform_int(Call& call) { integers(call, 1); }
void stateless_uniform_int(Call& call) { integers(call, call.size() - 2); }

void multinomial(Call& call) {
  const int64_t samples = call.need_int(1);
  const DType type = call.type("output_dtype", DType::kInt64);
  const Edge logits = call.cast(call.in(0), DType::kFloat32);
  const Edge y = call.emit("Multinomial", {logits},
                           {{"dtype", static_cast<int64_t>(type == DType::kInt32 ? DType::kInt32 : DType::kInt64)},
                            {"sample_size", samples}});
  call.out(call.cast(y, type));
}

void shuffle(Call& call) {
  const Edge x = call.in(0);
  const Edge length = call.dim_of(x, 0);
  const Edge keys =
      uniform_like(call, call.emit("Expand", {call.number(0, DType::kFloat32), length}), DType::kFloat32, 0, 1);
  call.out(call.gather(x, call.emit_many("TopK", {keys, length}, 2)[1], 0));
}

void seed_words(Call& call) {
  for (size_t i = 0; i < 3; ++i) {
    call.out(i, i < 2 ? call.constant(Tensor::must_allocate(DType::kUInt64, {static_cast<int64_t>(i + 1)}))
                      : call.number(1, DType::kInt32));
  }
}
void algorithm(Call& call) { call.out(call.number(1, DType::kInt32)); }

constexpr OpRow kRows[] = {
    {"RandomUniform", uniform},
    {"StatelessRandomUniform", uniform},
    {"StatelessRandomUniformV2", uniform},
    {"StatefulUniform", uniform},
    {"RandomStandardNormal", normal},
    {"StatelessRandomNormal", normal},
    {"StatelessRandomNormalV2", normal},
    {"TruncatedNormal", truncated_normal},
    {"StatelessTruncatedNormal", truncated_normal},
    {"StatelessTruncatedNormalV2", truncated_normal},
    {"RandomUniformInt", uniform_int},
    {"StatelessRandomUniformInt", stateless_uniform_int},
    {"StatelessRandomUniformIntV2", stateless_uniform_int},
    {"Multinomial", multinomial},
    {"StatelessMultinomial", multinomial},
    {"RandomShuffle", shuffle},
    {"StatelessRandomGetKeyCounter", seed_words},
    {"StatelessRandomGetKeyCounterAlg", seed_words},
    {"StatelessRandomGetAlg", algorithm},
};

}  // namespace
}  // namespace random_ops

std::span<const OpRow> random_rows() { return random_ops::kRows; }

}  // namespace thane::tensorflow
